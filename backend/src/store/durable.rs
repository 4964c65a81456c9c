//! What has no expiry and cannot be had again: a suite's ticket and the permanent codes of the corporations that
//! authorised it. Kept as value and rank, so that what arrives late never replaces what is newer.

use super::embedded::{DURABLE, Embedded};
use super::redis::Redis;
use super::{Backend, Store, StoreError};
use crate::secret::Secret;
use redb::{ReadableDatabase, ReadableTable};
use redis::{AsyncCommands, Script};
use std::sync::LazyLock;

impl Store {
    /// The value of `key`.
    pub async fn durable_get(&self, key: &str) -> Result<Option<Secret>, StoreError> {
        self.watch("durable_get", async {
            match &self.backend {
                Backend::Memory(store) => Ok(store.get(key)),
                Backend::Embedded(store) => store.durable_get(key).await,
                Backend::Redis(store) => store.durable_get(key).await,
            }
        })
        .await
    }

    /// Sets `key`, on disk before this returns, unless what is there has a higher rank (compared as text). Says whether
    /// it did.
    pub async fn durable_put(&self, key: &str, rank: &str, value: &Secret) -> Result<bool, StoreError> {
        self.watch("durable_put", async {
            match &self.backend {
                Backend::Memory(store) => Ok(store.put(key, rank, value)),
                Backend::Embedded(store) => store.durable_put(key, rank, value).await,
                Backend::Redis(store) => store.durable_put(key, rank, value).await,
            }
        })
        .await
    }

    /// Removes `key`, whatever its rank.
    pub async fn durable_remove(&self, key: &str) -> Result<(), StoreError> {
        self.watch("durable_remove", async {
            match &self.backend {
                Backend::Memory(store) => {
                    store.remove(key);
                    Ok(())
                }
                Backend::Embedded(store) => store.durable_remove(key).await,
                Backend::Redis(store) => store.durable_remove(key).await,
            }
        })
        .await
    }
}

impl Embedded {
    async fn durable_get(&self, key: &str) -> Result<Option<Secret>, StoreError> {
        let key = key.to_owned();
        self.run(move |database| {
            let read = database.begin_read()?;
            let table = read.open_table(DURABLE)?;
            let found = table.get(key.as_str())?;
            Ok(found.map(|found| Secret::new(found.value().1)))
        })
        .await
    }

    async fn durable_put(&self, key: &str, rank: &str, value: &Secret) -> Result<bool, StoreError> {
        let (key, rank, value) = (key.to_owned(), rank.to_owned(), value.clone());
        self.run(move |database| {
            let write = database.begin_write()?;
            let newer = {
                let mut table = write.open_table(DURABLE)?;
                let kept = table.get(key.as_str())?;
                let newer = kept.is_none_or(|kept| kept.value().0 <= rank.as_str());
                if newer {
                    table.insert(key.as_str(), (rank.as_str(), value.expose()))?;
                }
                newer
            };
            write.commit()?;
            Ok(newer)
        })
        .await
    }

    async fn durable_remove(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.run(move |database| {
            let write = database.begin_write()?;
            write.open_table(DURABLE)?.remove(key.as_str())?;
            Ok(write.commit()?)
        })
        .await
    }
}

/// KEYS: key. ARGV: rank, value.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = redis.call('hget', KEYS[1], 'rank') if kept and kept > ARGV[1] then return 0 end \
         redis.call('hset', KEYS[1], 'rank', ARGV[1], 'value', ARGV[2]) return 1",
    )
});

impl Redis {
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
    super::redis::entry_key(&format!("durable:{key}"))
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
