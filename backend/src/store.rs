//! Where tokens and tickets outlive a process: a file of our own, a Redis that replicas share, or nowhere. One room for each
//! kind of entry, over all three.
//!
//! What is read here every day stays in process memory ([`crate::upstream`]); the store is asked only where a credential
//! is missing there. A store that fails is therefore never fatal: the caller goes on alone.

mod durable;
mod embedded;
mod error;
mod redis;
mod revocations;
mod tokens;

pub use error::StoreError;
pub use revocations::{Revocation, RevocationStream};
pub use tokens::Entry;

use crate::config;
use crate::telemetry;
use durable::InMemory;
use embedded::Embedded;
use parking_lot::Mutex;
use redis::{PATIENCE, Redis};
use std::future::Future;
use std::time::Duration;

enum Backend {
    Memory(InMemory),
    Embedded(Embedded),
    Redis(Box<Redis>),
}

/// A call of the store at `$self` to whichever backend it has, watched under the name `$operation`: what the process's memory
/// says, and what the other two are asked.
macro_rules! ask {
    ($self:ident, $operation:literal, $memory:pat => $said:expr, $store:ident => $call:expr) => {
        $self
            .watch($operation, async {
                match &$self.backend {
                    Backend::Memory($memory) => Ok($said),
                    Backend::Embedded($store) => $call.await,
                    Backend::Redis($store) => $call.await,
                }
            })
            .await
    };
}
use ask;

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
