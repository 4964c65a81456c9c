//! What every request shares.

use crate::config::{App, Config, Suite};
use crate::dingtalk::suite::{Push, WINDOW};
use crate::dingtalk::{Client, DingTalk, Nonces, SuiteFailure};
use crate::http::RefusedSessions;
use crate::session::{Cookies, Identities, LoginProofs, Session, Sessions};
use crate::store::{Store, StoreError};
use anyhow::Context;
use miandeng_shared::{AgentId, AuthCode, CorpId};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where the store keeps the key that the configuration does not name.
const SESSION_KEY: &str = "session_key";

/// A handle to [`Shared`], cloned into every request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// Configuration, DingTalk, sessions, and what is remembered for a few minutes.
pub struct Shared {
    pub config: Config,
    apps: HashMap<(CorpId, AgentId), Arc<App>>,
    pub dingtalk: Arc<DingTalk>,
    pub sessions: Arc<Sessions>,
    pub login_proofs: LoginProofs,
    pub identities: Identities,
    pub used_codes: UsedCodes,
    pub nonces: Nonces,
    pub ticket_renewals: TicketRenewals,
    pub pushes: Pushes,
    pub refused_sessions: RefusedSessions,
    pub store: Arc<Store>,
    draining: AtomicBool,
}

impl Deref for AppState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl AppState {
    /// The state of a server with this configuration. Nothing is asked of DingTalk yet.
    ///
    /// # Errors
    /// Where the HTTP client cannot be set up, the store cannot be opened, or no key for the sessions is to be had.
    pub async fn new(config: Config) -> anyhow::Result<Self> {
        let client = Client::new(&config.dingtalk)?;
        let store = Arc::new(Store::open(&config.store, &config.state_dir).await?);
        let session = &config.session;
        let secure = config.public_url.scheme() == "https";
        let key = match &session.key {
            Some(key) => key.clone(),
            // Replicas with different keys would log people out in turn, so without the store there is no going on.
            None => match store.keep(SESSION_KEY, Cookies::make_key()).await {
                Ok(key) if Cookies::is_key(&key) => key,
                Ok(_) | Err(StoreError::Unreadable) => anyhow::bail!(
                    "the entry {SESSION_KEY} of the store (of Redis: miandeng:{SESSION_KEY}) holds something that is no \
                     key: remove it, and another is made, or set session.key"
                ),
                Err(error) => return Err(error).context(
                    "session.key is not configured and the store does not answer: start the store, or set session.key",
                ),
            },
        };
        let cookies = Arc::new(Cookies::new(&key, &session.previous_keys, secure));
        let identities = Identities::new(&key, &session.previous_keys, config.issuer())?;
        let sessions = Arc::new(Sessions::new(Arc::clone(&cookies), session.ttl, Arc::clone(&store)));
        sessions.follow().await;
        let apps = config
            .apps
            .iter()
            .map(|app| ((app.corp_id.clone(), app.agent_id.clone()), Arc::new(app.clone())));
        Ok(Self(Arc::new(Shared {
            apps: apps.collect(),
            dingtalk: Arc::new(DingTalk::new(
                client,
                &config.apps,
                &config.suites,
                &store,
                &sessions,
                config.dingtalk.timeout,
            )),
            sessions,
            login_proofs: LoginProofs::new(cookies),
            identities,
            used_codes: UsedCodes::default(),
            nonces: Nonces::new(&key),
            ticket_renewals: TicketRenewals::default(),
            pushes: Pushes::default(),
            refused_sessions: RefusedSessions::default(),
            draining: AtomicBool::new(false),
            store,
            config,
        })))
    }
}

impl Shared {
    /// The configured application of that name.
    pub fn app(&self, corp: &CorpId, agent: &AgentId) -> Option<Arc<App>> {
        self.apps.get(&(corp.clone(), agent.clone())).cloned()
    }

