//! Keeps this process told of the sessions that ended elsewhere, or before it started.
//!
//! Whenever the store was out of reach, everything is read again and what the store has lost is written again, so that
//! neither an outage nor a failover to an older copy brings a session back.

use super::revocation::Revocations;
use crate::clock::seconds;
use crate::store::{RevocationStream, Store, StoreError};
use crate::telemetry;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime};

/// A Redis that is back is heard of well within the two seconds in which a logout is to be seen everywhere.
const RETRY: Duration = Duration::from_millis(500);
/// So often at most the log tells of a connection that was replaced.
const SELDOM: Duration = Duration::from_secs(60);
/// What is written again at once; a few of these take no longer than one.
const AT_ONCE: usize = 500;

pub(super) struct RevocationSync {
    pub store: Arc<Store>,
    /// Gone when the server has stopped.
    pub revocations: Weak<Revocations>,
    /// How long the store keeps what it is told.
    pub keep: Duration,
    pub is_behind: Arc<AtomicBool>,
}

impl RevocationSync {
    /// Learns what is recorded, then listens in a task of its own. A store that does not answer is followed later.
    pub async fn start(self) {
        let caught_up = self.catch_up().await;
        tokio::spawn(self.follow(caught_up));
    }

    async fn catch_up(&self) -> Result<Option<RevocationStream>, StoreError> {
        let (recorded, feed) = self.store.follow().await?;
        let Some(revocations) = self.revocations.upgrade() else { return Ok(None) };
        let lost = revocations.reconcile(recorded, seconds(SystemTime::now()));
        for endings in lost.chunks(AT_ONCE) {
            self.store.record(endings, self.keep).await?;
        }
        Ok(feed)
    }

    async fn follow(self, mut caught_up: Result<Option<RevocationStream>, StoreError>) {
        let mut since = Instant::now();
        let mut log_state = LogState::default();
        loop {
            match caught_up {
                // A store for one process has nothing more to tell.
                Ok(None) => return,
                Ok(Some(feed)) => {
                    log_state.is_heard();
                    self.is_behind.store(false, Ordering::Relaxed);
                    telemetry::revocation_lag(Duration::ZERO);
                    if self.listen(feed).await.is_none() {
                        return;
                    }
                    since = Instant::now();
                    self.is_behind.store(true, Ordering::Relaxed);
                    telemetry::store_error("follow");
                }
                Err(error) => {
                    self.is_behind.store(true, Ordering::Relaxed);
                    log_state.fails(&error);
                    telemetry::store_error("follow");
                    tokio::time::sleep(RETRY).await;
                }
            }
            telemetry::revocation_lag(since.elapsed());
            caught_up = self.catch_up().await;
        }
    }

    /// Takes note of all that comes, until the store fails. None where the server has stopped.
    async fn listen(&self, mut feed: RevocationStream) -> Option<StoreError> {
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

/// What the log has said of a store that others share, so that it says each change once.
#[derive(Default)]
struct LogState {
    has_failed: bool,
    was_heard: bool,
    replaced: Option<Instant>,
}

impl LogState {
    fn fails(&mut self, error: &StoreError) {
        if !mem::replace(&mut self.has_failed, true) {
            tracing::warn!(
                %error,
                "the store fails: going on from process memory; logouts elsewhere are not heard of until it is back"
            );
        }
    }

    fn is_heard(&mut self) {
        let is_again = mem::replace(&mut self.was_heard, true);
        if mem::take(&mut self.has_failed) {
            tracing::info!("the store is back: logouts elsewhere are heard of again");
        } else if is_again && self.replaced.is_none_or(|last| last.elapsed() >= SELDOM) {
            self.replaced = Some(Instant::now());
            tracing::info!(
                "the connection to the store was lost and replaced; between the two, logouts elsewhere are not heard of"
            );
        }
    }
}
