//! Where tokens and tickets outlive a process: a file of our own, a Redis that replicas share, or nowhere.
//!
//! What is read here every day stays in process memory ([`crate::dingtalk`]); the store is asked only where a credential
//! is missing there. A store that fails is therefore never fatal: the caller goes on alone.

mod durable;
mod embedded;
mod entry;
mod error;
mod memory;
mod redis;

use crate::config::{self};
use crate::secret::Secret;
use crate::telemetry;
use embedded::Embedded;
pub use entry::{Entry, Revocation};
pub use error::StoreError;
use memory::InMemory;
use parking_lot::Mutex;
pub use redis::RevocationStream;
use redis::{PATIENCE, Redis};
use std::future::Future;
use std::time::Duration;

/// The right to fetch a credential. Elsewhere it is granted to one at a time.
#[derive(Debug)]
pub struct Lock {
    /// Names the holder, so that no process releases or overwrites what is another's by now.
    token: String,
}

enum Backend {
    Memory(InMemory),
    Embedded(Embedded),
    Redis(Box<Redis>),
}

/// A store of one of the kinds that `[store] url` names.
pub struct Store {
    backend: Backend,
    /// What an embedded store failed to do.
    failing: Mutex<Option<&'static str>>,
}

/// What a call may take beyond [`PATIENCE`], on another connection.
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
            config::Store::Memory => Backend::Memory(InMemory::default()),
            config::Store::Embedded => Backend::Embedded(Embedded::open(state_dir)?),
            config::Store::Redis(url) => Backend::Redis(Box::new(Redis::open(url.expose()).await?)),
        };
        Ok(Self { backend, failing: Mutex::default() })
    }

    /// A store that keeps nothing beyond the process.
    #[must_use]
    #[cfg(any(test, fuzzing))]
    pub fn memory() -> Self {
        Self { backend: Backend::Memory(InMemory::default()), failing: Mutex::default() }
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
