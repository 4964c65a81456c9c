//! A credential that renews itself: one fetch for everybody who waits, renewed early while the old one still serves,
//! dropped only if it is still the one that was rejected. Behind the process stands the store: what another replica, or
//! this one before its restart, has fetched is used, and of several replicas one fetches while the others wait for it.

mod cached;
mod obtain;
mod slot;

pub use cached::Cached;
pub use slot::RefusalMemory;

use super::deadline;
use super::failure::{Error, Kind};
use super::token::{Issued, Token};
use crate::repeats::Repeats;
use crate::store::Store;
use crate::telemetry::Trigger;
use futures_util::FutureExt;
use obtain::Order;
use parking_lot::Mutex;
use slot::{Flight, Held, Slot};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A wrong secret does not become right by asking for every visitor; an operator who mends it waits this long.
pub const REFUSAL_MEMORY: Duration = Duration::from_secs(10);

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
}

#[cfg(test)]
mod tests;
