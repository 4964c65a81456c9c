//! What a store holds.

use crate::secret::Secret;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A credential with its true expiry.
#[derive(Debug, Clone)]
pub struct Entry {
    pub value: Secret,
    /// From now on; counted by the store itself, so that the clocks of replicas do not matter.
    pub remaining: Duration,
    /// As DingTalk gave it.
    pub lifetime: Duration,
}

/// That sessions ended before their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Whose (the names in the store are those of the first version): a session, a person or a corporation, by a name that [`crate::session`] gives it.
    #[serde(rename = "of")]
    pub subject: String,
    /// Those that began up to then are over; milliseconds since 1970.
    #[serde(rename = "up_to_ms")]
    pub not_before_ms: u64,
    /// When the last of them has expired anyway and this may be forgotten; seconds since 1970.
    #[serde(rename = "until")]
    pub expires_at: u64,
}

/// An entry as it is kept: the value and what DingTalk said of its life.
#[derive(Serialize, Deserialize)]
pub struct Kept {
    pub value: String,
    lifetime_ms: u64,
}

impl Kept {
    pub fn of(entry: &Entry) -> Self {
        Self { value: entry.value.expose().to_owned(), lifetime_ms: millis(entry.lifetime) }
    }

    pub fn entry(self, remaining: Duration) -> Entry {
        let lifetime = Duration::from_millis(self.lifetime_ms);
        // Not longer, where it was written while the clock was ahead.
        Entry { value: Secret::new(self.value), remaining: remaining.min(lifetime), lifetime }
    }
}

pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
