//! Where tokens and tickets outlive a process: a file of our own, a Redis that replicas share, or nowhere.
//!
//! What is read here every day stays in process memory ([`crate::dingtalk`]); the store is asked only where a credential
//! is missing there. A store that fails is therefore never fatal: the caller goes on alone.

mod durable;
mod embedded;
mod redis;

use crate::config::{self};
use crate::secret::Secret;
use crate::telemetry;
use embedded::Embedded;
use parking_lot::Mutex;
use redis::Redis;
pub use redis::RevocationStream;
use serde::{Deserialize, Serialize};
use std::future::Future;
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

/// The right to fetch a credential. Elsewhere it is granted to one at a time.
#[derive(Debug)]
pub struct Lock {
    /// Names the holder, so that nobody releases or overwrites what is another's by now.
    token: String,
}

/// Why a store did not answer. Carries no value and no password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store did not answer in time")]
    Timeout,
    #[error("redis: {said}{remedy}", said = in_one_line(.0), remedy = redis::remedy(.0))]
    Redis(::redis::RedisError),
    #[error("the connection was lost")]
    Lost,
    #[error("embedded store: {said}", said = in_one_line(.0))]
    Embedded(#[from] redb::Error),
    #[error("the store holds something that is not ours")]
    Unreadable,
    #[error("the store's own thread failed: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// By hand, so that the error is no `source` as well, whose words the log would repeat.
impl From<::redis::RedisError> for StoreError {
    fn from(error: ::redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

/// A line of the log is one line.
fn in_one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

enum Backend {
    Memory(durable::InProcess),
    Embedded(Embedded),
    Redis(Box<Redis>),
}

/// A store of one of the kinds that `[store] url` names.
pub struct Store {
    backend: Backend,
    /// What an embedded store failed to do.
    failing: Mutex<Option<&'static str>>,
}

/// A store answers in a millisecond, and one that is gone refuses at once. Only one that swallows what it gets costs
/// this much, and giving up on a slow one too early would cost DingTalk a second fetch.
const PATIENCE: Duration = Duration::from_secs(2);
/// What a call may take beyond that, on another connection.
const SECOND_TRY: Duration = Duration::from_secs(1);
/// The operations that always write.
const WRITES: [&str; 3] = ["write", "record", "durable_put"];

impl Store {
    /// Opens the store that the configuration names. A Redis that is down now is connected to later.
    ///
    /// # Errors
    /// A file that cannot be opened, an address that is none, or a Redis that can never serve as it is.
    pub async fn open(store: &config::Store, state_dir: &str) -> anyhow::Result<Self> {
        let backend = match store {
            config::Store::Memory => Backend::Memory(durable::InProcess::default()),
            config::Store::Embedded => Backend::Embedded(Embedded::open(state_dir)?),
            config::Store::Redis(url) => Backend::Redis(Box::new(Redis::open(url.expose()).await?)),
        };
        Ok(Self { backend, failing: Mutex::default() })
    }

    /// A store that keeps nothing beyond the process.
    #[must_use]
    #[cfg(any(test, fuzzing))]
    pub fn memory() -> Self {
        Self { backend: Backend::Memory(durable::InProcess::default()), failing: Mutex::default() }
    }

    /// True while it fails.
    pub fn is_degraded(&self) -> bool {
        match &self.backend {
            Backend::Redis(store) => store.link.is_down(),
            _ => self.failing.lock().is_some(),
        }
    }

    /// The entry of `key`, if it has not expired.
    pub async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.watch("read", async {
            match &self.backend {
                Backend::Memory(_) => Ok(None),
                Backend::Embedded(store) => store.read(key).await,
                Backend::Redis(store) => store.read(key).await,
            }
        })
        .await
    }

    /// Tries to become the one who fetches `key`; the right ends by itself after `lifetime`.
    pub async fn lock(&self, key: &str, lifetime: Duration) -> Result<Option<Lock>, StoreError> {
        let lock = Lock { token: crate::secret::random_hex() };
        let granted = self.watch("lock", async {
            match &self.backend {
                // One process: its own single flight has granted it already.
                Backend::Memory(_) | Backend::Embedded(_) => Ok(true),
                Backend::Redis(store) => store.lock(key, &lock.token, lifetime).await,
            }
        });
        Ok(granted.await?.then_some(lock))
    }

    /// Writes `entry` and gives the lock back, in one step, if the lock is still ours. Says whether it was.
    pub async fn write(&self, key: &str, entry: &Entry, lock: &Lock) -> Result<bool, StoreError> {
        self.watch("write", async {
            match &self.backend {
                Backend::Memory(_) => Ok(true),
                Backend::Embedded(store) => store.write(key, entry).await.map(|()| true),
                Backend::Redis(store) => store.write(key, entry, &lock.token).await,
            }
        })
        .await
    }

    /// Gives the lock back if it is still ours.
    pub async fn unlock(&self, key: &str, lock: &Lock) -> Result<(), StoreError> {
        self.watch("unlock", async {
            match &self.backend {
                Backend::Memory(_) | Backend::Embedded(_) => Ok(()),
                Backend::Redis(store) => store.unlock(key, &lock.token).await,
            }
        })
        .await
    }

    /// Removes the entry of `key` if it still holds `rejected`.
    pub async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        self.watch("remove", async {
            match &self.backend {
                Backend::Memory(_) => Ok(()),
                Backend::Embedded(store) => store.remove_if(key, rejected).await,
                Backend::Redis(store) => store.remove_if(key, rejected).await,
            }
        })
        .await
    }

    /// Removes the entry of `key`, whatever it holds.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.watch("remove", async {
            match &self.backend {
                Backend::Memory(_) => Ok(()),
                Backend::Embedded(store) => store.remove(key).await,
                Backend::Redis(store) => store.remove(key).await,
            }
        })
        .await
    }

    /// The secret of `key` that lasts: the one that is there, else `made`, which is kept for every replica and restart.
    pub async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        self.watch("keep", async {
            match &self.backend {
                Backend::Memory(_) => Ok(made),
                Backend::Embedded(store) => store.keep(key, made).await,
                Backend::Redis(store) => store.keep(key, made).await,
            }
        })
        .await
    }

    /// Records ends of sessions for every replica and restart, to be kept for `keep`.
    pub async fn record(&self, endings: &[Revocation], keep: Duration) -> Result<(), StoreError> {
        self.watch("record", async {
            match &self.backend {
                Backend::Memory(_) => Ok(()),
                Backend::Embedded(store) => store.record(endings, keep).await,
                Backend::Redis(store) => store.record(endings, keep).await,
            }
        })
        .await
    }

    /// All ends that are recorded and, where others may record some, the feed of what comes after. Takes as long as it
    /// takes; each question is bounded in time.
    pub async fn follow(&self) -> Result<(Vec<Revocation>, Option<RevocationStream>), StoreError> {
        match &self.backend {
            Backend::Memory(_) => Ok((Vec::new(), None)),
            Backend::Embedded(store) => Ok((store.endings().await?, None)),
            Backend::Redis(store) => store.follow().await.map(|(endings, feed)| (endings, Some(feed))),
        }
    }

    /// Bounds one call in time, counts its failure, and says once that the store is gone and once that it is back.
    async fn watch<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let outcome =
            tokio::time::timeout(PATIENCE + SECOND_TRY, call).await.unwrap_or(Err(StoreError::Timeout));
        if outcome.is_err() {
            telemetry::store_error(operation);
        }
        // Of a Redis the connection tells, and the follower says so.
        if let Backend::Embedded(_) = &self.backend {
            self.tell(operation, outcome.as_ref().err());
        }
        outcome
    }

    /// A full disk still reads: it is back where what failed works, or where something was written.
    fn tell(&self, operation: &'static str, error: Option<&StoreError>) {
        let mut failing = self.failing.lock();
        match (error, *failing) {
            (Some(error), None) => {
                tracing::warn!(%error, operation, "the store fails: going on from process memory");
                *failing = Some(operation);
            }
            (None, Some(failed)) if failed == operation || WRITES.contains(&operation) => {
                tracing::info!("the store is back");
                *failing = None;
            }
            _ => {}
        }
    }
}

/// An entry as it is kept: the value and what DingTalk said of its life.
#[derive(Serialize, Deserialize)]
struct Kept {
    value: String,
    lifetime_ms: u64,
}

impl Kept {
    fn of(entry: &Entry) -> Self {
        Self { value: entry.value.expose().to_owned(), lifetime_ms: millis(entry.lifetime) }
    }

    fn entry(self, remaining: Duration) -> Entry {
        let lifetime = Duration::from_millis(self.lifetime_ms);
        // Not longer, where it was written while the clock was ahead.
        Entry { value: Secret::new(self.value), remaining: remaining.min(lifetime), lifetime }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
