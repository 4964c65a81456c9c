//! What each corporation that authorised a suite granted. Kept in the store, because it cannot be asked for again, with a
//! copy in the process for a store that fails.

use super::installation::{AllowedApps, Installation, InstallationId, PermanentCodes};
use super::tickets::Tickets;
use super::version::{Version, rank};
use crate::apps::Suite;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::upstream::Error;
use miandeng_shared::{AgentId, CorpId};
use moka::sync::Cache;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long the copy in the process is used without a look into the store: so long may another replica not know yet that
/// a corporation is gone.
const FRESH: Duration = Duration::from_secs(5);
/// A corporation that is not ours is not looked for again in this time, however often it is asked for.
const STRANGER_MEMORY: Duration = Duration::from_secs(5);
/// DingTalk is asked about one corporation at most this often because of what visitors ask for.
const QUESTION_PAUSE: Duration = Duration::from_secs(30);
/// Longer than DingTalk goes on pushing an authorisation.
const EXCHANGE_MEMORY: Duration = Duration::from_secs(60 * 60);
/// Longer than DingTalk goes on pushing what was not answered.
const PEOPLE_MEMORY: Duration = Duration::from_secs(24 * 60 * 60);
/// Names that a scanner may make us remember; about 150 bytes each.
const MAX_REMEMBERED: u64 = 20_000;
/// The codes were bought with a code that is spent, so a store that hiccups is tried again.
const PUT_TRIES: u32 = 3;
/// Two corporations of which one waits for the other are rarer than is worth more.
const LOCKS: u64 = 64;
const PUT_PAUSE: Duration = Duration::from_millis(200);

#[derive(Clone)]
struct CacheEntry {
    grant: Arc<Installation>,
    at: Instant,
    /// Codes that the store did not take yet.
    unsaved: bool,
}

pub struct Installations {
    pub(super) store: Arc<Store>,
    seen: Mutex<HashMap<InstallationId, CacheEntry>>,
    negative_cache: Cache<InstallationId, ()>,
    pub(super) tickets: Tickets,
    /// One at a time changes what is known of a corporation.
    locks: [tokio::sync::Mutex<()>; LOCKS as usize],
    recent_answers: Cache<InstallationId, Option<Error>>,
    /// Whose a temporary code was, by its digest: a push that comes again need not name the corporation.
    exchanged: Cache<String, CorpId>,
    /// What was followed last about each person, for a while.
    pub(super) people: Cache<String, Version>,
}

