//! No store at all: what cannot be had again lasts as long as the process.

use crate::secret::Secret;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Key → (rank, value).
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
