//! A credential that renews itself: one fetch for everybody who waits, renewed early while the old one still serves,
//! dropped only if it is still the one that was rejected.

use super::client::Issued;
use super::error::Error;
use crate::telemetry::{self, Trigger};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// DingTalk's own advice: renew about ten minutes before the end.
const MARGIN: Duration = Duration::from_secs(600);
/// After a renewal failed, the credential that still serves is left alone for this long.
const RETRY_PAUSE: Duration = Duration::from_secs(10);

type Flight<T> = Shared<BoxFuture<'static, Result<T, Error>>>;

/// Credentials of one family, one per key.
pub(super) struct Renewing<K, T> {
    /// `token` or `ticket` with its family, as metric label.
    kind: &'static str,
    slots: Arc<Mutex<HashMap<K, Slot<T>>>>,
}

struct Slot<T> {
    held: Option<Held<T>>,
    flight: Option<Flight<T>>,
    /// Why the next fetch happens, for the metric.
    trigger: Trigger,
}

#[derive(Clone)]
struct Held<T> {
    value: T,
    refresh_at: Instant,
    expires_at: Instant,
}

impl<T> Slot<T> {
    fn empty() -> Self {
        Slot { held: None, flight: None, trigger: Trigger::First }
    }
}

impl<T> Held<T> {
    fn new(issued: Issued<T>) -> Self {
        let now = Instant::now();
        // A short-lived credential is renewed at half its life.
        let refresh_after = issued.lifetime.saturating_sub(MARGIN).max(issued.lifetime / 2);
        Held { value: issued.value, refresh_at: now + refresh_after, expires_at: now + issued.lifetime }
    }
}

impl<K, T> Renewing<K, T>
where
    K: Clone + Eq + std::hash::Hash + Send + 'static,
    T: Clone + PartialEq + Send + Sync + 'static,
{
    pub fn new(kind: &'static str) -> Self {
        Self { kind, slots: Arc::default() }
    }

    /// The credential of `key`. `fetch` runs only where one is needed, and runs to its end even if the caller leaves.
    pub async fn get<F>(&self, key: &K, fetch: impl FnOnce() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        let flight = {
            let mut slots = lock(&self.slots);
            let slot = slots.entry(key.clone()).or_insert_with(Slot::empty);
            let now = Instant::now();
            match &slot.held {
                Some(held) if now < held.refresh_at => return Ok(held.value.clone()),
                Some(held) if now < held.expires_at => {
                    let value = held.value.clone();
                    if slot.flight.is_none() {
                        slot.trigger = Trigger::Early;
                        slot.flight = Some(self.launch(key, slot.trigger, fetch()));
                    }
                    return Ok(value);
                }
                Some(_) => {
                    slot.held = None;
                    slot.trigger = Trigger::Expired;
                }
                None => {}
            }
            match &slot.flight {
                Some(flight) => flight.clone(),
                None => slot.flight.insert(self.launch(key, slot.trigger, fetch())).clone(),
            }
        };
        flight.await
    }

    /// Drops the credential of `key` if it is still `rejected`, so that a late complaint about an old one costs nothing.
    /// Says whether it did.
    pub fn drop_if(&self, key: &K, rejected: &T, trigger: Trigger) -> bool {
        let mut slots = lock(&self.slots);
        let Some(slot) = slots.get_mut(key) else { return false };
        let same = slot.held.as_ref().is_some_and(|held| held.value == *rejected);
        if same {
            slot.held = None;
            slot.trigger = trigger;
        }
        same
    }

    /// Starts a fetch in a task of its own, so that nobody who leaves takes it along.
    fn launch<F>(&self, key: &K, trigger: Trigger, fetch: F) -> Flight<T>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        telemetry::refresh(self.kind, trigger);
        let (slots, key, kind) = (Arc::clone(&self.slots), key.clone(), self.kind);
        let task = tokio::spawn(async move {
            let outcome = fetch.await;
            if let Err(error) = &outcome {
                tracing::warn!(%error, kind, "DingTalk gave no credential");
            }
            let mut slots = lock(&slots);
            let slot = slots.entry(key).or_insert_with(Slot::empty);
            slot.flight = None;
            match outcome {
                Ok(issued) => {
                    let value = issued.value.clone();
                    slot.held = Some(Held::new(issued));
                    Ok(value)
                }
                Err(error) => {
                    if let Some(held) = &mut slot.held {
                        held.refresh_at = Instant::now() + RETRY_PAUSE;
                    }
                    Err(error)
                }
            }
        });
        let lost = Error::new(self.kind, super::Kind::Unreachable);
        async move { task.await.unwrap_or(Err(lost)) }.boxed().shared()
    }
}

