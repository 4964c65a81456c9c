//! The simulator's own clock: it runs like the machine's, and can be put forward.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment, in milliseconds since 1970 by the simulator's clock.
pub type Millis = u64;

#[derive(Default)]
pub struct Clock {
    advanced: Duration,
}

impl Clock {
    pub fn now(&self) -> Millis {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from((real + self.advanced).as_millis()).unwrap_or(u64::MAX)
    }

    pub fn advance(&mut self, seconds: u64) {
        self.advanced = self.advanced.saturating_add(Duration::from_secs(seconds));
    }

    pub fn advanced_seconds(&self) -> u64 {
        self.advanced.as_secs()
    }
}

/// The moment `seconds` after `now`.
pub fn after(now: Millis, seconds: u64) -> Millis {
    now.saturating_add(seconds.saturating_mul(1000))
}
