//! The codes that were sent to a platform, as digests: a second use is answered here.

use crate::apps::App;
use crate::recent::FirstUses;
use miandeng_shared::AuthCode;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Twice a code's life: the platforms themselves refuse it after five minutes.
const CODE_MEMORY: Duration = Duration::from_secs(600);

pub struct UsedCodes(FirstUses<[u8; 32]>);

impl Default for UsedCodes {
    fn default() -> Self {
        Self(FirstUses::new(CODE_MEMORY))
    }
}

impl UsedCodes {
    /// Marks the code as used; false if it already was.
    pub fn first_use(&self, app: &App, code: &AuthCode) -> bool {
        self.0.is_first(Sha256::digest(format!("{}/{}", app.id, code.as_str())).into())
    }
}
