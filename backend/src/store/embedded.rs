//! A file under `state_dir`, for one process: it survives a restart and a kill at any moment.

use super::{Ending, Entry, Kept, StoreError, millis};
use crate::config::Secret;
use anyhow::Context;
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FILE: &str = "miandeng.redb";

/// Key → (expiry in milliseconds since 1970, the entry as JSON).
const ENTRIES: TableDefinition<'_, &str, (u64, &str)> = TableDefinition::new("entries");

/// Whose sessions have ended → (up to when they began in milliseconds, until when to keep it in seconds, since 1970).
const ENDED: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("ended");

/// Tokens and tickets are in it: nobody but the owner.
const OWNER_ONLY: u32 = 0o600;

/// So many writes apart, expired entries are removed: looking at every entry at every write would take ten thousand
/// applications minutes to start with.
const SWEEP_EVERY: u32 = 256;

pub struct Embedded {
    database: Arc<Database>,
    writes: AtomicU32,
}

impl Embedded {
    pub fn open(state_dir: &str) -> anyhow::Result<Self> {
        let path = Path::new(state_dir).join(FILE);
        let database = open_private(&path).with_context(|| {
            format!("store: {} cannot be opened; is another miandeng using this state_dir?", path.display())
        })?;
        Ok(Self { database: Arc::new(database), writes: AtomicU32::new(0) })
    }

    pub async fn read(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let key = key.to_owned();
        self.run(move |database| read(database, &key)).await
    }

    pub async fn write(&self, key: &str, entry: &Entry) -> Result<(), StoreError> {
        let (key, raw) =
            (key.to_owned(), serde_json::to_string(&Kept::of(entry)).map_err(|_| StoreError::Unreadable)?);
        let expires_at = now().saturating_add(millis(entry.remaining));
        let is_due = self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY);
        self.run(move |database| {
            let write = database.begin_write().map_err(redb::Error::from)?;
            {
                let mut entries = write.open_table(ENTRIES).map_err(redb::Error::from)?;
                if is_due {
                    entries.retain(|_, (expires_at, _)| now() < expires_at).map_err(redb::Error::from)?;
                }
                entries.insert(key.as_str(), (expires_at, raw.as_str())).map_err(redb::Error::from)?;
            }
            Ok(write.commit().map_err(redb::Error::from)?)
        })
        .await
    }

    pub async fn keep(&self, key: &str, made: Secret) -> Result<Secret, StoreError> {
        let for_ever = Duration::from_millis(u64::MAX);
        if let Some(entry) = self.read(key).await? {
            return Ok(entry.value);
        }
        // One process has the file, and it asks for this once, before it serves.
        self.write(key, &Entry { value: made.clone(), remaining: for_ever, lifetime: for_ever }).await?;
        Ok(made)
    }

    pub async fn remove_if(&self, key: &str, rejected: &Secret) -> Result<(), StoreError> {
        let (key, rejected) = (key.to_owned(), rejected.clone());
        self.run(move |database| {
            if read(database, &key)?.is_none_or(|entry| entry.value != rejected) {
                return Ok(());
            }
            remove(database, &key)
        })
        .await
    }

    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.run(move |database| remove(database, &key)).await
    }

    /// Keeps ends of sessions, and lets go of those that concern nobody any more.
    pub async fn record(&self, endings: &[Ending]) -> Result<(), StoreError> {
        let endings = endings.to_vec();
        self.run(move |database| {
            let write = database.begin_write().map_err(redb::Error::from)?;
            {
                let mut ended = write.open_table(ENDED).map_err(redb::Error::from)?;
                ended.retain(|_, (_, until)| now() / 1000 < until).map_err(redb::Error::from)?;
                for Ending { of, up_to_ms, until } in &endings {
                    let known = ended.get(of.as_str()).map_err(redb::Error::from)?.map(|known| known.value());
                    let (before, kept) = known.unwrap_or_default();
                    let latest = (before.max(*up_to_ms), kept.max(*until));
                    ended.insert(of.as_str(), latest).map_err(redb::Error::from)?;
                }
            }
            Ok(write.commit().map_err(redb::Error::from)?)
        })
        .await
    }

    /// Every end of sessions that still concerns somebody.
    pub async fn endings(&self) -> Result<Vec<Ending>, StoreError> {
        self.run(|database| {
            let read = database.begin_read().map_err(redb::Error::from)?;
            let ended = match read.open_table(ENDED) {
                Ok(ended) => ended,
                Err(redb::TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                Err(error) => return Err(redb::Error::from(error).into()),
            };
            let mut endings = Vec::new();
            for entry in ended.iter().map_err(redb::Error::from)? {
                let (of, value) = entry.map_err(redb::Error::from)?;
                let (up_to_ms, until) = value.value();
                if now() / 1000 < until {
                    endings.push(Ending { of: of.value().to_owned(), up_to_ms, until });
                }
            }
            Ok(endings)
        })
        .await
    }

    /// The file is read and written on a thread that may wait for the disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = Arc::clone(&self.database);
        tokio::task::spawn_blocking(move || work(&database)).await.unwrap_or(Err(StoreError::Unreadable))
    }
}

fn open_private(path: &Path) -> anyhow::Result<Database> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(OWNER_ONLY).open(path)?;
    // Also where an older file, or a generous umask, left it readable.
    file.set_permissions(std::fs::Permissions::from_mode(OWNER_ONLY))?;
    Ok(Database::builder().create_with_backend(FileBackend::new(file)?)?)
}

fn read(database: &Database, key: &str) -> Result<Option<Entry>, StoreError> {
    let read = database.begin_read().map_err(redb::Error::from)?;
    let entries = match read.open_table(ENTRIES) {
        Ok(entries) => entries,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(redb::Error::from(error).into()),
    };
    let Some(found) = entries.get(key).map_err(redb::Error::from)? else { return Ok(None) };
    let (expires_at, raw) = found.value();
    let Some(remaining) = expires_at.checked_sub(now()).filter(|left| *left > 0) else { return Ok(None) };
    let kept: Kept = serde_json::from_str(raw).map_err(|_| StoreError::Unreadable)?;
    Ok(Some(kept.entry(Duration::from_millis(remaining))))
}

fn remove(database: &Database, key: &str) -> Result<(), StoreError> {
    let write = database.begin_write().map_err(redb::Error::from)?;
    write.open_table(ENTRIES).map_err(redb::Error::from)?.remove(key).map_err(redb::Error::from)?;
    Ok(write.commit().map_err(redb::Error::from)?)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}
