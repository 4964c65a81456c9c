//! How long a connection may keep us waiting.
//!
//! One clock for each connection and not one for each request: with thousands of requests a second on few connections,
//! setting and clearing timers would be felt.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// From the connection to the end of the first request's head. Phones on a bad network need a second or two.
pub const FIRST_HEAD: Duration = Duration::from_secs(10);
/// From an answer to the end of the next request's head. Longer than proxies keep an unused connection (nginx 60 s,
/// Traefik 90 s, Caddy 120 s), so that they end it and never send a login into a connection that we are closing.
pub const NEXT_HEAD: Duration = Duration::from_secs(130);

/// Whether a connection ends with its next answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    Yes,
    No,
}

/// A request is being served. Its own limits hold then.
const SERVING: u64 = u64::MAX;

/// When we lose patience with a connection.
pub struct Patience {
    born: Instant,
    /// In milliseconds after `born`.
    ends: AtomicU64,
    has_begun: AtomicBool,
    is_leaving: AtomicBool,
}

impl Patience {
    /// That with somebody who has just connected.
    pub fn new() -> Self {
        Self {
            born: Instant::now(),
            ends: AtomicU64::new(millis(FIRST_HEAD)),
            has_begun: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
        }
    }

    /// A request has come.
    pub fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
        self.ends.store(SERVING, Ordering::Relaxed);
    }

    /// The request is answered. Says whether that was the last answer.
    pub fn end(&self) -> Last {
        self.ends.store(millis(self.born.elapsed() + NEXT_HEAD), Ordering::Relaxed);
        if self.is_leaving.load(Ordering::Relaxed) { Last::Yes } else { Last::No }
    }

    /// If the first request has not come yet, makes its answer the last one; says whether it does.
    pub fn leave_after_first(&self) -> Last {
        if self.has_begun.load(Ordering::Relaxed) {
            return Last::No;
        }
        self.is_leaving.store(true, Ordering::Relaxed);
        Last::Yes
    }

    /// Whether we have waited long enough.
    pub fn is_over(&self) -> bool {
        self.ends.load(Ordering::Relaxed) <= millis(self.born.elapsed())
    }

    /// Before this moment [`Self::is_over`] does not turn true.
    pub fn look_again(&self) -> Instant {
        match self.ends.load(Ordering::Relaxed) {
            // The answer is yet to come, so this is not later than the end after it.
            SERVING => Instant::now() + NEXT_HEAD,
            ends => self.born + Duration::from_millis(ends),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