    /// The application of that name: a configured one, else one that a corporation granted a suite.
    ///
    /// # Errors
    /// Where it may be a suite's, and neither the store nor DingTalk can tell.
    pub async fn find_app(&self, corp: &CorpId, agent: &AgentId) -> Result<Option<Arc<App>>, SuiteFailure> {
        match self.app(corp, agent) {
            Some(app) => Ok(Some(app)),
            None => self.dingtalk.suite_app(corp, agent).await,
        }
    }

    /// Whether the application that a session was made for is still one of ours. Asks nobody: a session names the suite
    /// that it was made for, and what a corporation takes back ends the sessions that were made with it.
    pub fn knows_app_of(&self, session: &Session) -> bool {
        match &session.suite {
            None => self.app(&session.user.corp_id, &session.user.agent_id).is_some(),
            Some(key) => self.config.suites.iter().any(|suite| suite.suite_key == *key),
        }
    }

    /// Where a login to the application of this session goes.
    pub fn home_of(&self, session: &Session) -> Option<String> {
        match &session.suite {
            None => self.app(&session.user.corp_id, &session.user.agent_id)?.home.clone(),
            Some(key) => self.config.suites.iter().find(|suite| suite.suite_key == *key)?.home.clone(),
        }
    }

    /// From now on `/readyz` sends balancers elsewhere.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Twice a code's life: DingTalk itself refuses it after five minutes.
const CODE_MEMORY: Duration = Duration::from_secs(600);
/// At most one ticket per application is thrown away in this time, whoever complains.
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);
/// Entries of about 100 bytes: the memory of a busy quarter of an hour, and no more.
const MAX_ENTRIES: u64 = 100_000;

/// A memory of what happened less than `ttl` ago. Where it is full the oldest goes; moka's own choice would be to refuse
/// what is new, and a code that is not remembered is no longer known to be used.
pub fn memory<K, V>(ttl: Duration) -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_ENTRIES)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}

/// The codes that were sent to DingTalk, as digests: a second use is answered here.
pub struct UsedCodes(Cache<[u8; 32], ()>);

impl Default for UsedCodes {
    fn default() -> Self {
        Self(memory(CODE_MEMORY))
    }
}

impl UsedCodes {
    /// Marks the code as used; false if it already was.
    pub fn first_use(&self, app: &App, code: &AuthCode) -> bool {
        let digest = Sha256::digest(format!("{}/{}", app.name(), code.as_str())).into();
        self.0.entry(digest).or_insert(()).is_fresh()
    }
}

/// When each application's ticket was last thrown away on a report.
pub struct TicketRenewals(Cache<String, ()>);

impl Default for TicketRenewals {
    fn default() -> Self {
        Self(memory(RENEWAL_PAUSE))
    }
}

impl TicketRenewals {
    /// True once per application and pause.
    pub fn first_use(&self, app: &App) -> bool {
        self.0.entry(app.name()).or_insert(()).is_fresh()
    }
}

/// Twice the window in which a push is genuine: it reaches as far into the future as into the past.
const PUSH_MEMORY: Duration = WINDOW.saturating_mul(2);

/// The pushes to suites that were followed, as digests, with what was answered.
pub struct Pushes(Cache<[u8; 32], String>);

impl Default for Pushes {
    fn default() -> Self {
        Self(memory(PUSH_MEMORY))
    }
}

impl Pushes {
    /// What the identical push was answered.
    pub fn answered(&self, suite: &Suite, push: &Push<'_>) -> Option<String> {
        self.0.get(&Self::digest(suite, push))
    }

    pub fn remember(&self, suite: &Suite, push: &Push<'_>, answer: String) {
        self.0.insert(Self::digest(suite, push), answer);
    }

    /// The signature is over everything else, so that it names the push.
    fn digest(suite: &Suite, push: &Push<'_>) -> [u8; 32] {
        Sha256::digest(format!("{}/{}/{}", suite.name, push.signature, push.encrypt)).into()
    }
}
