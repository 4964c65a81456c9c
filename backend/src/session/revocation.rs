//! Sessions that ended before their time. Kept only as long as their cookies would still verify.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(super) struct Revocations {
    ended: Mutex<Ended>,
}

#[derive(Default)]
struct Ended {
    /// Session id → when its cookie expires (seconds).
    sessions: HashMap<String, u64>,
    /// Person → (sessions issued up to then (milliseconds) are dead, when the last of them expires (seconds)).
    people: HashMap<String, (u64, u64)>,
}

impl Revocations {
    pub fn revoke(&self, id: &str, expires_at: u64, now: u64) {
        let mut ended = self.ended();
        ended.forget(now);
        ended.sessions.insert(id.to_owned(), expires_at);
    }

    pub fn revoke_person(&self, person: String, up_to_ms: u64, expires_at: u64, now: u64) {
        let mut ended = self.ended();
        ended.forget(now);
        ended.people.insert(person, (up_to_ms, expires_at));
    }

    pub fn is_revoked(&self, id: &str, person: &str, issued_at_ms: u64) -> bool {
        let ended = self.ended();
        ended.sessions.contains_key(id)
            || ended.people.get(person).is_some_and(|(up_to_ms, _)| issued_at_ms <= *up_to_ms)
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ended {
    fn forget(&mut self, now: u64) {
        self.sessions.retain(|_, expires_at| now < *expires_at);
        self.people.retain(|_, (_, expires_at)| now < *expires_at);
    }
}
