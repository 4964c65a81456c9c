//! A credential that renews itself: one fetch for everybody who waits, renewed early while the old one still serves,
//! dropped only if it is still the one that was rejected. Behind the process stands the store: what another replica, or
//! this one before its restart, has fetched is used, and of several replicas one fetches while the others wait for it.

mod cached;
mod slot;

pub use cached::Cached;
pub use slot::RefusalMemory;

use super::deadline;
use super::failure::{Error, Kind};
use super::token::{Issued, Token};
use crate::repeats::Repeats;
use crate::store::{Entry, Store, StoreError};
use crate::telemetry::{self, Trigger};
use futures_util::FutureExt;
use parking_lot::Mutex;
use slot::{Flight, Held, Slot};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A wrong secret does not become right by asking for every visitor; an operator who mends it waits this long.
pub const REFUSAL_MEMORY: Duration = Duration::from_secs(10);
/// How often a replica that waits for another's result looks for it.
const POLL: Duration = Duration::from_millis(25);

/// Of each credential and failure one line in this time, however many people wait for it.
static NOT_GIVEN: Repeats<(String, String)> = Repeats::new(Duration::from_secs(60));

/// Credentials of one family, by the name of each. Cloning gives another handle to the same ones.
pub struct CredentialCache<T> {
    /// `token` or `ticket` with its family, as metric label and part of the store's key.
    kind: &'static str,
    slots: Arc<Mutex<HashMap<String, Slot<T>>>>,
    store: Arc<Store>,
    /// Longer than a fetch can take, so that a lock ends by itself only where its holder is gone.
    lock_lifetime: Duration,
    refusal_memory: &'static RefusalMemory,
}

impl<T> Clone for CredentialCache<T> {
    fn clone(&self) -> Self {
        Self { slots: Arc::clone(&self.slots), store: Arc::clone(&self.store), ..*self }
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

impl<T: Token> CredentialCache<T> {
    /// No credentials yet. `kind` is their family, as metric label and part of the store's key; `lock_lifetime` is longer
    /// than a fetch can take.
    pub fn new(kind: &'static str, store: &Arc<Store>, lock_lifetime: Duration) -> Self {
        let refusal_memory = &RefusalMemory { lasts: REFUSAL_MEMORY, of_each: false };
        Self { kind, slots: Arc::default(), store: Arc::clone(store), lock_lifetime, refusal_memory }
    }

    /// The same with another memory.
    #[must_use]
    pub fn remembering(self, refusal_memory: &'static RefusalMemory) -> Self {
        Self { refusal_memory, ..self }
    }

    /// The credential of that name, which is part of the store's key and never a secret. Those who give one name share
    /// what it is fetched with: `fetch` gets a clone of `with` each time.
    pub fn slot<C, F>(&self, id: &str, with: C, fetch: impl Fn(C) -> F + Send + Sync + 'static) -> Cached<T>
    where
        C: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        Cached { cache: self.clone(), id: id.into(), fetch: Arc::new(move || fetch(with.clone()).boxed()) }
    }

    async fn get<F>(&self, key: &str, fetch: impl FnOnce() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<Issued<T>, Error>> + Send + 'static,
    {
        let flight = {
            let mut slots = self.slots.lock();
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
        self.slots.lock().get(key)?.held.as_ref().map(|held| held.value.clone())
    }

    async fn drop_if(&self, key: &str, rejected: &T, trigger: Trigger) -> bool {
        let dropped = {
            let mut slots = self.slots.lock();
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
        self.slots.lock().remove(key);
        // A store that fails has been warned of; what stays there expires, and its owner is not looked up any more.
        let _ = self.store.remove(&self.name(key)).await;
    }

    /// Lets the next call ask again at once, for keys that are meant, because what the platform refused has changed.
    pub fn forgive(&self, is_meant: impl Fn(&str) -> bool) {
        for (_, slot) in self.slots.lock().iter_mut().filter(|(key, _)| is_meant(key)) {
            slot.refusal = None;
        }
    }

    /// Whether the platform's last word on one of our secrets was a refusal.
    pub fn is_refused(&self) -> bool {
        self.slots.lock().values().any(|slot| slot.refusal.is_some())
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
        if let Some(slot) = self.slot_of(&mut self.slots.lock(), order) {
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
            Ok(issued) if self.slot_of(&mut self.slots.lock(), order).is_some() => {
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

#[cfg(test)]
mod tests;