/// A poisoned lock guards nothing that a panic could have left half-done: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dingtalk::Kind;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A platform that hands out 1, 2, 3 … with the given lifetime, or fails.
    struct Mint {
        calls: Arc<AtomicUsize>,
        cache: Renewing<&'static str, usize>,
    }

    impl Mint {
        fn new() -> Self {
            Mint { calls: Arc::default(), cache: Renewing::new("test") }
        }

        async fn get(&self, lifetime: u64) -> Result<usize, Error> {
            let calls = Arc::clone(&self.calls);
            let fetch = || async move {
                tokio::task::yield_now().await;
                let value = calls.fetch_add(1, Ordering::SeqCst) + 1;
                match lifetime {
                    0 => Err(Error::new("/test", Kind::Busy)),
                    secs => Ok(Issued { value, lifetime: Duration::from_secs(secs) }),
                }
            };
            self.cache.get(&"corp", fetch).await
        }

        fn calls(&self) -> usize {
            self.calls.load(Ordering::SeqCst)
        }
    }

    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn everybody_waits_for_one_fetch() {
        let mint = Mint::new();
        let all = futures_util::future::join_all((0..500).map(|_| mint.get(7200))).await;
        assert!(all.into_iter().all(|value| value.unwrap() == 1));
        assert_eq!(mint.calls(), 1);
    }

    #[tokio::test]
    async fn everybody_shares_one_failure_and_the_next_tries_again() {
        let mint = Mint::new();
        let all = futures_util::future::join_all((0..500).map(|_| mint.get(0))).await;
        assert!(all.into_iter().all(|value| value.unwrap_err().kind == Kind::Busy));
        assert_eq!(mint.calls(), 1);
        assert_eq!(mint.get(7200).await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn renewed_ten_minutes_early_while_the_old_one_serves() {
        let mint = Mint::new();
        assert_eq!(mint.get(7200).await.unwrap(), 1);
        tokio::time::advance(Duration::from_secs(6599)).await;
        assert_eq!(mint.get(7200).await.unwrap(), 1);
        settle().await;
        assert_eq!(mint.calls(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(mint.get(7200).await.unwrap(), 1, "the old one serves while the new one is fetched");
        settle().await;
        assert_eq!(mint.get(7200).await.unwrap(), 2);
        assert_eq!(mint.calls(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_pauses_and_the_old_one_serves_to_its_end() {
        let mint = Mint::new();
        mint.get(7200).await.unwrap();
        tokio::time::advance(Duration::from_secs(6700)).await;
        for _ in 0..50 {
            assert_eq!(mint.get(0).await.unwrap(), 1);
            settle().await;
        }
        assert_eq!(mint.calls(), 2);
        tokio::time::advance(Duration::from_secs(501)).await;
        assert_eq!(mint.get(0).await.unwrap_err().kind, Kind::Busy, "never served past its expiry");
    }

    #[tokio::test]
    async fn only_the_rejected_one_is_dropped() {
        let mint = Mint::new();
        assert_eq!(mint.get(7200).await.unwrap(), 1);
        assert!(mint.cache.drop_if(&"corp", &1, Trigger::Rejected));
        assert_eq!(mint.get(7200).await.unwrap(), 2);
        assert!(!mint.cache.drop_if(&"corp", &1, Trigger::Rejected));
        assert_eq!(mint.get(7200).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_caller_who_leaves_does_not_take_the_fetch_along() {
        let mint = Mint::new();
        assert!(mint.get(7200).now_or_never().is_none());
        assert_eq!(mint.get(7200).await.unwrap(), 1);
        assert_eq!(mint.calls(), 1);
    }
}
