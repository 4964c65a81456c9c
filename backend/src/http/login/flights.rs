//! Redemptions that more than one request may wait for.

use crate::http::error::ApiError;
use crate::recent::memory;
use crate::session::Session;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;
use std::time::Duration;

/// A client may ask for the callback twice, some 20 ms apart, and go on with either answer (reported of 2016's clients).
const MEMORY: Duration = Duration::from_secs(60);

pub type Flight = Shared<BoxFuture<'static, Result<Session, ApiError>>>;

/// Redemptions of this minute, by attempt and code: the second request of a pair gets the session of the first.
pub struct Flights(Cache<[u8; 32], Flight>);

impl Default for Flights {
    fn default() -> Self {
        Self(memory(MEMORY))
    }
}

impl Flights {
    /// The outcome of the redemption with this key, which the first request launches.
    pub async fn join(&self, key: [u8; 32], launch: impl FnOnce() -> Flight) -> Result<Session, ApiError> {
        self.0.get_with(key, launch).await
    }
}
