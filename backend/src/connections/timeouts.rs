//! How long a connection may keep us waiting.
//!
//! One clock for each connection and not one for each request: with thousands of requests a second on few connections,
//! setting and clearing timers would be felt.

use crate::clock::as_millis;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// From the connection to the end of the first request's head. Phones on a bad network need a second or two.
pub const FIRST_HEAD: Duration = Duration::from_secs(10);
/// The same while others wait for a seat.
pub const FIRST_HEAD_CROWDED: Duration = Duration::from_secs(2);
/// From an answer to the end of the next request's head. Longer than proxies keep an unused connection (nginx 60 s,
/// Traefik 90 s, Caddy 120 s), so that they end it and never send a login into a connection that we are closing.
pub const NEXT_HEAD: Duration = Duration::from_secs(130);
/// How long a client may take less than [`PROGRESS`] of an answer. The whole of it has to be taken within [`NEXT_HEAD`].
pub const STALL: Duration = Duration::from_secs(10);
/// The same while others wait for a seat.
pub const STALL_CROWDED: Duration = Duration::from_secs(5);
/// Fewer bytes prolong nothing: one byte every nine seconds would hold a seat as silence does.
const PROGRESS: usize = 8 * 1024;

/// Whether a connection ends with its next answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    Yes,
    No,
}

/// A request is being served, or no answer is stuck. Other limits hold then.
const NEVER: u64 = u64::MAX;

/// When a connection has taken too long.
pub struct Timeouts {
    born: Instant,
    /// When the next head has to be there, in milliseconds after `born`.
    ends: AtomicU64,
    /// Since when the client has been taking less than there is, in milliseconds after `born`.
    stalled: AtomicU64,
    /// What it has taken since then.
    taken: AtomicUsize,
    has_begun: AtomicBool,
    is_leaving: AtomicBool,
    is_crowded: AtomicBool,
}

impl Timeouts {
    /// That of a new connection.
    pub fn new(first_is: Last) -> Self {
        Self {
            born: Instant::now(),
            ends: AtomicU64::new(as_millis(FIRST_HEAD)),
            stalled: AtomicU64::new(NEVER),
            taken: AtomicUsize::new(0),
            has_begun: AtomicBool::new(false),
            is_leaving: AtomicBool::new(first_is == Last::Yes),
            is_crowded: AtomicBool::new(false),
        }
    }

    /// A request has come.
    pub fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
        self.ends.store(NEVER, Ordering::Relaxed);
    }

    /// The request is answered. Says whether that was the last answer.
    pub fn end(&self) -> Last {
        self.ends.store(as_millis(self.born.elapsed() + NEXT_HEAD), Ordering::Relaxed);
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

    /// Others wait for a seat from now on.
    pub fn crowd(&self) {
        self.is_crowded.store(true, Ordering::Relaxed);
    }

    /// The client takes no more of an answer for now.
    pub fn stall(&self) {
        if self.stalled.load(Ordering::Relaxed) == NEVER {
            self.stalled.store(as_millis(self.born.elapsed()), Ordering::Relaxed);
            self.taken.store(0, Ordering::Relaxed);
        }
    }

    /// The client has taken so many bytes.
    pub fn take(&self, bytes: usize) {
        if self.taken.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) >= PROGRESS {
            self.all_is_taken();
        }
    }

    /// Nothing is left to be taken.
    pub fn all_is_taken(&self) {
        self.stalled.store(NEVER, Ordering::Relaxed);
    }

    /// Whether we have waited long enough.
    pub fn is_over(&self) -> bool {
        self.due() <= as_millis(self.born.elapsed())
    }

    /// Before this moment [`Self::is_over`] does not turn true, unless [`Self::crowd`] or [`Self::stall`] is called.
    pub fn look_again(&self) -> Instant {
        match self.due() {
            // The answer is yet to come, so this is not later than the end after it.
            NEVER => Instant::now() + NEXT_HEAD,
            due => self.born + Duration::from_millis(due),
        }
    }

    fn due(&self) -> u64 {
        let is_crowded = self.is_crowded.load(Ordering::Relaxed);
        let (mut ends, stalled) = (self.ends.load(Ordering::Relaxed), self.stalled.load(Ordering::Relaxed));
        if is_crowded && !self.has_begun.load(Ordering::Relaxed) {
            ends = ends.min(as_millis(FIRST_HEAD_CROWDED));
        }
        let stall = if is_crowded { STALL_CROWDED } else { STALL };
        ends.min(stalled.saturating_add(as_millis(stall)))
    }
}
