//! The pushes to suites that were followed, as digests, with what was answered.

use super::{Push, WINDOW};
use crate::apps::Suite;
use crate::recent::memory;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Twice the window in which a push is genuine: it reaches as far into the future as into the past.
const PUSH_MEMORY: Duration = WINDOW.saturating_mul(2);

pub struct Pushes(Cache<[u8; 32], String>);

impl Default for Pushes {
    fn default() -> Self {
        Self(memory(PUSH_MEMORY))
    }
}

impl Pushes {
    /// What the identical push was answered.
    pub fn answered(&self, suite: &Suite, push: &Push<'_>) -> Option<String> {
        self.0.get(&Self::digest(suite, push))
    }

    pub fn remember(&self, suite: &Suite, push: &Push<'_>, answer: String) {
        self.0.insert(Self::digest(suite, push), answer);
    }

    /// The signature is over everything else, so that it names the push.
    fn digest(suite: &Suite, push: &Push<'_>) -> [u8; 32] {
        Sha256::digest(format!("{}/{}/{}", suite.name, push.signature, push.encrypt)).into()
    }
}
