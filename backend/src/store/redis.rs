//! A Redis that replicas share. Everything that has to happen in one step is a script.

mod connect;
mod link;
mod refusal;
mod scripts;

pub use connect::PATIENCE;
pub use link::{Link, is_useless};
pub use refusal::remedy;
pub use scripts::{DELETE_IF, PUT, RECORD, WRITE, entry_key, lock_key};

use super::StoreError;
use redis::Client;

pub struct Redis {
    pub link: Link,
}

impl Redis {
    /// One that is down now is connected to later, so that a server starts without it.
    ///
    /// # Errors
    /// An address that is none, or a Redis that can never serve as it is.
    pub async fn open(url: &str) -> anyhow::Result<Self> {
        let client = Client::open(url).map_err(|e| anyhow::anyhow!("store.url: {}", e.category()))?;
        let link = Link::new(client);
        match link.connection().await {
            Ok((connection, _)) => refusal::warn_of_eviction(connection).await,
            Err(error) if refusal::is_hopeless(&error) => return Err(StoreError::from(error).into()),
            // The follower says so.
            Err(_) => {}
        }
        Ok(Self { link })
    }
}
