//! What happened a moment ago, in bounded memory.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::time::Duration;

/// Entries of about 100 bytes: the memory of a busy quarter of an hour, and no more.
const MAX_ENTRIES: u64 = 100_000;

/// A memory of what happened less than `ttl` ago. Where it is full the oldest goes; moka's own choice would be to refuse
/// what is new, and a code that is not remembered is no longer known to be used.
pub fn memory<K, V>(ttl: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_ENTRIES)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}
