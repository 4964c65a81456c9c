//! A credential that renews itself: one fetch for everybody who waits, renewed early while the old one still serves,
//! dropped only if it is still the one that was rejected. Behind the process stands the store: what another replica, or
//! this one before its restart, has fetched is used, and of several replicas one fetches while the others wait for it.

use super::deadline;
use super::failure::{Error, Kind};
use super::token::{Issued, Token};
use crate::repeats::Repeats;
use crate::store::{Entry, Store, StoreError};
use crate::telemetry::{self, Trigger};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The platforms' own advice: renew about ten minutes before the end.
const MARGIN: Duration = Duration::from_secs(600);
/// A platform may answer an early renewal with the token of before, and little left of its life.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(30);
/// After a renewal failed, the credential that still serves is left alone for this long.
const RETRY_PAUSE: Duration = Duration::from_secs(10);
/// A wrong secret does not become right by asking for every visitor; an operator who mends it waits this long.
pub const REFUSAL_MEMORY: Duration = Duration::from_secs(10);
/// How often a replica that waits for another's result looks for it.
const POLL: Duration = Duration::from_millis(25);

/// Of each credential and failure one line in this time, however many people wait for it.
static NOT_GIVEN: Repeats<(String, String)> = Repeats::new(Duration::from_secs(60));

type Flight<T> = Shared<BoxFuture<'static, Result<T, Error>>>;

/// Fetches a credential anew.
type Fetch<T> = dyn Fn() -> BoxFuture<'static, Result<Issued<T>, Error>> + Send + Sync;

/// Credentials of one family, by the name of each. Cloning gives another handle to the same ones.
pub struct CredentialCache<T> {
    /// `token` or `ticket` with its family, as metric label and part of the store's key.
    kind: &'static str,
    slots: Arc<Mutex<HashMap<String, Slot<T>>>>,
    store: Arc<Store>,
    /// Longer than a fetch can take, so that a lock ends by itself only where its holder is gone.
    lock_lifetime: Duration,
    refusal_memory: Duration,
}

impl<T> Clone for CredentialCache<T> {
    fn clone(&self) -> Self {
        Self { slots: Arc::clone(&self.slots), store: Arc::clone(&self.store), ..*self }
    }
}

/// One credential of a cache, which knows how it is fetched.
pub struct Cached<T> {
    cache: CredentialCache<T>,
    id: Arc<str>,
    fetch: Arc<Fetch<T>>,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone(), id: Arc::clone(&self.id), fetch: Arc::clone(&self.fetch) }
    }
}

impl<T: Token> Cached<T> {
    /// The credential. It is fetched only where that is needed, and then to the end even if the caller leaves.
    ///
    /// # Errors
    /// That of the fetch, or of one not long ago that need not be tried again.
    pub async fn get(&self) -> Result<T, Error> {
        self.cache.get(&self.id, || (self.fetch)()).await
    }

    /// The credential that is in memory, whatever its age.
    pub fn held(&self) -> Option<T> {
        self.cache.held(&self.id)
    }

    /// Calls with the credential, and exactly once more with a fresh one if the platform rejects the first.
    ///
    /// # Errors
    /// Those of the credential and of the call.
    pub async fn with<R, G>(&self, call: impl Fn(T) -> G) -> Result<R, Error>
    where
        G: Future<Output = Result<R, Error>>,
    {
        let first = self.get().await?;
        match call(first.clone()).await {
            Err(error) if error.kind.policy().renews_token => {
                self.drop_if(&first, Trigger::Rejected).await;
                call(self.get().await?).await
            }
            other => other,
        }
    }

    /// Drops the credential if it is still `rejected`, here and in the store, so that a late complaint about an old one
    /// costs nothing. Says whether it did here.
    pub async fn drop_if(&self, rejected: &T, trigger: Trigger) -> bool {
        self.cache.drop_if(&self.id, rejected, trigger).await
    }
}

struct Slot<T> {
    /// Tells this slot from one of the same key that was forgotten.
    generation: u64,
    held: Option<Held<T>>,
    flight: Option<Flight<T>>,
    /// The platform's last word on our secret, and until when it is not asked again.
    refusal: Option<(Error, Instant)>,
    /// What was rejected last: a store that could not forget it must not bring it back.
    rejected: Option<T>,
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
        static GENERATIONS: AtomicU64 = AtomicU64::new(0);
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        Slot { generation, held: None, flight: None, refusal: None, rejected: None, trigger: Trigger::First }
    }
}

