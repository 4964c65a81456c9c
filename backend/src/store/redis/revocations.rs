//! Ended sessions, as a stream that every replica follows on a connection of its own.

use super::Redis;
use super::link::{Link, is_useless};
use super::scripts::{RECORD, entry_key};
use crate::store::entry::{Revocation, millis};
use crate::store::error::StoreError;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, RedisResult};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        call.arg(millis(keep)).arg(millis(now));
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