impl Installations {
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            tickets: Tickets::new(Arc::clone(&store)),
            store,
            seen: Mutex::default(),
            negative_cache: remember(STRANGER_MEMORY),
            locks: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            recent_answers: remember(QUESTION_PAUSE),
            exchanged: remember(EXCHANGE_MEMORY),
            people: remember(PEOPLE_MEMORY),
        }
    }

    /// What `member` granted, as the store had it at most [`FRESH`] ago.
    pub async fn grant(&self, member: &InstallationId) -> Result<Option<Arc<Installation>>, StoreError> {
        let seen = self.seen.lock().get(member).cloned();
        match &seen {
            Some(seen) if seen.at.elapsed() < FRESH => return Ok(Some(Arc::clone(&seen.grant))),
            None if self.negative_cache.contains_key(member) => return Ok(None),
            _ => {}
        }
        self.current(member).await
    }

    /// What `member` granted, as the store has it now.
    pub async fn current(&self, member: &InstallationId) -> Result<Option<Arc<Installation>>, StoreError> {
        let seen = self.seen.lock().get(member).cloned();
        if let Some(seen) = seen.as_ref().filter(|seen| seen.unsaved)
            && self.put_codes(member, &seen.grant.codes).await.is_err()
        {
            return Ok(Some(Arc::clone(&seen.grant)));
        }
        match self.read(member).await {
            Ok(Some(grant)) => Ok(Some(self.see(member, grant, false))),
            Ok(None) => {
                self.seen.lock().remove(member);
                self.negative_cache.insert(member.clone(), ());
                Ok(None)
            }
            Err(error) => seen.map(|seen| Some(seen.grant)).ok_or(error),
        }
    }

    /// Whether this process knows `member`.
    pub fn knows(&self, member: &InstallationId) -> bool {
        self.seen.lock().contains_key(member)
    }

    /// Keeps the codes that a corporation's authorisation bought. Where the store does not take them they serve from
    /// this process, and every later look tries again.
    pub async fn keep_codes(
        &self,
        member: &InstallationId,
        codes: PermanentCodes,
    ) -> Result<Arc<Installation>, StoreError> {
        let mut tried = self.put_codes(member, &codes).await;
        for _ in 1..PUT_TRIES {
            if tried.is_ok() {
                break;
            }
            tokio::time::sleep(PUT_PAUSE).await;
            tried = self.put_codes(member, &codes).await;
        }
        self.negative_cache.invalidate(member);
        self.recent_answers.invalidate(member);
        self.exchanged.insert(codes.redeemed.clone(), member.corp.clone());
        let before = self.seen.lock().get(member).map(|seen| seen.grant.agents()).unwrap_or_default();
        let grant = Installation { codes, apps: None, stopped: Vec::new(), before };
        let grant = self.see(member, grant, tried.is_err());
        tried.map(|()| grant)
    }

    /// The corporation whose temporary code with this digest was exchanged here not long ago.
    pub fn exchanged(&self, redeemed: &str) -> Option<CorpId> {
        self.exchanged.get(redeemed)
    }

    /// Keeps which applications a corporation allows.
    pub async fn keep_apps(
        &self,
        member: &InstallationId,
        codes: &PermanentCodes,
        apps: AllowedApps,
    ) -> Result<Arc<Installation>, StoreError> {
        let raw = serde_json::to_string(&apps).map_err(|_| StoreError::Unreadable)?;
        let stopped = self.stopped(member, &apps).await?;
        let unsaved = self.seen.lock().get(member).is_some_and(|seen| seen.unsaved);
        let grant = Installation { codes: codes.clone(), apps: Some(apps), stopped, before: Vec::new() };
        let grant = self.see(member, grant, unsaved);
        self.store.durable_put(&member.apps_key(), "", &Secret::new(raw)).await?;
        Ok(grant)
    }

    /// Which of `apps` are switched off.
    async fn stopped(&self, member: &InstallationId, apps: &AllowedApps) -> Result<Vec<AgentId>, StoreError> {
        let mut stopped = Vec::new();
        for agent in apps.all() {
            if self.store.durable_get(&member.stop_key(&agent)).await?.is_some() {
                stopped.push(agent);
            }
        }
        Ok(stopped)
    }

    /// Forgets a corporation here and in the store. The codes go last, so that a push that is repeated after a crash
    /// finds what is left to do.
    pub async fn remove(&self, member: &InstallationId) -> Result<(), StoreError> {
        self.seen.lock().remove(member);
        self.store.durable_remove(&member.apps_key()).await?;
        self.store.durable_remove(&member.codes_key()).await?;
        self.negative_cache.insert(member.clone(), ());
        Ok(())
    }

    /// The right to change what is known of `member`. Never taken twice at a time, because two may share a lock.
    pub async fn lock(&self, member: &InstallationId) -> tokio::sync::MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        member.hash(&mut hasher);
        self.locks[(hasher.finish() % LOCKS) as usize].lock().await
    }

    /// Switches one application of a corporation off or on.
    pub async fn stop(
        &self,
        member: &InstallationId,
        agent: &AgentId,
        stopped: bool,
    ) -> Result<(), StoreError> {
        let key = member.stop_key(agent);
        match stopped {
            true => self.store.durable_put(&key, "", &Secret::new("1")).await.map(|_| ())?,
            false => self.store.durable_remove(&key).await?,
        }
        self.current(member).await.map(|_| ())
    }

    /// What came of the last question about `member`, if that was not long ago.
    pub fn recent_answer(&self, member: &InstallationId) -> Option<Option<Error>> {
        self.recent_answers.get(member)
    }

    pub fn remember_answer(&self, member: &InstallationId, failure: Option<Error>) {
        self.recent_answers.insert(member.clone(), failure);
    }

    /// The next visitor has DingTalk asked again.
    pub fn forget_failures(&self, suite: &Suite) {
        for (member, failure) in &self.recent_answers {
            if failure.is_some() && member.suite_key == suite.suite_key {
                self.recent_answers.invalidate(&*member);
            }
        }
    }

    fn see(&self, member: &InstallationId, grant: Installation, unsaved: bool) -> Arc<Installation> {
        let grant = Arc::new(grant);
        let seen = CacheEntry { grant: Arc::clone(&grant), at: Instant::now(), unsaved };
        self.seen.lock().insert(member.clone(), seen);
        grant
    }

    async fn put_codes(&self, member: &InstallationId, codes: &PermanentCodes) -> Result<(), StoreError> {
        let rank = rank(codes.since_ms);
        self.store.durable_put(&member.codes_key(), &rank, &codes.stored()).await.map(|_| ())
    }

    async fn read(&self, member: &InstallationId) -> Result<Option<Installation>, StoreError> {
        let Some(codes) = self.store.durable_get(&member.codes_key()).await? else { return Ok(None) };
        let codes = PermanentCodes::read(&codes).ok_or(StoreError::Unreadable)?;
        let apps = self.store.durable_get(&member.apps_key()).await?;
        let apps = apps.and_then(|apps| serde_json::from_str::<AllowedApps>(apps.expose()).ok());
        let (apps, before) = match apps {
            // What an earlier authorisation allowed says nothing of this one.
            Some(apps) if apps.since_ms != codes.since_ms => (None, apps.all()),
            apps => (apps, Vec::new()),
        };
        let stopped = match &apps {
            Some(apps) => self.stopped(member, apps).await?,
            None => Vec::new(),
        };
        Ok(Some(Installation { codes, apps, stopped, before }))
    }
}

fn remember<K, V>(time: Duration) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(MAX_REMEMBERED).time_to_live(time).build()
}

#[cfg(test)]
mod tests;