/// What a fetch is for.
struct Order<T> {
    key: String,
    /// The key in the store.
    name: String,
    generation: u64,
    trigger: Trigger,
    rejected: Option<T>,
}

impl<T: Token> Held<T> {
    fn new(issued: Issued<T>) -> Self {
        let (now, lifetime) = (Instant::now(), issued.lifetime);
        Held {
            value: issued.value,
            refresh_at: now + lifetime - margin(lifetime),
            expires_at: now + lifetime,
        }
    }

    /// What the store holds, unless it is already time to renew it.
    fn fresh(entry: Entry) -> Option<Self> {
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

impl<T: Token> CredentialCache<T> {
    /// No credentials yet. `kind` is their family, as metric label and part of the store's key; `lock_lifetime` is longer
    /// than a fetch can take.
    pub fn new(kind: &'static str, store: &Arc<Store>, lock_lifetime: Duration) -> Self {
        let refusal_memory = REFUSAL_MEMORY;
        Self { kind, slots: Arc::default(), store: Arc::clone(store), lock_lifetime, refusal_memory }
    }

    /// The same, where a refusal is remembered for longer.
    #[must_use]
    pub fn remembering(self, refusal_memory: Duration) -> Self {
        Self { refusal_memory, ..self }
    }

    /// The credential of that name, which is part of the store's key and never a secret. Those who give one name share
    /// what it is fetched with.
    pub fn slot<F>(&self, id: &str, fetch: impl Fn() -> F + Send + Sync + 'static) -> Cached<T>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        Cached { cache: self.clone(), id: id.into(), fetch: Arc::new(move || fetch().boxed()) }
    }

    async fn get<F>(&self, key: &str, fetch: impl FnOnce() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        let flight = {
            let mut slots = lock(&self.slots);
            let slot = match slots.get_mut(key) {
                Some(slot) => slot,
                None => slots.entry(key.to_owned()).or_insert_with(Slot::empty),
            };
            let now = Instant::now();
            match &slot.held {
                Some(held) if now < held.refresh_at => return Ok(held.value.clone()),
                Some(held) if now < held.expires_at => {
                    let value = held.value.clone();
                    if slot.flight.is_none() {
                        slot.trigger = Trigger::Early;
                        slot.flight = Some(self.launch(key, slot, fetch()));
                    }
                    return Ok(value);
                }
                Some(_) => {
                    slot.held = None;
                    slot.trigger = Trigger::Expired;
                }
                None => {}
            }
            match (&slot.flight, &slot.refusal) {
                (Some(flight), _) => flight.clone(),
                (None, Some((error, until))) if now < *until => return Err(error.clone()),
                (None, _) => {
                    let flight = self.launch(key, slot, fetch());
                    slot.flight.insert(flight).clone()
                }
            }
        };
        flight.await
    }

    fn held(&self, key: &str) -> Option<T> {
        lock(&self.slots).get(key)?.held.as_ref().map(|held| held.value.clone())
    }

    async fn drop_if(&self, key: &str, rejected: &T, trigger: Trigger) -> bool {
        let dropped = {
            let mut slots = lock(&self.slots);
            let Some(slot) = slots.get_mut(key) else { return false };
            let same = slot.held.as_ref().is_some_and(|held| held.value == *rejected);
            if same {
                slot.held = None;
                slot.rejected = Some(rejected.clone());
                slot.trigger = trigger;
            }
            same
        };
        if dropped {
            // A store that fails has been warned of, and `rejected` keeps it from coming back.
            let _ = self.store.remove_if(&self.name(key), rejected.secret()).await;
        }
        dropped
    }

    /// Forgets the credential of `key` here and in the store, because it may not be used any more.
    pub async fn forget(&self, key: &str) {
        lock(&self.slots).remove(key);
        // A store that fails has been warned of; what stays there expires, and its owner is not looked up any more.
        let _ = self.store.remove(&self.name(key)).await;
    }

    /// Lets the next call ask again at once, for keys that are meant, because what the platform refused has changed.
    pub fn forgive(&self, is_meant: impl Fn(&str) -> bool) {
        for (_, slot) in lock(&self.slots).iter_mut().filter(|(key, _)| is_meant(key)) {
            slot.refusal = None;
        }
    }

    /// Whether the platform's last word on one of our secrets was a refusal.
    pub fn is_refused(&self) -> bool {
        lock(&self.slots).values().any(|slot| slot.refusal.is_some())
    }

    /// The key in the store: family, corporation, application. No secret is part of it.
    fn name(&self, key: &str) -> String {
        format!("{}:{key}", self.kind)
    }

    /// Starts a fetch in a task of its own, so that a caller who leaves does not take it along.
    fn launch<F>(&self, key: &str, slot: &Slot<T>, fetch: F) -> Flight<T>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        let this = self.clone();
        let order = Order {
            key: key.to_owned(),
            name: self.name(key),
            generation: slot.generation,
            trigger: slot.trigger,
            rejected: slot.rejected.clone(),
        };
        let task = tokio::spawn(deadline::until(deadline::current(), async move {
            let outcome = this.obtain(&order, fetch).await;
            if let Err(error) = &outcome
                && let Some(suppressed) = NOT_GIVEN.first((order.name.clone(), error.briefly()))
            {
                tracing::warn!(%error, kind = this.kind, key = %order.key, suppressed, "no credential was given");
            }
            this.finish(&order, outcome).await
        }));
        let lost = Error::new(self.kind, Kind::Unreachable);
        async move { task.await.unwrap_or(Err(lost)) }.boxed().shared()
    }

    /// A fetch has come to its end. What was forgotten meanwhile is for those who wait for it, and is not kept.
    async fn finish(&self, order: &Order<T>, outcome: Result<Held<T>, Error>) -> Result<T, Error> {
        if let Some(slot) = self.slot_of(&mut lock(&self.slots), order) {
            return slot.finish(outcome, self.refusal_memory);
        }
        let value = outcome?.value;
        let _ = self.store.remove_if(&order.name, value.secret()).await;
        Ok(value)
    }

    /// The slot that a fetch was begun for, unless it was forgotten.
    fn slot_of<'a>(
        &self,
        slots: &'a mut HashMap<String, Slot<T>>,
        order: &Order<T>,
    ) -> Option<&'a mut Slot<T>> {
        slots.get_mut(&order.key).filter(|slot| slot.generation == order.generation)
    }

    /// From the store, or from the platform if the right to fetch is ours, or from the replica that has it.
    async fn obtain<F>(&self, order: &Order<T>, fetch: F) -> Result<Held<T>, Error>
    where
        F: Future<Output = Result<Issued<T>, Error>>,
    {
        let patience = Instant::now() + self.lock_lifetime;
        let mut lock = None;
        while let Ok(found) = self.found(order).await {
            // Also between our look and our lock another may have finished.
            match (found, &lock) {
                (Some(held), None) => return Ok(held),
                (Some(held), Some(lock)) => {
                    let _ = self.store.unlock(&order.name, lock).await;
                    return Ok(held);
                }
                (None, Some(_)) => break,
                (None, None) => {}
            }
            lock = match self.store.lock(&order.name, self.lock_lifetime).await {
                Ok(None) if Instant::now() < patience => {
                    tokio::time::sleep(POLL).await;
                    None
                }
                Ok(Some(lock)) => Some(lock),
                // The store is gone, or its holder holds the lock longer than any may: alone then.
                Ok(None) | Err(_) => break,
            };
        }
        telemetry::refresh(self.kind, order.trigger);
        let fetched = fetch.await;
        let Some(lock) = lock else { return fetched.map(Held::new) };
        match fetched {
            Ok(issued) if self.slot_of(&mut self::lock(&self.slots), order).is_some() => {
                let Issued { value, lifetime } = issued.clone();
                let entry = Entry { value: value.secret().clone(), remaining: lifetime, lifetime };
                // Where the lock ran out and is another's, what the other got is the newer one.
                let theirs = match self.store.write(&order.name, &entry, &lock).await {
                    Ok(false) => self.found(order).await.ok().flatten(),
                    Ok(true) | Err(_) => None,
                };
                Ok(theirs.unwrap_or_else(|| Held::new(issued)))
            }
            other => {
                let _ = self.store.unlock(&order.name, &lock).await;
                other.map(Held::new)
            }
        }
    }

    /// What the store holds and is still good.
    async fn found(&self, order: &Order<T>) -> Result<Option<Held<T>>, StoreError> {
        let fresh = self.store.read(&order.name).await?.and_then(Held::fresh);
        Ok(fresh.filter(|held| order.rejected.as_ref() != Some(&held.value)))
    }
}

impl<T: Token> Slot<T> {
    /// A flight has come to its end.
    fn finish(&mut self, outcome: Result<Held<T>, Error>, refusal_memory: Duration) -> Result<T, Error> {
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
                if error.kind.policy().is_remembered {
                    self.refusal = Some((error.clone(), now + refusal_memory));
                }
                Err(error)
            }
        }
    }
}

/// A poisoned lock guards nothing that a panic could have left half-done: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
