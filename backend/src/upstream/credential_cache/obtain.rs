//! Where a credential comes from: the store, or the platform if the right to fetch is ours, or the replica that has it.

use super::CredentialCache;
use super::slot::{Held, Slot};
use crate::store::{Entry, StoreError};
use crate::telemetry::{self, Trigger};
use crate::upstream::failure::Error;
use crate::upstream::token::{Issued, Token};
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// How often a replica that waits for another's result looks for it.
const POLL: Duration = Duration::from_millis(25);

/// What a fetch is for.
pub(super) struct Order<T> {
    pub key: String,
    /// The key in the store.
    pub name: String,
    pub generation: u64,
    pub trigger: Trigger,
    pub rejected: Option<T>,
}

impl<T: Token> CredentialCache<T> {
    /// The slot that a fetch was begun for, unless it was forgotten.
    pub(super) fn slot_of<'a>(
        &self,
        slots: &'a mut HashMap<String, Slot<T>>,
        order: &Order<T>,
    ) -> Option<&'a mut Slot<T>> {
        slots.get_mut(&order.key).filter(|slot| slot.generation == order.generation)
    }

    /// From the store, or from the platform if the right to fetch is ours, or from the replica that has it.
    pub(super) async fn obtain<F>(&self, order: &Order<T>, fetch: F) -> Result<Held<T>, Error>
    where
        F: Future<Output = Result<Issued<T>, Error>>,
    {
        let patience = Instant::now() + self.lock_lifetime;
        let mut lock = None;
        while let Ok(found) = self.in_store(order).await {
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
                    Ok(false) => self.in_store(order).await.ok().flatten(),
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
    async fn in_store(&self, order: &Order<T>) -> Result<Option<Held<T>>, StoreError> {
        let fresh = self.store.read(&order.name).await?.and_then(Held::fresh);
        Ok(fresh.filter(|held| order.rejected.as_ref() != Some(&held.value)))
    }
}
