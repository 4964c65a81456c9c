//! Sessions that ended before their time, as this process knows of them. Kept only as long as their cookies would still
//! verify, and until they would have expired by a clock that does not leap; asked at every request, so it is all in
//! memory.

use crate::store::Revocation;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// How often what has expired is looked for, in seconds: it costs a look at everything and saves a few bytes each.
const SWEEP: u64 = 60;

pub(super) struct Revocations {
    known: RwLock<Known>,
    /// Longer than any session lasts.
    keep: Duration,
}

#[derive(Default)]
struct Known {
    ended: HashMap<String, KnownRevocation>,
    swept_at: u64,
}

struct KnownRevocation {
    not_before_ms: u64,
    expires_at: u64,
    /// By a clock that does not leap.
    learned: Instant,
}

impl Revocations {
    /// Nothing is forgotten before `keep` has passed, whatever time it is said to be.
    pub fn new(keep: Duration) -> Self {
        Self { known: RwLock::default(), keep }
    }

    /// Takes note of one; the order in which they come does not matter.
    pub fn learn(&self, ending: Revocation, now: u64) {
        let mut known = self.known.write();
        known.learn(ending);
        known.sweep(now, self.keep);
    }

    /// Takes note of everything that the store has. Gives what the store does not have: what it lost, for example when
    /// it fell back to an older copy. Nothing known is forgotten for that.
    pub fn reconcile(&self, recorded: Vec<Revocation>, now: u64) -> Vec<Revocation> {
        let mut stored = Known::default();
        recorded.into_iter().for_each(|ending| stored.learn(ending));
        let mut known = self.known.write();
        let is_stored = |of: &str, not_before_ms| {
            stored.ended.get(of).is_some_and(|stored| not_before_ms <= stored.not_before_ms)
        };
        let lost = known
            .ended
            .iter()
            .filter(|(of, ended)| now < ended.expires_at && !is_stored(of, ended.not_before_ms))
            .map(|(of, ended)| Revocation {
                subject: of.clone(),
                not_before_ms: ended.not_before_ms,
                expires_at: ended.expires_at,
            })
            .collect();
        for (of, KnownRevocation { not_before_ms, expires_at, .. }) in stored.ended {
            known.learn(Revocation { subject: of, not_before_ms, expires_at });
        }
        known.sweep(now, self.keep);
        lost
    }

    /// Up to when the sessions of any of these have ended; 0 where nothing has.
    pub fn ended_up_to(&self, of: impl FnOnce() -> Vec<String>) -> u64 {
        let known = self.known.read();
        if known.ended.is_empty() {
            return 0;
        }
        of().iter()
            .filter_map(|name| known.ended.get(name))
            .map(|ended| ended.not_before_ms)
            .max()
            .unwrap_or(0)
    }
}

impl Known {
    fn learn(&mut self, Revocation { subject: of, not_before_ms, expires_at: until }: Revocation) {
        let new = || KnownRevocation { not_before_ms: 0, expires_at: 0, learned: Instant::now() };
        let known = self.ended.entry(of).or_insert_with(new);
        if not_before_ms > known.not_before_ms || until > known.expires_at {
            known.learned = Instant::now();
        }
        known.not_before_ms = known.not_before_ms.max(not_before_ms);
        known.expires_at = known.expires_at.max(until);
    }

    /// Both clocks have to agree: the one of the day may leap ahead and come back, and the other does not know of a day
    /// that was set back.
    fn sweep(&mut self, now: u64, keep: Duration) {
        if now.abs_diff(self.swept_at) >= SWEEP {
            self.swept_at = now;
            self.ended.retain(|_, ended| now < ended.expires_at || ended.learned.elapsed() < keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Duration = Duration::from_secs(1000);

    fn ending(of: &str, not_before_ms: u64, expires_at: u64) -> Revocation {
        Revocation { subject: of.to_owned(), not_before_ms, expires_at }
    }

    fn up_to(revocations: &Revocations, of: &str) -> u64 {
        revocations.ended_up_to(|| vec![of.to_owned()])
    }

    #[test]
    fn a_store_that_lost_something_gets_it_back_and_nothing_is_forgotten() {
        let revocations = Revocations::new(KEEP);
        for known in [ending("a", 10, 1000), ending("b", 10, 1000), ending("over", 10, 50)] {
            revocations.learn(known, 0);
        }
        let lost = revocations.reconcile(vec![ending("a", 5, 1000), ending("c", 7, 1000)], 50);
        let mut names: Vec<_> =
            lost.iter().map(|ending| (ending.subject.as_str(), ending.not_before_ms)).collect();
        names.sort_unstable();
        assert_eq!(names, [("a", 10), ("b", 10)], "not what is over anyway");
        assert_eq!(
            (up_to(&revocations, "a"), up_to(&revocations, "b"), up_to(&revocations, "c")),
            (10, 10, 7)
        );
        let healed = [lost, vec![ending("c", 7, 1000)]].concat();
        assert_eq!(revocations.reconcile(healed, 50), []);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_makes_room() {
        let revocations = Revocations::new(KEEP);
        revocations.learn(ending("a", 10, 100), 0);
        tokio::time::advance(KEEP).await;
        revocations.learn(ending("b", 10, 1000), 99);
        assert_eq!(up_to(&revocations, "a"), 10);
        revocations.learn(ending("c", 10, 1000), 100 + SWEEP);
        assert_eq!((up_to(&revocations, "a"), up_to(&revocations, "b")), (0, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn f11_a_clock_that_leaps_and_returns_revives_nothing() {
        const HOUR: u64 = 3600;
        // Forward by hours, a year, to the end of time; and back to before it all.
        for leap in [13 * HOUR, 8760 * HOUR, u64::MAX - 1000, 0] {
            let revocations = Revocations::new(KEEP);
            revocations.learn(ending("alice", 10, 1000), 500);
            revocations.learn(ending("bob", 10, 1000), leap);
            revocations.reconcile(vec![ending("carol", 10, 1000)], leap);
            tokio::time::advance(KEEP / 2).await;
            revocations.learn(ending("alice", 20, 1500), leap.saturating_add(2 * SWEEP));
            for (name, ended) in [("alice", 20), ("bob", 10), ("carol", 10)] {
                assert_eq!(up_to(&revocations, name), ended, "{name} after a leap to {leap}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn f11_a_clock_that_was_set_back_revives_nothing() {
        let revocations = Revocations::new(KEEP);
        revocations.learn(ending("alice", 10, 100_000), 99_000);
        tokio::time::advance(2 * KEEP).await;
        revocations.learn(ending("bob", 10, 100_000), 50_000);
        assert_eq!(up_to(&revocations, "alice"), 10, "the cookie is good until 100,000 o'clock");
    }
}
