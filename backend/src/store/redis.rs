//! A Redis that replicas share. Everything that has to happen in one step is a script.

mod link;
mod refusal;
mod revocations;
mod scripts;

pub use revocations::RevocationStream;

use super::StoreError;
use super::entry::{Entry, Kept, millis};
use crate::secret::Secret;
use link::Link;
pub use link::PATIENCE;
use redis::{AsyncCommands, Client, RedisResult};
pub use refusal::remedy;
pub(super) use scripts::entry_key;
use scripts::{DELETE_IF, WRITE, lock_key};
use std::time::Duration;

pub struct Redis {
    pub(super) link: Link,
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

    pub async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let mut question = redis::pipe();
        question.get(entry_key(key)).pttl(entry_key(key));
        let (raw, remaining): (Option<String>, i64) = question.query_async(&mut self.link.clone()).await?;
        // What is not ours is as good as nothing, and the next entry replaces it.
        let kept: Option<Kept> = raw.and_then(|raw| serde_json::from_str(&raw).ok());
        Ok(kept
            .zip(u64::try_from(remaining).ok())
            .map(|(kept, left)| kept.entry(Duration::from_millis(left))))
    }

    pub async fn lock(&self, key: &str, token: &str, lifetime: Duration) -> Result<bool, StoreError> {
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::PX(millis(lifetime)));
        let mut attempt = redis::pipe();
        attempt.set_options(lock_key(key), token, options).ignore().get(lock_key(key));
        let (holder,): (Option<String>,) = attempt.query_async(&mut self.link.clone()).await?;
        Ok(holder.is_some_and(|holder| holder == token))
    }

    pub async fn write(&self, key: &str, entry: &Entry, token: &str) -> Result<bool, StoreError> {
        let raw = serde_json::to_string(&Kept::of(entry)).map_err(|_| StoreError::Unreadable)?;
        let mut call = WRITE.key(lock_key(key));
        call.key(entry_key(key)).arg(token).arg(raw).arg(millis(entry.remaining).max(1));
        Ok(call.invoke_async(&mut self.link.clone()).await?)
    }

    pub async fn unlock(&self, key: &str, token: &str) -> Result<(), StoreError> {
        self.delete_if(lock_key(key), token).await
    }

    pub async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        let mut attempt = redis::pipe();
        attempt.set_nx(entry_key(key), made.expose()).ignore().get(entry_key(key));
        let outcome: RedisResult<(Vec<u8>,)> = attempt.query_async(&mut self.link.clone()).await;
        match outcome {
            Ok((kept,)) => String::from_utf8(kept).map(Secret::new).map_err(|_| StoreError::Unreadable),
            Err(error) if link::is_useless(&error) => Err(error.into()),
            Err(_) => Err(StoreError::Unreadable),
        }
    }

    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.link.clone().del(entry_key(key)).await?)
    }

    pub async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        let raw: Option<String> = self.link.clone().get(entry_key(key)).await?;
        let holds =
            |raw: &String| serde_json::from_str(raw).is_ok_and(|kept: Kept| kept.value == rejected.expose());
        match raw.filter(holds) {
            Some(raw) => self.delete_if(entry_key(key), &raw).await,
            None => Ok(()),
        }
    }

    async fn delete_if(&self, key: String, value: &str) -> Result<(), StoreError> {
        let mut call = DELETE_IF.key(key);
        call.arg(value);
        Ok(call.invoke_async(&mut self.link.clone()).await?)
    }
}
