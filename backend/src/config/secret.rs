//! Secrets: typed so that they cannot be printed, and read from where operators keep them.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;
use toml::Value;

/// A secret of the configuration. `Debug` and `Serialize` show a mask; only [`Secret::expose`] gives it away.
/// Clones share it, because tokens and tickets go into every request.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(text.into())))
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

/// Reads a secret: a string, `{ env = "NAME" }` or `{ file = "path" }`. The remedy names the source, never the content.
pub fn secret(value: Value) -> Result<Secret, String> {
    let text = match value {
        Value::String(text) => text,
        Value::Table(table) => from_source(&table)?,
        _ => return Err(SHAPE.into()),
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() { Err("is empty; put the secret there".into()) } else { Ok(Secret::new(text)) }
}

const SHAPE: &str = "must be a string, { env = \"NAME\" } or { file = \"path\" }";

fn from_source(table: &toml::Table) -> Result<String, String> {
    let mut entries = table.iter();
    let (Some((source, Value::String(name))), None) = (entries.next(), entries.next()) else {
        return Err(SHAPE.into());
    };
    match source.as_str() {
        "env" => std::env::var(name).map_err(|_| {
            format!("the environment variable {name} is not set; export it or use {{ file = … }}")
        }),
        "file" => std::fs::read_to_string(name).map_err(|e| {
            format!("the file {name} cannot be read ({}); create it readable for this user", e.kind())
        }),
        _ => Err(SHAPE.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = secret(Value::String("planted-secret\n".into())).unwrap();
        assert_eq!(secret.expose(), "planted-secret");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
    }

    #[test]
    fn a_missing_source_is_named() {
        let from =
            |text: &str| secret(text.parse::<toml::Table>().unwrap().remove("s").unwrap()).unwrap_err();
        assert!(from("s = { env = \"MIANDENG_NO_SUCH\" }").contains("MIANDENG_NO_SUCH"));
        assert!(from("s = { file = \"/no/such\" }").contains("/no/such"));
        assert!(from("s = { env = \"A\", file = \"b\" }").contains("must be"));
        assert!(from("s = 7").contains("must be"));
        assert!(from("s = \" \"").contains("empty"));
    }
}
