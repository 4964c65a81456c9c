//! `[store]`: where tokens and tickets are kept.

use super::reader::{Place, Section};
use super::secret::secret;
use crate::secret::Secret;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use toml::Value;

/// Where tokens and tickets are kept.
#[derive(Debug, Clone)]
pub enum Store {
    /// In this process only.
    Memory,
    /// In a file under `state_dir`.
    Embedded,
    /// In a Redis that replicas share. A secret, because the URL may carry a password.
    Redis(Secret),
}

impl Serialize for Store {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let url = match self {
            Store::Memory => "memory:",
            Store::Embedded => "embedded:",
            Store::Redis(url) if url.expose().starts_with("rediss:") => "rediss://***",
            Store::Redis(_) => "redis://***",
        };
        let mut section = serializer.serialize_struct("Store", 1)?;
        section.serialize_field("url", url)?;
        section.end()
    }
}

impl Store {
    /// Reads the section; without it the store is a file.
    pub fn read(mut s: Section<'_>) -> Self {
        let store = s.optional("url", store_url(s.place("url"))).unwrap_or(Store::Embedded);
        s.finish();
        store
    }
}

fn store_url(place: Place<'_>) -> impl Fn(Value) -> Result<Store, String> {
    let secret = secret(place);
    move |value| {
        let url = match value {
            Value::String(text) if !text.contains('@') => Secret::new(text),
            value => secret(value)?,
        };
        match url.expose() {
            "memory:" => Ok(Store::Memory),
            "embedded:" => Ok(Store::Embedded),
            // Of a password that begins after a sign that is not encoded, nothing is repeated.
            text if text.contains('#') => Err("must not have a # in it: a # in a password is %23, and #insecure, which \
                                               believes any certificate, is not supported: name your CA in SSL_CERT_FILE"
                .into()),
            text if redis::Client::open(text).is_ok() => Ok(Store::Redis(url)),
            _ => Err("must be \"embedded:\", \"memory:\", \"redis://host:6379/0\" or \"rediss://…\"; in a password, signs \
                      such as @ : / ? # % are percent-encoded (%40 for @)"
                .into()),
        }
    }
}
