//! Which of two pushes about one fact is the newer one.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::time::Duration;

/// A classic event and a push beside it: one of their two times may be in whole seconds.
const LATE: Duration = Duration::from_secs(1);
/// Numbers that count are short, or as long as their predecessor and alike for at least so many characters.
const SHORT: usize = 20;
const ALIKE: usize = 8;

/// How DingTalk dates what it pushes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// `syncSeq` of an item of a SyncHTTP push.
    pub seq: Option<String>,
    /// When it happened, by DingTalk's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// When it was pushed: the same event can be pushed again.
    pub pushed_ms: u64,
    /// What DingTalk calls it.
    pub action: String,
    /// An item of a SyncHTTP push, whose time is in milliseconds, and no classic event.
    #[serde(default)]
    pub sync: bool,
}

impl Version {
    /// This version where `known` was the last one that was followed; `None` where `known` is newer, or is the same.
    #[must_use]
    pub fn after(mut self, known: Option<&Version>) -> Option<Self> {
        let Some(known) = known else { return Some(self) };
        match self.compare(known) {
            Some(Ordering::Less) => return None,
            Some(Ordering::Equal) if self.action == known.action => return None,
            // Its number is the newer one, whatever the clocks say.
            Some(_) => self.at_ms = self.at_ms.max(known.at_ms),
            None => {
                let tolerance = if self.sync && known.sync { 0 } else { LATE.as_millis() };
                let same = self.at_ms == known.at_ms && self.action == known.action;
                if self.sync && known.sync && self.seq == known.seq && same {
                    return None;
                }
                if u128::from(known.at_ms.saturating_sub(self.at_ms)) > tolerance {
                    return None;
                }
                // The last number and what it was for are kept for the next push.
                if self.seq.is_none() && known.seq.is_some() {
                    (self.seq, self.action) = (known.seq.clone(), known.action.clone());
                }
            }
        }
        Some(self)
    }

    /// By number. The official pages say that `syncSeq` has no meaning of its own, and show hexadecimal texts of 22 to 26
    /// characters: where two of them do not look like one counter, they have no order, and the times decide.
    fn compare(&self, known: &Version) -> Option<Ordering> {
        let (new, old) = (self.seq.as_deref()?, known.seq.as_deref()?);
        if new == old {
            return Some(Ordering::Equal);
        }
        let alike = new.bytes().zip(old.bytes()).take_while(|(a, b)| a == b).count() >= ALIKE;
        let one_counter = new.len().max(old.len()) <= SHORT || (new.len() == old.len() && alike);
        let number = |text| u128::from_str_radix(text, 16).ok().filter(|_| one_counter);
        Some(number(new)?.cmp(&number(old)?))
    }

    /// The number, where it is one that counts.
    pub fn number(&self) -> Option<u128> {
        self.seq
            .as_deref()
            .filter(|text| text.len() <= SHORT)
            .and_then(|text| u128::from_str_radix(text, 16).ok())
    }
}

/// Ranks are compared as text.
pub fn rank(ms: u64) -> String {
    format!("{ms:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(seq: Option<&str>, at_ms: u64, action: &str) -> Version {
        Version {
            sync: seq.is_some(),
            seq: seq.map(str::to_owned),
            at_ms,
            pushed_ms: 0,
            action: action.to_owned(),
        }
    }

    fn follows(new: (&str, u64), old: (&str, u64)) -> bool {
        version(Some(new.0), new.1, "a").after(Some(&version(Some(old.0), old.1, "a"))).is_some()
    }

    #[test]
    fn k02_the_newest_number_counts_and_where_there_is_none_the_time() {
        for (new, old) in [
            ("2", "1"),
            ("10", "9"),
            ("0A", "09"),
            ("100", "99"),
            ("1ABA5C5215CB8BDEE8CA8D33AA", "1ABA5C5215CB8BDEE8CA8D33A9"),
        ] {
            assert!(follows((new, 0), (old, 0)) && !follows((old, 0), (new, 0)), "{new} {old}");
            // Whatever the clock says.
            assert!(follows((new, 0), (old, 9_000)) && !follows((old, 9_000), (new, 0)), "{new} {old}");
            assert!(!follows((new, 9_000), (new, 0)), "the same: {new}");
        }
        // Texts that are no numbers, or not of one counter: published samples of one kind from different years.
        for (new, old) in [
            ("1ABA5C5215CB8BDEE8CA8D33A9", "874DD3DFE04AA92FFD84968E24"),
            ("0CD53B341284A223363FD8E4ACIHWBU98283", "335BF2BEE1351DC0241DDE"),
        ] {
            assert!(follows((new, 9_000), (old, 0)) && !follows((new, 0), (old, 9_000)), "{new} {old}");
            assert!(follows((old, 9_000), (new, 0)) && !follows((old, 0), (new, 9_000)), "{new} {old}");
        }
    }

    #[test]
    fn classic_events_and_pushes_are_in_one_order() {
        let classic = version(None, 5_000, "suite_relieve");
        let sync = version(Some("7"), 9_000, "org_suite_auth");
        assert_eq!(classic.clone().after(Some(&sync)), None, "older");
        let later = version(None, 9_500, "change_auth").after(Some(&sync)).unwrap();
        assert_eq!(later.seq.as_deref(), Some("7"), "the number is kept for the next push");
        assert_eq!(sync.clone().after(Some(&later)), None, "and is known when it comes again");
        assert_eq!(version(Some("6"), 20_000, "org_suite_relieve").after(Some(&later)), None);
        assert!(version(None, 8_500, "change_auth").after(Some(&sync)).is_some(), "whole seconds");
        // One number with two actions: both are followed.
        assert!(version(Some("7"), 9_000, "org_suite_relieve").after(Some(&sync)).is_some());
    }

    #[test]
    fn k02_items_without_a_number_are_dated_to_the_millisecond() {
        let item = |at_ms, action| Version { sync: true, ..version(None, at_ms, action) };
        let stopped = item(1_700_000_000_500, "org_micro_app_stop");
        for (at_ms, action) in [
            (1_700_000_000_500, "org_micro_app_stop"),
            (1_700_000_000_499, "org_micro_app_restore"),
            (1_699_999_999_999, "org_suite_auth"),
        ] {
            assert_eq!(item(at_ms, action).after(Some(&stopped)), None, "{at_ms} {action}");
        }
        let restored = item(1_700_000_000_501, "org_micro_app_restore").after(Some(&stopped)).unwrap();
        assert_eq!(restored.action, "org_micro_app_restore");
        assert_eq!(stopped.after(Some(&restored)), None);
    }
}
