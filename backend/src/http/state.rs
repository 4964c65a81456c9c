//! What every request shares.

use super::login::Flights;
use super::verdicts::Verdicts;
use crate::config::Config;
use crate::dingtalk::suite::Pushes;
use crate::recent::FirstUses;
use crate::registry::Registry;
use crate::secret::SessionKey;
use crate::session::{Attempts, Cookies, Identities, LoginCsrf, Sessions, UsedCodes};
use crate::store::{Store, StoreError};
use anyhow::Context;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where the store keeps the key that the configuration does not name.
const SESSION_KEY: &str = "session_key";
const FOREIGN_KEY: &str = "the entry session_key of the store (of Redis: miandeng:session_key) holds something that is no \
    key: remove it, and another is made, or set session.key";

/// At most one ticket per application is thrown away in this time, however many pages complain.
pub const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// A handle to [`Shared`], cloned into every request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// Configuration, applications, sessions, and what is remembered for a few minutes.
pub struct Shared {
    pub config: Config,
    pub registry: Registry,
    pub sessions: Arc<Sessions>,
    pub login_csrf: LoginCsrf,
    pub attempts: Attempts,
    pub flights: Flights,
    pub identities: Identities,
    pub used_codes: UsedCodes,
    /// When each application's ticket was last thrown away on a report.
    pub ticket_renewals: FirstUses<String>,
    pub pushes: Pushes,
    pub verdicts: Verdicts,
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
    /// The state of a server with this configuration. No platform is asked for anything yet.
    ///
    /// # Errors
    /// Where the HTTP client cannot be set up, the store cannot be opened, or no key for the sessions is to be had.
    pub async fn new(config: Config) -> anyhow::Result<Self> {
        let store = Arc::new(Store::open(&config.store, &config.state_dir).await?);
        let session = &config.session;
        let secure = config.public_url.scheme() == "https";
        let key = match &session.key {
            Some(key) => key.clone(),
            // Replicas with different keys would log people out in turn, so without the store there is no going on.
            None => match store.keep(SESSION_KEY, SessionKey::random()).await {
                Ok(kept) => SessionKey::new(&kept).context(FOREIGN_KEY)?,
                Err(StoreError::Unreadable) => anyhow::bail!(FOREIGN_KEY),
                Err(error) => return Err(error).context(
                    "session.key is not configured and the store does not answer: start the store, or set session.key",
                ),
            },
        };
        let cookies = Arc::new(Cookies::new(&key, &session.previous_keys, secure));
        let identities = Identities::new(&key, &session.previous_keys, config.issuer())?;
        let sessions = Arc::new(Sessions::new(Arc::clone(&cookies), session.ttl, Arc::clone(&store)));
        sessions.follow().await;
        Ok(Self(Arc::new(Shared {
            registry: Registry::new(&config, &store, &sessions)?,
            sessions,
            attempts: Attempts::new(Arc::clone(&cookies)),
            flights: Flights::default(),
            login_csrf: LoginCsrf::new(cookies),
            identities,
            used_codes: UsedCodes::default(),
            ticket_renewals: FirstUses::new(RENEWAL_PAUSE),
            pushes: Pushes::default(),
            verdicts: Verdicts::default(),
            draining: AtomicBool::new(false),
            store,
            config,
        })))
    }
}

#[cfg(test)]
impl AppState {
    /// One application more.
    pub fn insert(&mut self, app: crate::registry::RegisteredApp) {
        Arc::get_mut(&mut self.0).unwrap().registry.insert(app);
    }
}

impl Shared {
    /// From now on `/readyz` sends balancers elsewhere.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
