//! DingTalk, as the backend talks to it: what each kind of application asks of it, and what it pushes to a suite.

mod answer;
mod app;
mod caches;
mod client;
mod errcodes;
mod h5;
mod providers;
pub mod sign;
mod signer;
pub mod suite;
mod tokens;
mod window;

pub use app::DingTalkApp;
pub use signer::Signer;

use crate::apps::App;
use crate::config::Config;
use crate::session::Sessions;
use crate::store::Store;
use caches::Caches;
use client::Client;
use providers::Providers;
use std::sync::Arc;
use suite::Suites;
use suite::tokens::SuiteTokens;

/// DingTalk with everything that is remembered of it.
pub struct DingTalk {
    providers: Arc<Providers>,
    pub suites: Arc<Suites>,
}

impl DingTalk {
    /// DingTalk as the configuration names it. Credentials are kept in `store`; `sessions` end with what a corporation
    /// takes back.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &Config, store: &Arc<Store>, sessions: &Arc<Sessions>) -> anyhow::Result<Self> {
        let caches = Caches::new(config, store);
        let client = Client::new(&config.dingtalk)?;
        let suite_tokens = SuiteTokens::new(&client, &caches, store);
        let providers = Arc::new(Providers { client, caches, suite_tokens });
        let suites = Arc::new(Suites::new(&config.suites, Arc::clone(&providers), Arc::clone(sessions)));
        Ok(Self { providers, suites })
    }

    /// What `app`, a configured one, asks of DingTalk. Applications of one corporation with one secret share what it buys,
    /// because a second fetch may invalidate the first one's token: `corp` are all that the corporation has.
    pub fn provider(&self, app: &App, corp: &[&App]) -> Option<DingTalkApp> {
        self.providers.provider(app, corp)
    }

    /// Whether DingTalk refuses the credentials of an application, so that only an operator can help.
    pub fn is_refused(&self) -> bool {
        self.providers.caches.is_refused()
    }
}
