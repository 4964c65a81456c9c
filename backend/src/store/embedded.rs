//! A file under `state_dir`, for one process: it survives a restart and a kill at any moment.

use super::StoreError;
use crate::clock;
use crate::private;
use anyhow::Context;
use redb::backends::FileBackend;
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;
use tokio::time::Instant;

const FILE: &str = "miandeng.redb";

/// Key → (expiry in milliseconds since 1970, the entry as JSON).
pub const ENTRIES: TableDefinition<'_, &str, (u64, &str)> = TableDefinition::new("entries");

/// What cannot be had again: key → (rank, value).
pub const DURABLE: TableDefinition<'_, &str, (&str, &str)> = TableDefinition::new("durable");

/// Whose sessions have ended → (up to when they began in milliseconds, until when to keep it in seconds, since 1970).
pub const ENDED: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("ended");

/// Whose sessions have ended → how long all processes together had had the file by then, in seconds: a time that does
/// not leap with the clock.
pub const RECORDED: TableDefinition<'_, &str, u64> = TableDefinition::new("recorded");

/// That time, as of the last end.
pub const UPTIME: TableDefinition<'_, (), u64> = TableDefinition::new("uptime");

/// So many writes apart, expired entries are removed: looking at every entry at every write would take ten thousand
/// applications minutes to start with.
const SWEEP_EVERY: u32 = 256;

pub struct Embedded {
    database: Arc<Database>,
    writes: AtomicU32,
    opened: Instant,
    /// When it was opened.
    uptime: u64,
}

impl Embedded {
    pub fn open(state_dir: &str) -> anyhow::Result<Self> {
        let file = private::open(Path::new(state_dir), FILE)?;
        let open = || -> Result<_, redb::Error> {
            let database = Database::builder().create_with_backend(FileBackend::new(file)?)?;
            let uptime = prepare(&database)?;
            Ok((database, uptime))
        };
        let (database, uptime) = open().with_context(|| {
            format!("store: {FILE} in {state_dir} cannot be used; is another miandeng using this state_dir?")
        })?;
        Ok(Self { database: Arc::new(database), writes: AtomicU32::new(0), opened: Instant::now(), uptime })
    }

    /// Whether expired entries are to be removed with this write.
    pub fn is_sweep_due(&self) -> bool {
        self.writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY)
    }

    /// How long all processes together have had the file, in seconds.
    pub fn uptime(&self) -> u64 {
        self.uptime.saturating_add(self.opened.elapsed().as_secs())
    }

    /// Reads and writes in one transaction.
    pub async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |database| {
            let write = database.begin_write()?;
            let outcome = work(&write)?;
            write.commit()?;
            Ok(outcome)
        })
        .await
    }

    /// The file is read and written on a thread that may wait for the disk.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = Arc::clone(&self.database);
        Ok(tokio::task::spawn_blocking(move || work(&database)).await??)
    }
}

/// Makes the tables that are missing. Gives the uptime so far.
fn prepare(database: &Database) -> Result<u64, redb::Error> {
    let write = database.begin_write()?;
    write.open_table(ENTRIES)?;
    write.open_table(DURABLE)?;
    let uptime = write.open_table(UPTIME)?.get(())?.map_or(0, |at| at.value());
    {
        let mut recorded = write.open_table(RECORDED)?;
        // Written by an older version, which did not know this time.
        for entry in write.open_table(ENDED)?.iter()? {
            let of = entry?.0;
            if recorded.get(of.value())?.is_none() {
                recorded.insert(of.value(), uptime)?;
            }
        }
    }
    write.commit()?;
    Ok(uptime)
}

pub fn now() -> u64 {
    clock::millis(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Revocation;
    use std::time::Duration;

    const KEEP: Duration = Duration::from_secs(1000);

    fn directory(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("miandeng-embedded-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn over(of: &str) -> Revocation {
        Revocation { subject: of.to_owned(), not_before_ms: 10, expires_at: 1 }
    }

    async fn names(store: &Embedded) -> Vec<String> {
        store.endings().await.unwrap().into_iter().map(|ending| ending.subject).collect()
    }

    /// What the clock says is over long ago, as after it has leapt ahead.
    #[tokio::test(start_paused = true)]
    async fn f11_a_clock_that_leaps_ahead_takes_no_end_from_the_file() {
        let dir = directory("leap");
        let open = || Embedded::open(dir.to_str().unwrap()).unwrap();
        let store = open();
        store.record(&[over("alice")], KEEP).await.unwrap();
        tokio::time::advance(KEEP / 2).await;
        store.record(&[over("bob")], KEEP).await.unwrap();
        assert_eq!(names(&store).await, ["alice", "bob"]);
        drop(store);
        // Started while the clock is ahead.
        let store = open();
        assert_eq!(names(&store).await, ["alice", "bob"]);
        store.record(&[over("carol")], KEEP).await.unwrap();
        assert_eq!(names(&store).await, ["alice", "bob", "carol"]);
        tokio::time::advance(KEEP / 2).await;
        store.record(&[over("dave")], KEEP).await.unwrap();
        assert_eq!(
            names(&store).await,
            ["bob", "carol", "dave"],
            "what is over makes room, through restarts"
        );
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[tokio::test]
    async fn f11_ends_that_an_older_version_wrote_are_kept_as_long() {
        let dir = directory("older");
        let old = Database::create(dir.join(FILE)).unwrap();
        let write = old.begin_write().unwrap();
        write.open_table(ENDED).unwrap().insert("alice", (10, 1)).unwrap();
        write.commit().unwrap();
        drop(old);
        let store = Embedded::open(dir.to_str().unwrap()).unwrap();
        store.record(&[over("bob")], KEEP).await.unwrap();
        assert_eq!(names(&store).await, ["alice", "bob"]);
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[tokio::test]
    async fn a9_a_panic_is_told_as_what_it_is() {
        let dir = directory("panic");
        let store = Embedded::open(dir.to_str().unwrap()).unwrap();
        for message in ["one", "another"] {
            let error = store.run::<()>(move |_| panic!("{message}")).await.unwrap_err();
            assert!(matches!(error, StoreError::Worker(_)), "{error}");
            assert!(error.to_string().contains("panicked"), "{error}");
        }
        assert!(store.read("k").await.unwrap().is_none(), "it goes on");
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[tokio::test]
    async fn what_is_not_ours_is_as_good_as_nothing() {
        let dir = directory("foreign");
        let store = Embedded::open(dir.to_str().unwrap()).unwrap();
        for raw in ["", "{", "[]", "{\"value\":1}", "null"] {
            let write = store.database.begin_write().unwrap();
            write.open_table(ENTRIES).unwrap().insert("k", (u64::MAX, raw)).unwrap();
            write.commit().unwrap();
            assert!(store.read("k").await.unwrap().is_none(), "{raw}");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
