//! A Redis that replicas share. Everything that has to happen in one step is a script.

mod endings;

pub use endings::Feed;

use super::{Entry, Kept, StoreError, millis};
use crate::config::Secret;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Script};
use std::sync::LazyLock;
use std::time::Duration;

/// All our keys, so that one Redis can serve other programs too.
const PREFIX: &str = "miandeng:";

/// KEYS: lock, entry. ARGV: holder, value, milliseconds. The entry is written only by whoever still holds the lock.
static WRITE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end \
         redis.call('set', KEYS[2], ARGV[2], 'px', ARGV[3]) redis.call('del', KEYS[1]) return 1",
    )
});

/// KEYS: key. ARGV: the value that has to be there. A lock that ran out and is another's by now stays untouched.
static DELETE_IF: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
    )
});

pub struct Redis {
    client: Client,
    connection: ConnectionManager,
}

impl Redis {
    /// Does not connect yet, so that a server starts while Redis is down.
    pub fn open(url: &str) -> anyhow::Result<Self> {
        let client = Client::open(url).map_err(|e| anyhow::anyhow!("store.url: {}", e.category()))?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(super::PATIENCE))
            .set_response_timeout(Some(super::PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(200));
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        Ok(Self { client, connection })
    }

    pub(super) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    pub async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let mut connection = self.connection.clone();
        let (raw, remaining): (Option<String>, i64) =
            redis::pipe().get(entry_key(key)).pttl(entry_key(key)).query_async(&mut connection).await?;
        let (Some(raw), Ok(remaining)) = (raw, u64::try_from(remaining)) else { return Ok(None) };
        let kept: Kept = serde_json::from_str(&raw).map_err(|_| StoreError::Unreadable)?;
        Ok(Some(kept.entry(Duration::from_millis(remaining))))
    }

    pub async fn lock(&self, key: &str, token: &str, lifetime: Duration) -> Result<bool, StoreError> {
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::PX(millis(lifetime)));
        let set: Option<String> = self.connection.clone().set_options(lock_key(key), token, options).await?;
        Ok(set.is_some())
    }

    pub async fn write(&self, key: &str, entry: &Entry, token: &str) -> Result<bool, StoreError> {
        let raw = serde_json::to_string(&Kept::of(entry)).map_err(|_| StoreError::Unreadable)?;
        let mut call = WRITE.key(lock_key(key));
        call.key(entry_key(key)).arg(token).arg(raw).arg(millis(entry.remaining).max(1));
        Ok(call.invoke_async(&mut self.connection.clone()).await?)
    }

    pub async fn unlock(&self, key: &str, token: &str) -> Result<(), StoreError> {
        let _: i64 =
            DELETE_IF.key(lock_key(key)).arg(token).invoke_async(&mut self.connection.clone()).await?;
        Ok(())
    }

    pub async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        let mut connection = self.connection.clone();
        let (_, kept): (i64, String) = redis::pipe()
            .set_nx(entry_key(key), made.expose())
            .get(entry_key(key))
            .query_async(&mut connection)
            .await?;
        Ok(Secret::new(kept))
    }

    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.connection.clone().del(entry_key(key)).await?)
    }

    pub async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        let raw: Option<String> = self.connection.clone().get(entry_key(key)).await?;
        let Some(raw) = raw else { return Ok(()) };
        let kept: Kept = serde_json::from_str(&raw).map_err(|_| StoreError::Unreadable)?;
        if kept.value == rejected.expose() {
            let _: i64 =
                DELETE_IF.key(entry_key(key)).arg(raw).invoke_async(&mut self.connection.clone()).await?;
        }
        Ok(())
    }
}

pub(super) fn entry_key(key: &str) -> String {
    format!("{PREFIX}{key}")
}

fn lock_key(key: &str) -> String {
    format!("{PREFIX}lock:{key}")
}
