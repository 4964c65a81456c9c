//! Keeps this process told of the sessions that ended elsewhere, or before it started.
//!
//! Whenever the store was out of reach, everything is read again and what the store has lost is written again, so that
//! neither an outage nor a failover to an older copy brings a session back.

use super::revocation::Revocations;
use super::seconds;
use crate::store::{Feed, Store, StoreError};
use crate::telemetry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

/// A Redis that is back is heard of well within the two seconds in which a logout is to be seen everywhere.
const RETRY: Duration = Duration::from_millis(500);
/// What is written again at once; a few of these take no longer than one.
const AT_ONCE: usize = 500;

pub(super) struct Follower {
    pub store: Arc<Store>,
    /// Gone when nobody serves any more.
    pub revocations: Weak<Revocations>,
    /// How long the store keeps what it is told.
    pub keep: Duration,
    pub is_behind: Arc<AtomicBool>,
}

impl Follower {
    /// Learns what is recorded, then listens in a task of its own. A store that does not answer is followed later.
    pub async fn start(self) {
        let caught_up = self.catch_up().await;
        tokio::spawn(self.follow(caught_up));
    }

    async fn catch_up(&self) -> Result<Option<Feed>, StoreError> {
        let (recorded, feed) = self.store.follow().await?;
        let Some(revocations) = self.revocations.upgrade() else { return Ok(None) };
        let lost = revocations.reconcile(recorded, seconds(SystemTime::now()));
        for endings in lost.chunks(AT_ONCE) {
            self.store.record(endings, self.keep).await?;
        }
        Ok(feed)
    }

    async fn follow(self, mut caught_up: Result<Option<Feed>, StoreError>) {
        let mut since = Instant::now();
        loop {
            let error = match caught_up {
                Ok(feed) => {
                    if self.is_behind.swap(false, Ordering::Relaxed) {
                        tracing::info!("logouts elsewhere are heard of again");
                    }
                    telemetry::behind(Duration::ZERO);
                    // A store for one process has nothing more to tell.
                    let Some(feed) = feed else { return };
                    let Some(error) = self.listen(feed).await else { return };
                    since = Instant::now();
                    error
                }
                Err(error) => error,
            };
            telemetry::store_error("follow");
            telemetry::behind(since.elapsed());
            if !self.is_behind.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "logouts elsewhere are not heard of until the store is back");
            }
            tokio::time::sleep(RETRY).await;
            caught_up = self.catch_up().await;
        }
    }

    /// Takes note of all that comes, until the store fails. None where nobody serves any more.
    async fn listen(&self, mut feed: Feed) -> Option<StoreError> {
        loop {
            let endings = match feed.next().await {
                Ok(endings) => endings,
                Err(error) => return Some(error),
            };
            let revocations = self.revocations.upgrade()?;
            for ending in endings {
                revocations.learn(ending, seconds(SystemTime::now()));
            }
        }
    }
}
