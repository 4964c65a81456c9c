//! `[session]`: how long and under which keys people stay logged in.

use super::reader::Section;
use super::secret::session_key;
use super::value::{duration, indexed};
use super::written;
use crate::secret::SessionKey;
use serde::Serialize;
use std::time::Duration;

/// How long and under which keys people stay logged in.
#[derive(Debug, Serialize)]
pub struct Session {
    #[serde(serialize_with = "written::duration")]
    pub ttl: Duration,
    /// 32 random bytes, base64. Without it one is made and kept in the store, for all replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<SessionKey>,
    pub previous_keys: Vec<SessionKey>,
}

impl Session {
    /// Reads the section; what is missing has its default.
    pub fn read(mut s: Section<'_>) -> Self {
        let ttl = s.optional("ttl", duration).unwrap_or(Duration::from_secs(12 * 60 * 60));
        let key = s.optional("key", session_key(s.place("key")));
        let place = s.place("previous_keys");
        let previous_keys = indexed(|i, value| session_key(place.at(i))(value));
        let previous_keys = s.optional("previous_keys", previous_keys).unwrap_or_default();
        s.finish();
        Session { ttl, key, previous_keys }
    }
}
