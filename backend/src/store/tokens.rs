//! Tokens and tickets, each with its expiry, and the right to fetch one.

use super::embedded::{ENTRIES, Embedded, now};
use super::redis::{DELETE_IF, Redis, WRITE, entry_key, lock_key};
use super::{Backend, Store, StoreError, ask};
use crate::clock::as_millis;
use crate::secret::{Secret, random_hex};
use redb::{ReadableDatabase, ReadableTable};
use redis::AsyncCommands;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A credential with its true expiry.
#[derive(Debug, Clone)]
pub struct Entry {
    pub value: Secret,
    /// From now on; counted by the store itself, so that the clocks of replicas do not matter.
    pub remaining: Duration,
    /// As the platform gave it.
    pub lifetime: Duration,
}

/// The right to fetch a credential. Elsewhere it is granted to one at a time.
#[derive(Debug)]
pub struct Lock {
    /// Names the holder, so that no process releases or overwrites what is another's by now.
    token: String,
}

/// An entry as it is kept: the value and what the platform said of its life.
#[derive(Serialize, Deserialize)]
struct StoredEntry {
    value: String,
    lifetime_ms: u64,
}

impl StoredEntry {
    fn text_of(entry: &Entry) -> Result<String, StoreError> {
        let (value, lifetime_ms) = (entry.value.expose().to_owned(), as_millis(entry.lifetime));
        serde_json::to_string(&Self { value, lifetime_ms }).map_err(|_| StoreError::Unreadable)
    }

    /// What is not ours is as good as nothing, and the next entry replaces it.
    fn read(raw: &str) -> Option<Self> {
        serde_json::from_str(raw).ok()
    }

    fn entry(self, remaining: Duration) -> Entry {
        let lifetime = Duration::from_millis(self.lifetime_ms);
        // Not longer, where it was written while the clock was ahead.
        Entry { value: Secret::new(self.value), remaining: remaining.min(lifetime), lifetime }
    }
}

impl Store {
    /// The entry of `key`, if it has not expired.
    pub async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        ask!(self, "read", _ => None, store => store.read(key))
    }

    /// Tries to become the one who fetches `key`; the right ends by itself after `lifetime`.
    pub async fn lock(&self, key: &str, lifetime: Duration) -> Result<Option<Lock>, StoreError> {
        let lock = Lock { token: random_hex() };
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
        ask!(self, "write", _ => true, store => store.write(key, entry, &lock.token))
    }

    /// Gives the lock back if it is still ours.
    pub async fn unlock(&self, key: &str, lock: &Lock) -> Result<(), StoreError> {
        self.watch("unlock", async {
            match &self.backend {
                Backend::Memory(_) | Backend::Embedded(_) => Ok(()),
                Backend::Redis(store) => store.delete_if(lock_key(key), &lock.token).await,
            }
        })
        .await
    }

    /// Removes the entry of `key` if it still holds `rejected`.
    pub async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        ask!(self, "remove", _ => (), store => store.remove_if(key, rejected))
    }

    /// Removes the entry of `key`, whatever it holds.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        ask!(self, "remove", _ => (), store => store.remove(key))
    }
}

impl Embedded {
    pub(super) async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let key = key.to_owned();
        self.run(move |database| unexpired(&database.begin_read()?.open_table(ENTRIES)?, &key)).await
    }

    /// Its one process needs no lock.
    pub(super) async fn write(&self, key: &str, entry: &Entry, _lock: &str) -> Result<bool, StoreError> {
        let (key, raw) = (key.to_owned(), StoredEntry::text_of(entry)?);
        let expires_at = now().saturating_add(as_millis(entry.remaining));
        let sweeps = self.is_sweep_due();
        self.change(move |write| {
            let mut entries = write.open_table(ENTRIES)?;
            if sweeps {
                entries.retain(|_, (expires_at, _)| now() < expires_at)?;
            }
            entries.insert(key.as_str(), (expires_at, raw.as_str()))?;
            Ok(true)
        })
        .await
    }

    async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        // A disk that is full can be read all the same.
        if self.read(key).await?.is_none_or(|entry| entry.value != *rejected) {
            return Ok(());
        }
        let (key, rejected) = (key.to_owned(), rejected.clone());
        self.change(move |write| {
            let mut entries = write.open_table(ENTRIES)?;
            if unexpired(&entries, &key)?.is_some_and(|entry| entry.value == rejected) {
                entries.remove(key.as_str())?;
            }
            Ok(())
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.change(move |write| Ok(write.open_table(ENTRIES)?.remove(key.as_str()).map(drop)?)).await
    }
}

fn unexpired(
    entries: &impl ReadableTable<&'static str, (u64, &'static str)>,
    key: &str,
) -> Result<Option<Entry>, redb::Error> {
    let Some(found) = entries.get(key)? else { return Ok(None) };
    let (expires_at, raw) = found.value();
    let remaining = expires_at.checked_sub(now()).filter(|left| *left > 0);
    Ok(remaining.and_then(|left| Some(StoredEntry::read(raw)?.entry(Duration::from_millis(left)))))
}

impl Redis {
    async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let mut question = redis::pipe();
        question.get(entry_key(key)).pttl(entry_key(key));
        let (raw, remaining): (Option<String>, i64) = question.query_async(&mut self.link.clone()).await?;
        let kept = raw.and_then(|raw| StoredEntry::read(&raw)).zip(u64::try_from(remaining).ok());
        Ok(kept.map(|(kept, left)| kept.entry(Duration::from_millis(left))))
    }

    async fn lock(&self, key: &str, token: &str, lifetime: Duration) -> Result<bool, StoreError> {
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::PX(as_millis(lifetime)));
        let mut attempt = redis::pipe();
        attempt.set_options(lock_key(key), token, options).ignore().get(lock_key(key));
        let (holder,): (Option<String>,) = attempt.query_async(&mut self.link.clone()).await?;
        Ok(holder.is_some_and(|holder| holder == token))
    }

    async fn write(&self, key: &str, entry: &Entry, token: &str) -> Result<bool, StoreError> {
        let mut call = WRITE.key(lock_key(key));
        call.key(entry_key(key))
            .arg(token)
            .arg(StoredEntry::text_of(entry)?)
            .arg(as_millis(entry.remaining).max(1));
        Ok(call.invoke_async(&mut self.link.clone()).await?)
    }

    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.link.clone().del(entry_key(key)).await?)
    }

    async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        let raw: Option<String> = self.link.clone().get(entry_key(key)).await?;
        let holds = |raw: &String| StoredEntry::read(raw).is_some_and(|kept| kept.value == rejected.expose());
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
