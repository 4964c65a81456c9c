//! What has no expiry and cannot be had again: a suite's ticket and the permanent codes of the corporations that
//! authorised it, kept as value and rank, so that what arrives late never replaces what is newer; and the session's key.

use super::embedded::{DURABLE, Embedded};
use super::redis::{PUT, Redis, entry_key, is_useless};
use super::{Backend, Entry, Store, StoreError, ask};
use crate::secret::Secret;
use parking_lot::Mutex;
use redb::{ReadableDatabase, ReadableTable};
use redis::{AsyncCommands, RedisResult};
use std::collections::HashMap;
use std::time::Duration;

impl Store {
    /// The secret of `key` that lasts: the one that is there, else `made`, which is kept for every replica and restart.
    pub async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        ask!(self, "keep", _ => made, store => store.keep(key, made))
    }

    /// The value of `key`.
    pub async fn durable_get(&self, key: &str) -> Result<Option<Secret>, StoreError> {
        ask!(self, "durable_get", store => store.get(key), store => store.durable_get(key))
    }

    /// Sets `key`, on disk before this returns, unless what is there has a higher rank (compared as text). Says whether
    /// it did.
    pub async fn durable_put(&self, key: &str, rank: &str, value: &Secret) -> Result<bool, StoreError> {
        ask!(self, "durable_put", store => store.put(key, rank, value), store => store.durable_put(key, rank, value))
    }

    /// Removes `key`, whatever its rank.
    pub async fn durable_remove(&self, key: &str) -> Result<(), StoreError> {
        ask!(self, "durable_remove", store => store.remove(key), store => store.durable_remove(key))
    }
}

/// No store at all: what cannot be had again lasts as long as the process. Key → (rank, value).
#[derive(Default)]
pub struct InMemory(Mutex<HashMap<String, (String, Secret)>>);

impl InMemory {
    pub fn get(&self, key: &str) -> Option<Secret> {
        self.0.lock().get(key).map(|(_, value)| value.clone())
    }

    pub fn put(&self, key: &str, rank: &str, value: &Secret) -> bool {
        let mut map = self.0.lock();
        let newer = map.get(key).is_none_or(|(kept, _)| kept.as_str() <= rank);
        if newer {
            map.insert(key.to_owned(), (rank.to_owned(), value.clone()));
        }
        newer
    }

    pub fn remove(&self, key: &str) {
        self.0.lock().remove(key);
    }
}

impl Embedded {
    async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        let for_ever = Duration::from_millis(u64::MAX);
        if let Some(entry) = self.read(key).await? {
            return Ok(entry.value);
        }
        // One process has the file, and it asks for this once, before it serves.
        let entry = Entry { value: made.clone(), remaining: for_ever, lifetime: for_ever };
        self.write(key, &entry, "").await?;
        Ok(made)
    }

    async fn durable_get(&self, key: &str) -> Result<Option<Secret>, StoreError> {
        let key = key.to_owned();
        self.run(move |database| {
            let found = database.begin_read()?.open_table(DURABLE)?.get(key.as_str())?;
            Ok(found.map(|found| Secret::new(found.value().1)))
        })
        .await
    }

    async fn durable_put(&self, key: &str, rank: &str, value: &Secret) -> Result<bool, StoreError> {
        let (key, rank, value) = (key.to_owned(), rank.to_owned(), value.clone());
        self.change(move |write| {
            let mut table = write.open_table(DURABLE)?;
            let newer = table.get(key.as_str())?.is_none_or(|kept| kept.value().0 <= rank.as_str());
            if newer {
                table.insert(key.as_str(), (rank.as_str(), value.expose()))?;
            }
            Ok(newer)
        })
        .await
    }

    async fn durable_remove(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.change(move |write| Ok(write.open_table(DURABLE)?.remove(key.as_str()).map(drop)?)).await
    }
}

impl Redis {
    async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        let mut attempt = redis::pipe();
        attempt.set_nx(entry_key(key), made.expose()).ignore().get(entry_key(key));
        let outcome: RedisResult<(Vec<u8>,)> = attempt.query_async(&mut self.link.clone()).await;
        match outcome {
            Ok((kept,)) => String::from_utf8(kept).map(Secret::new).map_err(|_| StoreError::Unreadable),
            Err(error) if is_useless(&error) => Err(error.into()),
            Err(_) => Err(StoreError::Unreadable),
        }
    }

    async fn durable_get(&self, key: &str) -> Result<Option<Secret>, StoreError> {
        let value: Option<String> = self.link.clone().hget(durable_key(key), "value").await?;
        Ok(value.map(Secret::new))
    }

    async fn durable_put(&self, key: &str, rank: &str, value: &Secret) -> Result<bool, StoreError> {
        let mut call = PUT.key(durable_key(key));
        call.arg(rank).arg(value.expose());
        Ok(call.invoke_async(&mut self.link.clone()).await?)
    }

    async fn durable_remove(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.link.clone().del(durable_key(key)).await?)
    }
}

/// Apart from what expires, so that an operator can tell what must be backed up.
fn durable_key(key: &str) -> String {
    entry_key(&format!("durable:{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    async fn behaves(store: &Store) {
        let (a, b) = (Secret::new("a"), Secret::new("b"));
        assert_eq!(store.durable_get("k").await.unwrap(), None);
        store.durable_remove("k").await.unwrap();
        assert!(store.durable_put("k", "0002", &a).await.unwrap());
        assert!(!store.durable_put("k", "0001", &b).await.unwrap(), "the older one does not replace it");
        assert_eq!(store.durable_get("k").await.unwrap(), Some(a));
        assert!(store.durable_put("k", "0002", &b).await.unwrap(), "the last of one rank does");
        assert_eq!(store.durable_get("k").await.unwrap(), Some(b.clone()));
        assert_eq!(store.durable_get("other").await.unwrap(), None);
        store.durable_remove("k").await.unwrap();
        assert_eq!(store.durable_get("k").await.unwrap(), None);
        assert!(store.durable_put("k", "0001", &b).await.unwrap(), "what is gone has no rank any more");
    }

    #[tokio::test]
    async fn in_the_process() {
        behaves(&Store::memory()).await;
    }

    #[tokio::test]
    async fn in_a_file_and_after_it_was_opened_again() {
        let dir = std::env::temp_dir().join(format!("miandeng-durable-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let open = || Store::open(&config::Store::Embedded, dir.to_str().unwrap());
        behaves(&open().await.unwrap()).await;
        assert_eq!(open().await.unwrap().durable_get("k").await.unwrap(), Some(Secret::new("b")));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
