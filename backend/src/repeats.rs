//! Bounds on log lines that strangers can cause at will: the first of a kind in an interval is written, the rest are
//! counted.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::mem;
use std::time::Duration;
use tokio::time::Instant;

/// What was written of each kind, and when. Made for a `static`.
pub struct Repeats<K> {
    interval: Duration,
    /// Kinds that are told apart at one time. All beyond them are one kind, so that new ones without end (addresses, say)
    /// fill neither the memory nor the log.
    max_kinds: usize,
    kinds: Mutex<BTreeMap<Option<K>, LastLine>>,
}

struct LastLine {
    at: Instant,
    suppressed: u64,
}

impl<K: Ord> Repeats<K> {
    /// One line of each kind in `interval`.
    pub const fn new(interval: Duration) -> Self {
        Self::of(1000, interval)
    }

    /// For kinds that strangers invent, each of them a line.
    pub const fn few(interval: Duration) -> Self {
        Self::of(20, interval)
    }

    const fn of(max_kinds: usize, interval: Duration) -> Self {
        Self { interval, max_kinds, kinds: Mutex::new(BTreeMap::new()) }
    }

    /// Where a line of this kind is due: how many were suppressed since the last one. None where it is to be suppressed.
    pub fn first(&self, kind: K) -> Option<u64> {
        let now = Instant::now();
        let recent = |written: &LastLine| now.duration_since(written.at) < self.interval;
        let mut kinds = self.kinds.lock();
        let mut kind = Some(kind);
        if kinds.len() >= self.max_kinds && !kinds.contains_key(&kind) {
            kinds.retain(|_, written| recent(written));
            if kinds.len() >= self.max_kinds {
                kind = None;
            }
        }
        match kinds.entry(kind) {
            Entry::Vacant(kind) => {
                kind.insert(LastLine { at: now, suppressed: 0 });
                Some(0)
            }
            Entry::Occupied(mut kind) if recent(kind.get()) => {
                kind.get_mut().suppressed += 1;
                None
            }
            Entry::Occupied(mut kind) => {
                let last = mem::replace(kind.get_mut(), LastLine { at: now, suppressed: 0 });
                Some(last.suppressed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn one_of_a_kind_is_written_in_an_interval() {
        let repeats = Repeats::new(MINUTE);
        assert_eq!(repeats.first("a"), Some(0));
        assert_eq!([repeats.first("a"), repeats.first("b"), repeats.first("a")], [None, Some(0), None]);
        tokio::time::advance(MINUTE - Duration::from_millis(1)).await;
        assert_eq!(repeats.first("a"), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!([repeats.first("a"), repeats.first("a")], [Some(3), None]);
        assert_eq!(repeats.first("b"), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn kinds_without_end_are_one_kind() {
        let repeats = Repeats::new(MINUTE);
        let written = (0..10 * 1000).filter(|kind| repeats.first(*kind).is_some()).count();
        assert_eq!(written, 1000 + 1);
        assert_eq!(repeats.first(0), None, "those that are known stay apart");
        assert!(repeats.kinds.lock().len() <= 1000 + 1);
        tokio::time::advance(MINUTE).await;
        assert_eq!(repeats.first(10 * 1000), Some(0), "what is old makes room");
    }
}
