//! What happened a moment ago, in bounded memory.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::hash::Hash;
use std::time::Duration;

/// Entries of about 100 bytes: the memory of a busy quarter of an hour, and no more.
const MAX_ENTRIES: u64 = 100_000;

/// Tells the first use of each key within a time from those that follow.
pub struct FirstUses<K>(Cache<K, ()>);

impl<K: Hash + Eq + Send + Sync + 'static> FirstUses<K> {
    /// A key that was not used for `ttl` is new again.
    pub fn new(ttl: Duration) -> Self {
        Self(memory(ttl))
    }

    /// True for exactly one of those who ask for a key, also where several threads ask at the same moment: moka's
    /// `or_insert` looks and inserts in two steps, `or_insert_with` in one.
    pub fn is_first(&self, key: K) -> bool {
        self.0.entry(key).or_insert_with(|| ()).is_fresh()
    }
}

/// A memory of what happened less than `ttl` ago. Where it is full the oldest goes; moka's own choice would be to refuse
/// what is new, and a code that is not remembered is no longer known to be used.
pub fn memory<K, V>(ttl: Duration) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_ENTRIES)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn of_those_who_ask_at_the_same_moment_one_is_first() {
        const THREADS: usize = 4;
        const KEYS: usize = 20_000;
        let (uses, start) = (FirstUses::new(Duration::from_secs(600)), Barrier::new(THREADS));
        let firsts = || {
            let ask = |key: usize| {
                // Together at every hundredth key, so that no thread runs ahead of the others.
                if key.is_multiple_of(100) {
                    start.wait();
                }
                uses.is_first(key)
            };
            (0..KEYS).filter(|key| ask(*key)).count()
        };
        let total: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(firsts)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(total, KEYS);
    }
}
