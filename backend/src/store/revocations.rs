//! Ends of sessions before their time, for every replica and restart. On Redis they are a stream that every replica follows
//! on a connection of its own.

use super::embedded::{ENDED, Embedded, RECORDED, UPTIME, now};
use super::redis::{Link, RECORD, Redis, entry_key, is_useless};
use super::{Backend, Store, StoreError, ask};
use crate::clock::as_millis;
use redb::{ReadableDatabase, ReadableTable};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, RedisResult};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// That sessions ended before their time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Whose (the names in the store are those of the first version): a session, a person or a corporation, by a name that [`crate::session`] gives it.
    #[serde(rename = "of")]
    pub subject: String,
    /// Those that began up to then are over; milliseconds since 1970.
    #[serde(rename = "up_to_ms")]
    pub not_before_ms: u64,
    /// When the last of them has expired anyway and this may be forgotten; seconds since 1970.
    #[serde(rename = "until")]
    pub expires_at: u64,
}

impl Store {
    /// Records ends of sessions for every replica and restart, to be kept for `keep`.
    pub async fn record(&self, endings: &[Revocation], keep: Duration) -> Result<(), StoreError> {
        ask!(self, "record", _ => (), store => store.record(endings, keep))
    }

    /// All ends that are recorded and, where others may record some, the feed of what comes after. Takes as long as it
    /// takes; each question is bounded in time.
    pub async fn follow(&self) -> Result<(Vec<Revocation>, Option<RevocationStream>), StoreError> {
        match &self.backend {
            Backend::Memory(_) => Ok((Vec::new(), None)),
            Backend::Embedded(store) => Ok((store.endings().await?, None)),
            Backend::Redis(store) => store.follow().await.map(|(endings, feed)| (endings, Some(feed))),
        }
    }
}

impl Embedded {
    /// Keeps ends of sessions, and lets go of those that concern no session any more: by the clock and after `keep` has
    /// passed, because the clock may leap ahead and come back.
    pub async fn record(&self, endings: &[Revocation], keep: Duration) -> Result<(), StoreError> {
        let (endings, uptime) = (endings.to_vec(), self.uptime());
        self.change(move |write| {
            let mut ended = write.open_table(ENDED)?;
            let mut recorded = write.open_table(RECORDED)?;
            recorded.retain(|_, at| uptime < at.saturating_add(keep.as_secs()))?;
            let is_recent = |of: &str| recorded.get(of).is_ok_and(|at| at.is_some());
            ended.retain(|of, (_, until)| now() / 1000 < until || is_recent(of))?;
            for Revocation { subject: of, not_before_ms, expires_at: until } in &endings {
                let known = ended.get(of.as_str())?.map(|known| known.value());
                let (before, kept) = known.unwrap_or_default();
                ended.insert(of.as_str(), (before.max(*not_before_ms), kept.max(*until)))?;
                recorded.insert(of.as_str(), uptime)?;
            }
            write.open_table(UPTIME)?.insert((), uptime)?;
            Ok(())
        })
        .await
    }

    /// Every end of sessions that is kept.
    pub async fn endings(&self) -> Result<Vec<Revocation>, StoreError> {
        self.run(|database| {
            let read = database.begin_read()?;
            let ended = read.open_table(ENDED)?;
            let mut endings = Vec::new();
            for entry in ended.iter()? {
                let (of, value) = entry?;
                let (not_before_ms, until) = value.value();
                endings.push(Revocation { subject: of.value().to_owned(), not_before_ms, expires_at: until });
            }
            Ok(endings)
        })
        .await
    }
}

const KEY: &str = "ended";
/// The one field of an entry.
const FIELD: &str = "ended";
/// Before everything.
const BEGINNING: &str = "0-0";
/// How long Redis holds a question that has no answer yet. A connection that is cut without a word is found out by the
/// next question, which is why this is no longer.
const WAIT: Duration = Duration::from_secs(1);
/// Of about 150 bytes each.
const AT_ONCE: usize = 2000;

/// What the stream tells from some point on.
pub struct RevocationStream {
    connection: MultiplexedConnection,
    last: String,
    link: Link,
    /// Of the link's connection at the beginning: where that one is of no use, this one is neither.
    number: u64,
}

impl Redis {
    /// Adds to the stream and lets go of what is older than `keep`.
    pub async fn record(&self, endings: &[Revocation], keep: Duration) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut call = RECORD.key(entry_key(KEY));
        call.arg(as_millis(keep)).arg(as_millis(now));
        for ending in endings {
            call.arg(serde_json::to_string(ending).map_err(|_| StoreError::Unreadable)?);
        }
        // An end that is recorded twice is the same end.
        Ok(call.invoke_async(&mut self.link.clone()).await?)
    }

    /// Everything in the stream, and the feed of what comes after.
    pub async fn follow(&self) -> Result<(Vec<Revocation>, RevocationStream), StoreError> {
        let (_, number) = self.link.connection().await?;
        let connection = self.link.another(WAIT).await.inspect_err(|_| self.link.lose(number))?;
        let mut feed =
            RevocationStream { connection, last: BEGINNING.to_owned(), link: self.link.clone(), number };
        let mut all = Vec::new();
        loop {
            let before = feed.last.clone();
            all.extend(feed.read(StreamReadOptions::default().count(AT_ONCE)).await?);
            if feed.last == before {
                return Ok((all, feed));
            }
        }
    }
}

impl RevocationStream {
    /// What has come since; waits for a moment where there is nothing.
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub async fn next(&mut self) -> Result<Vec<Revocation>, StoreError> {
        let wait = usize::try_from(WAIT.as_millis()).unwrap_or(usize::MAX);
        let (link, number) = (self.link.clone(), self.number);
        tokio::select! {
            entries = self.read(StreamReadOptions::default().count(AT_ONCE).block(wait)) => entries,
            () = link.until_lost(number) => Err(StoreError::Lost),
        }
    }

    async fn read(&mut self, options: StreamReadOptions) -> Result<Vec<Revocation>, StoreError> {
        let reply: RedisResult<Option<StreamReadReply>> =
            self.connection.xread_options(&[entry_key(KEY)], &[self.last.as_str()], &options).await;
        if reply.as_ref().is_err_and(is_useless) {
            self.link.lose(self.number);
        }
        let entries: Vec<_> =
            reply?.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
        if let Some(last) = entries.last() {
            self.last.clone_from(&last.id);
        }
        // A newer version may write what this one cannot read; all else still counts.
        let read = |json: String| serde_json::from_str(&json).ok();
        Ok(entries.iter().filter_map(|entry| entry.get(FIELD).and_then(read)).collect())
    }
}
