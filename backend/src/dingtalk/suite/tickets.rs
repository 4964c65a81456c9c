//! The newest ticket of each suite. Kept in the store, because it cannot be asked for again, with a copy in the process for
//! a store that fails.

use super::version::rank;
use crate::apps::Suite;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// A suite's ticket, and when DingTalk made it (milliseconds since 1970).
#[derive(Clone, Serialize, Deserialize)]
struct StoredTicket {
    ticket: String,
    at_ms: u64,
}

/// The suites' tickets, by suite key.
pub struct Tickets {
    store: Arc<Store>,
    seen: Mutex<HashMap<String, StoredTicket>>,
}

impl Tickets {
    pub fn new(store: Arc<Store>) -> Self {
        Self { store, seen: Mutex::default() }
    }

    /// Keeps a suite's ticket unless a newer one is there; says whether it did. `pushed_ms` decides between two of the
    /// same moment.
    pub async fn keep(
        &self,
        suite: &Suite,
        ticket: &Secret,
        at_ms: u64,
        pushed_ms: u64,
    ) -> Result<bool, StoreError> {
        let stored = StoredTicket { ticket: ticket.expose().to_owned(), at_ms };
        let raw = serde_json::to_string(&stored).map_err(|_| StoreError::Unreadable)?;
        let rank = format!("{}{}", rank(at_ms), rank(pushed_ms));
        let kept = self.store.durable_put(&key(suite), &rank, &Secret::new(raw)).await;
        if !matches!(kept, Ok(false)) {
            let mut seen = self.seen.lock();
            let newer = seen.get(&suite.suite_key).is_none_or(|known| known.at_ms <= at_ms);
            if newer {
                seen.insert(suite.suite_key.clone(), stored);
            }
        }
        kept
    }

    /// The newest ticket and when it was made; the one that this process saw last where the store fails.
    pub async fn newest(&self, suite: &Suite) -> Result<Option<(Secret, u64)>, StoreError> {
        let stored = match self.store.durable_get(&key(suite)).await {
            Ok(None) => {
                self.seen.lock().remove(&suite.suite_key);
                None
            }
            Ok(Some(raw)) => {
                let stored: StoredTicket =
                    serde_json::from_str(raw.expose()).map_err(|_| StoreError::Unreadable)?;
                self.seen.lock().insert(suite.suite_key.clone(), stored.clone());
                Some(stored)
            }
            Err(error) => Some(self.seen.lock().get(&suite.suite_key).cloned().ok_or(error)?),
        };
        Ok(stored.map(|stored| (Secret::new(stored.ticket), stored.at_ms)))
    }

    /// When the newest ticket was made that this process has seen. The store is not asked.
    pub fn seen_ms(&self, suite: &Suite) -> Option<u64> {
        self.seen.lock().get(&suite.suite_key).map(|stored| stored.at_ms)
    }
}

fn key(suite: &Suite) -> String {
    format!("suite_ticket:{}", suite.suite_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ticket_is_never_replaced_by_an_older_one() {
        let store = Arc::new(Store::memory());
        let (here, there) = (Tickets::new(Arc::clone(&store)), Tickets::new(store));
        let suite = Suite::example();
        assert!(here.newest(&suite).await.unwrap().is_none());
        let put = |ticket, at, pushed| {
            let (here, suite) = (&here, &suite);
            async move { here.keep(suite, &Secret::new(ticket), at, pushed).await.unwrap() }
        };
        assert!(put("first", 1000, 1000).await);
        assert!(put("second", 2000, 2000).await);
        assert!(!put("first", 1000, 9000).await, "an old one that is pushed late");
        assert!(put("third", 2000, 2001).await, "of one moment, the one that was pushed last");
        let (ticket, at) = there.newest(&suite).await.unwrap().unwrap();
        assert_eq!((ticket.expose(), at), ("third", 2000));
    }
}
