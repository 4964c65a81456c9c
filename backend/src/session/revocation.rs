//! Sessions that ended before their time, as this process knows of them. Kept only as long as their cookies would still
//! verify; asked at every request, so it is all in memory.

use crate::store::Ending;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// How often what has expired is looked for, in seconds: it costs a look at everything and saves a few bytes each.
const SWEEP: u64 = 60;

#[derive(Default)]
pub(super) struct Revocations {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// Whose sessions → (those that began up to then (milliseconds) are over, when this may be forgotten (seconds)).
    ended: HashMap<String, (u64, u64)>,
    swept_at: u64,
}

impl Revocations {
    /// Takes note of one; the order in which they come does not matter.
    pub fn learn(&self, ending: Ending, now: u64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.learn(ending);
        known.sweep(now);
    }

    /// Takes note of everything that the store has. Gives what the store does not have: what it lost, for example when
    /// it fell back to an older copy. Nothing known is forgotten for that.
    pub fn reconcile(&self, recorded: Vec<Ending>, now: u64) -> Vec<Ending> {
        let mut stored = Known::default();
        recorded.into_iter().for_each(|ending| stored.learn(ending));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let is_stored =
            |of: &str, up_to_ms| stored.ended.get(of).is_some_and(|(stored, _)| up_to_ms <= *stored);
        let lost = known
            .ended
            .iter()
            .filter(|(of, (up_to_ms, until))| now < *until && !is_stored(of, *up_to_ms))
            .map(|(of, &(up_to_ms, until))| Ending { of: of.clone(), up_to_ms, until })
            .collect();
        for (of, (up_to_ms, until)) in stored.ended {
            known.learn(Ending { of, up_to_ms, until });
        }
        known.sweep(now);
        lost
    }

    /// Up to when the sessions of any of these have ended; 0 where nothing has.
    pub fn ended_up_to(&self, of: impl FnOnce() -> Vec<String>) -> u64 {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.ended.is_empty() {
            return 0;
        }
        of().iter().filter_map(|name| known.ended.get(name)).map(|(up_to_ms, _)| *up_to_ms).max().unwrap_or(0)
    }
}

impl Known {
    fn learn(&mut self, Ending { of, up_to_ms, until }: Ending) {
        let entry = self.ended.entry(of).or_default();
        *entry = (entry.0.max(up_to_ms), entry.1.max(until));
    }

    fn sweep(&mut self, now: u64) {
        if now.abs_diff(self.swept_at) >= SWEEP {
            self.swept_at = now;
            self.ended.retain(|_, (_, until)| now < *until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(of: &str, up_to_ms: u64, until: u64) -> Ending {
        Ending { of: of.to_owned(), up_to_ms, until }
    }

    fn up_to(revocations: &Revocations, of: &str) -> u64 {
        revocations.ended_up_to(|| vec![of.to_owned()])
    }

    #[test]
    fn a_store_that_lost_something_gets_it_back_and_nothing_is_forgotten() {
        let revocations = Revocations::default();
        for known in [ending("a", 10, 1000), ending("b", 10, 1000), ending("over", 10, 50)] {
            revocations.learn(known, 0);
        }
        let lost = revocations.reconcile(vec![ending("a", 5, 1000), ending("c", 7, 1000)], 50);
        let mut names: Vec<_> = lost.iter().map(|ending| (ending.of.as_str(), ending.up_to_ms)).collect();
        names.sort_unstable();
        assert_eq!(names, [("a", 10), ("b", 10)], "not what is over anyway");
        assert_eq!(
            (up_to(&revocations, "a"), up_to(&revocations, "b"), up_to(&revocations, "c")),
            (10, 10, 7)
        );
        let healed = [lost, vec![ending("c", 7, 1000)]].concat();
        assert_eq!(revocations.reconcile(healed, 50), []);
    }

    #[test]
    fn what_is_over_makes_room() {
        let revocations = Revocations::default();
        revocations.learn(ending("a", 10, 100), 0);
        revocations.learn(ending("b", 10, 1000), 99);
        assert_eq!(up_to(&revocations, "a"), 10);
        revocations.learn(ending("c", 10, 1000), 100 + SWEEP);
        assert_eq!((up_to(&revocations, "a"), up_to(&revocations, "b")), (0, 10));
    }
}
