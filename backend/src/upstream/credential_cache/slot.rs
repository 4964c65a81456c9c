//! What a cache knows of one credential, and when it is due.

use crate::store::Entry;
use crate::telemetry::Trigger;
use crate::upstream::failure::Error;
use crate::upstream::token::{Issued, Token};
use futures_util::future::{BoxFuture, Shared};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The platforms' own advice: renew about ten minutes before the end.
const MARGIN: Duration = Duration::from_secs(600);
/// A platform may answer an early renewal with the token of before, and little left of its life.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(30);
/// After a renewal failed, the credential that still serves is left alone for this long.
const RETRY_PAUSE: Duration = Duration::from_secs(10);

/// What of the platform's refusals is remembered.
pub struct RefusalMemory {
    pub lasts: Duration,
    /// Of every refusal, and not only of those that the operator mends: the platform bans who fetches in vain too often.
    pub of_each: bool,
}

pub type Flight<T> = Shared<BoxFuture<'static, Result<T, Error>>>;

pub struct Slot<T> {
    /// Tells this slot from one of the same key that was forgotten.
    pub generation: u64,
    pub held: Option<Held<T>>,
    pub flight: Option<Flight<T>>,
    /// The platform's last word on our secret, and until when it is not asked again.
    pub refusal: Option<(Error, Instant)>,
    /// What was rejected last: a store that could not forget it must not bring it back.
    pub rejected: Option<T>,
    /// Why the next fetch happens, for the metric.
    pub trigger: Trigger,
}

#[derive(Clone)]
pub struct Held<T> {
    pub value: T,
    pub refresh_at: Instant,
    pub expires_at: Instant,
}

impl<T> Slot<T> {
    pub fn empty() -> Self {
        static GENERATIONS: AtomicU64 = AtomicU64::new(0);
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        Slot { generation, held: None, flight: None, refusal: None, rejected: None, trigger: Trigger::First }
    }
}

impl<T: Token> Held<T> {
    pub fn new(issued: Issued<T>) -> Self {
        let (now, lifetime) = (Instant::now(), issued.lifetime);
        Held {
            value: issued.value,
            refresh_at: now + lifetime - margin(lifetime),
            expires_at: now + lifetime,
        }
    }

    /// What the store holds, unless it is already time to renew it.
    pub fn fresh(entry: Entry) -> Option<Self> {
        let (now, margin) = (Instant::now(), margin(entry.lifetime));
        let refresh_in = entry.remaining.checked_sub(margin).filter(|left| !left.is_zero())?;
        let value = T::from_secret(entry.value);
        Some(Held { value, refresh_at: now + refresh_in, expires_at: now + entry.remaining })
    }
}

/// How long before its end a credential is renewed; a short-lived one at half its life.
fn margin(lifetime: Duration) -> Duration {
    MARGIN.min(lifetime / 2)
}

impl<T: Token> Slot<T> {
    /// A flight has come to its end.
    pub fn finish(&mut self, outcome: Result<Held<T>, Error>, memory: &RefusalMemory) -> Result<T, Error> {
        self.flight = None;
        match outcome {
            Ok(mut held) => {
                if self.held.as_ref().is_some_and(|before| before.value == held.value) {
                    held.refresh_at = held.refresh_at.max(Instant::now() + BETWEEN_RENEWALS);
                }
                self.refusal = None;
                self.rejected = None;
                Ok(self.held.insert(held).value.clone())
            }
            Err(error) => {
                let now = Instant::now();
                if let Some(held) = &mut self.held {
                    held.refresh_at = now + RETRY_PAUSE;
                }
                if error.kind.policy().is_remembered || memory.of_each && error.kind.is_refusal() {
                    self.refusal = Some((error.clone(), now + memory.lasts));
                }
                Err(error)
            }
        }
    }
}
