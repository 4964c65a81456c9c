//! The circuit breaker for a platform's ban of our address, and for that alone: calls during the ban would prolong nothing
//! but the wait, and every other failure is better answered by trying.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Shared by all calls, because the ban concerns the address and not an application.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// `platform` has banned us for `pause`.
    pub fn open(&self, platform: &str, pause: Duration) {
        let seconds = pause.as_secs();
        tracing::error!(seconds, "{platform} has banned this server's address: no calls until it ends");
        *self.until.lock() = Some(Instant::now() + pause);
    }

    /// How long the ban still lasts.
    pub fn remaining(&self) -> Option<Duration> {
        let until = *self.until.lock();
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_ban_ends_by_itself() {
        let ban = Breaker::default();
        assert_eq!(ban.remaining(), None);
        ban.open("a platform", Duration::from_secs(300));
        tokio::time::advance(Duration::from_secs(299)).await;
        assert_eq!(ban.remaining(), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(ban.remaining(), None);
    }
}
