//! Ended sessions, as a stream that every replica follows on a connection of its own.

use super::{Redis, entry_key};
use crate::store::{Ending, PATIENCE, StoreError, millis};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig};
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
pub struct Feed {
    connection: MultiplexedConnection,
    last: String,
}

impl Redis {
    /// Adds to the stream and lets go of what is older than `keep`.
    pub async fn record(&self, endings: &[Ending], keep: Duration) -> Result<(), StoreError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut pipeline = redis::pipe();
        for ending in endings {
            let json = serde_json::to_string(ending).map_err(|_| StoreError::Unreadable)?;
            // Entries are named after the time at which they came: by the name it is known which are too old.
            let add = pipeline.cmd("XADD").arg(entry_key(KEY)).arg("MINID").arg("~");
            add.arg(millis(now.saturating_sub(keep))).arg("*").arg(FIELD).arg(json).ignore();
        }
        match pipeline.query_async(&mut self.connection.clone()).await {
            // A connection that was lost long ago is noticed only now. It has been replaced by the next attempt, and an
            // end that is recorded twice is the same end.
            Err(lost) if lost.is_unrecoverable_error() || lost.is_io_error() => {
                Ok(pipeline.query_async(&mut self.connection.clone()).await?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// Everything in the stream, and the feed of what comes after.
    pub async fn follow(&self) -> Result<(Vec<Ending>, Feed), StoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(WAIT + PATIENCE));
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut feed = Feed { connection, last: BEGINNING.to_owned() };
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

impl Feed {
    /// What has come since; waits for a moment where there is nothing.
    ///
    /// # Errors
    /// The connection is of no use any more.
    pub async fn next(&mut self) -> Result<Vec<Ending>, StoreError> {
        let wait = usize::try_from(WAIT.as_millis()).unwrap_or(usize::MAX);
        self.read(StreamReadOptions::default().count(AT_ONCE).block(wait)).await
    }

    async fn read(&mut self, options: StreamReadOptions) -> Result<Vec<Ending>, StoreError> {
        let reply: Option<StreamReadReply> =
            self.connection.xread_options(&[entry_key(KEY)], &[self.last.as_str()], &options).await?;
        let entries: Vec<_> =
            reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).collect();
        if let Some(last) = entries.last() {
            self.last.clone_from(&last.id);
        }
        // A newer version may write what this one cannot read; all else still counts.
        let read = |json: String| serde_json::from_str(&json).ok();
        Ok(entries.iter().filter_map(|entry| entry.get(FIELD).and_then(read)).collect())
    }
}
