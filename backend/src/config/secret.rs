//! Reading secrets from where operators keep them.

use super::reader::Place;
use super::value::utf8;
use crate::secret::{Secret, SessionKey};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use toml::Value;

/// Reads a secret: a string, `{ env = "NAME" }` or `{ file = "path" }`. The remedy names the source, never the content.
pub fn secret(place: Place<'_>) -> impl Fn(Value) -> Result<Secret, String> {
    move |value| {
        let text = match value {
            Value::String(text) => {
                place.inline_secret();
                text
            }
            Value::Table(table) => from_source(&table, &place)?,
            _ => return Err(SHAPE.into()),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        let is_something = |c: char| (c.is_ascii_graphic() || c.is_alphanumeric()) && !is_quote(c);
        if !text.contains(is_something) {
            return Err("is empty; put the secret there".into());
        }
        warn_of_oddities(text, &place);
        Ok(Secret::new(text))
    }
}

/// Editors, shells and forms add what no secret has, and DingTalk then only says that the secret is wrong.
fn warn_of_oddities(text: &str, place: &Place<'_>) {
    let is_blank_at_end = text.trim() != text;
    let is_quoted = text.starts_with(is_quote) || text.ends_with(is_quote);
    let has_bom = text.contains('\u{feff}');
    let has_lines = text.contains(['\r', '\n']);
    let inner = text.trim().trim_matches(is_quote);
    let has_others = inner.chars().any(|c| !c.is_ascii_graphic() && !"\r\n\u{feff}".contains(c));
    for (is_odd, oddity) in [
        (has_bom, "a byte order mark (BOM); save it as UTF-8 without one"),
        (is_blank_at_end, "a blank at its beginning or end; remove it"),
        (is_quoted, "a quotation mark at its beginning or end; remove it"),
        (has_lines, "more than one line; only a newline at the end is dropped"),
        (is_placeholder(inner), "the look of a placeholder or of a whole line; put the secret itself there"),
        (has_others, "a character in it that is no letter, digit or sign of ASCII; remove it"),
    ] {
        if is_odd {
            place.warn(format!("has {oddity}"));
        }
    }
}

/// `${SECRET}`, `$SECRET`, `<secret>`, `***`; `secret,`; `CHANNEL_SECRET=secret`.
fn is_placeholder(text: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_variable = text.strip_prefix('$').is_some_and(|name| is_name(name.trim_matches(['{', '}', '$'])));
    let is_line = text.split_once('=').is_some_and(|(name, value)| {
        let ends = |end| name.trim().to_ascii_lowercase().ends_with(end);
        is_name(name.trim())
            && !value.trim_matches('=').is_empty()
            && ["secret", "key", "token", "password"].into_iter().any(ends)
    });
    let is_slot = text.starts_with('<') && text.ends_with('>') || text.trim_matches('*').is_empty();
    is_variable || is_line || is_slot || text.ends_with([',', ';'])
}

/// Of every script that editors and input methods use.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '´' | '«' | '»' | '‘'..='‟' | '‹' | '›' | '「'..='』' | '〝'..='〟' | '＂' | '＇' | '｢' | '｣')
}

/// Reads a key of 32 random bytes in base64.
pub fn session_key(place: Place<'_>) -> impl Fn(Value) -> Result<SessionKey, String> {
    let key = secret(place.clone());
    move |value| {
        let key = SessionKey::new(&key(value)?)
            .ok_or("must be 32 random bytes in base64, as `openssl rand -base64 32` prints")?;
        if !looks_random(key.expose()) {
            place.warn("is not random, so others can guess it; use what `openssl rand -base64 32` prints");
        }
        Ok(key)
    }
}

/// Of 32 random bytes hardly three are alike, and so are the steps between them; text has no byte beyond ASCII. A key that
/// is random fails this less than once in 10¹³ times.
pub fn looks_random(bytes: &[u8]) -> bool {
    let values: BTreeSet<u8> = bytes.iter().copied().collect();
    let steps: BTreeSet<u8> = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    values.len() > 16 && steps.len() > 16 && !bytes.iter().all(u8::is_ascii)
}

/// The remedy for a file that holds secrets.
pub const CLOSE_IT: &str = "chmod 600 it (in Kubernetes: defaultMode: 0440 of the volume, and fsGroup)";

const SHAPE: &str = "must be a string, { env = \"NAME\" } or { file = \"path\" }";

fn from_source(table: &toml::Table, place: &Place<'_>) -> Result<String, String> {
    let mut entries = table.iter();
    let (Some((source, Value::String(name))), None) = (entries.next(), entries.next()) else {
        return Err(SHAPE.into());
    };
    match source.as_str() {
        "env" => {
            place.is_in(name);
            let value = std::env::var_os(name).ok_or_else(|| {
                format!("the environment variable {name} is not set; export it or use {{ file = … }}")
            })?;
            value.into_string().map_err(|_| format!("the environment variable {name} is not UTF-8 text"))
        }
        "file" => {
            let bytes = std::fs::read(name).map_err(|e| {
                format!("the file {name} cannot be read ({}); create it readable for this user", e.kind())
            })?;
            if is_open_to_others(name.as_ref()) {
                place.warn(format!(
                    "every user of this machine may read or write the file {name}: {CLOSE_IT}"
                ));
            }
            utf8(bytes).map_err(|remedy| format!("the file {name} {remedy}"))
        }
        _ => Err(SHAPE.into()),
    }
}

/// Whether users beside the owner and the group may read or write the file.
pub fn is_open_to_others(path: &std::path::Path) -> bool {
    const OTHERS: u32 = 0o006;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS != 0)
}

#[cfg(test)]
mod tests;
