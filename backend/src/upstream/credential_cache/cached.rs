//! One credential of a cache, with what fetches it.

use super::CredentialCache;
use crate::telemetry::Trigger;
use crate::upstream::failure::Error;
use crate::upstream::token::{Issued, Token};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;

/// Fetches a credential anew.
type Fetch<T> = dyn Fn() -> BoxFuture<'static, Result<Issued<T>, Error>> + Send + Sync;

/// One credential of a cache, which knows how it is fetched.
pub struct Cached<T> {
    pub(super) cache: CredentialCache<T>,
    pub(super) id: Arc<str>,
    pub(super) fetch: Arc<Fetch<T>>,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), id: Arc::clone(&self.id), fetch: Arc::clone(&self.fetch) }
    }
}

impl<T: Token> Cached<T> {
    /// The credential. It is fetched only where that is needed, and then to the end even if the caller leaves.
    ///
    /// # Errors
    /// That of the fetch, or of one not long ago that need not be tried again.
    pub async fn get(&self) -> Result<T, Error> {
        self.cache.get(&self.id, || (self.fetch)()).await
    }

    /// The credential that is in memory, whatever its age.
    pub fn held(&self) -> Option<T> {
        self.cache.held(&self.id)
    }

    /// Calls with the credential, and exactly once more with a fresh one if the platform rejects the first.
    ///
    /// # Errors
    /// Those of the credential and of the call.
    pub async fn with<R, G>(&self, call: impl Fn(T) -> G) -> Result<R, Error>
    where
        G: Future<Output = Result<R, Error>>,
    {
        let first = self.get().await?;
        match call(first.clone()).await {
            Err(error) if error.kind.policy().renews_token => {
                self.drop_if(&first, Trigger::Rejected).await;
                call(self.get().await?).await
            }
            other => other,
        }
    }

    /// Drops the credential if it is still `rejected`, here and in the store, so that a late complaint about an old one
    /// costs nothing. Says whether it did here.
    pub async fn drop_if(&self, rejected: &T, trigger: Trigger) -> bool {
        self.cache.drop_if(&self.id, rejected, trigger).await
    }
}
