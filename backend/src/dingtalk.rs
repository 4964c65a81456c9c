//! DingTalk, as the backend talks to it: what each kind of application asks of it, and what it pushes to a suite.

mod answer;
mod app;
mod client;
mod errcodes;
mod h5;
pub mod sign;
mod signer;
pub mod suite;
mod tokens;
mod window;

pub use app::DingTalkApp;

use crate::apps::{App, Credentials, Granted, Suite};
use crate::config::Config;
use crate::session::Sessions;
use crate::store::Store;
use crate::upstream::CredentialCache;
use client::Client;
use h5::H5;
use miandeng_shared::{AppKind, CorpId};
use std::sync::Arc;
use std::time::Duration;
use suite::{SuiteTokens, Suites};
use tokens::{AppTicket, AppToken, ChannelTicket, ChannelToken, CorpToken, SuiteCorpToken, SuiteToken};
use window::{Directory, Window};

/// A ticket takes at most a token, a rejected call, another token and the call again; a lock outlives them all.
const CALLS_PER_FETCH: u32 = 5;
/// What the pauses before two repetitions of a call come to.
const PAUSES: Duration = Duration::from_secs(4);

/// Everything that DingTalk hands out, by family.
#[derive(Clone)]
pub struct Caches {
    channel_tokens: CredentialCache<ChannelToken>,
    channel_tickets: CredentialCache<ChannelTicket>,
    corp_tokens: CredentialCache<CorpToken>,
    app_tokens: CredentialCache<AppToken>,
    app_tickets: CredentialCache<AppTicket>,
    suite_tokens: CredentialCache<SuiteToken>,
    suite_corp_tokens: CredentialCache<SuiteCorpToken>,
}

/// DingTalk with everything that is remembered of it.
pub struct DingTalk {
    rooms: Arc<Rooms>,
    pub suites: Arc<Suites>,
}

/// What the providers of all applications share.
pub struct Rooms {
    client: Client,
    caches: Caches,
    suite_tokens: SuiteTokens,
}

impl DingTalk {
    /// DingTalk as the configuration names it. Credentials are kept in `store`; `sessions` end with what a corporation
    /// takes back.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &Config, store: &Arc<Store>, sessions: &Arc<Sessions>) -> anyhow::Result<Self> {
        let lock_lifetime = config.dingtalk.timeout * CALLS_PER_FETCH + PAUSES;
        let caches = Caches {
            channel_tokens: CredentialCache::new("channel_token", store, lock_lifetime),
            channel_tickets: CredentialCache::new("channel_ticket", store, lock_lifetime),
            corp_tokens: CredentialCache::new("corp_token", store, lock_lifetime),
            app_tokens: CredentialCache::new("app_token", store, lock_lifetime),
            app_tickets: CredentialCache::new("app_ticket", store, lock_lifetime),
            suite_tokens: CredentialCache::new("suite_token", store, lock_lifetime),
            suite_corp_tokens: CredentialCache::new("suite_corp_token", store, lock_lifetime),
        };
        let client = Client::new(&config.dingtalk)?;
        let suite_tokens = SuiteTokens::new(&client, &caches, store);
        let rooms = Arc::new(Rooms { client, caches, suite_tokens });
        let suites = Arc::new(Suites::new(&config.suites, Arc::clone(&rooms), Arc::clone(sessions)));
        Ok(Self { rooms, suites })
    }

    /// What `app`, a configured one, asks of DingTalk. Applications of one corporation with one secret share what it buys,
    /// because a second fetch may invalidate the first one's token: `corp` are all that the corporation has.
    pub fn provider(&self, app: &App, corp: &[&App]) -> Option<DingTalkApp> {
        self.rooms.provider(app, corp)
    }

    /// Whether DingTalk refuses the credentials of an application, so that only an operator can help.
    pub fn is_refused(&self) -> bool {
        let caches = &self.rooms.caches;
        caches.channel_tokens.is_refused()
            || caches.channel_tickets.is_refused()
            || caches.corp_tokens.is_refused()
            || caches.app_tokens.is_refused()
            || caches.app_tickets.is_refused()
            || caches.suite_tokens.is_refused()
            || caches.suite_corp_tokens.is_refused()
    }
}

impl Rooms {
    fn provider(&self, app: &App, corp: &[&App]) -> Option<DingTalkApp> {
        let client = self.client.paid_by(app);
        Some(match &app.credentials {
            Credentials::Channel { .. } => DingTalkApp::Window(self.window(app, client, corp)?),
            Credentials::H5 { client_id, client_secret } => {
                let id = shared_id(
                    app,
                    corp,
                    |other| matches!(other, Credentials::H5 { client_id: theirs, .. } if theirs == client_id),
                );
                let (fetcher, key, secret) = (client.clone(), client_id.clone(), client_secret.clone());
                let token = self.caches.app_tokens.slot(&id, move || {
                    let (client, key, secret) = (fetcher.clone(), key.clone(), secret.clone());
                    async move { client.app_token(&key, &secret).await }
                });
                DingTalkApp::H5(H5::new(app, client, token, &id, &self.caches))
            }
            Credentials::Suite(granted) => self.granted(app, granted, client)?,
            Credentials::WeCom { .. } => return None,
        })
    }

    fn window(&self, app: &App, client: Client, corp: &[&App]) -> Option<Window> {
        let Credentials::Channel { channel_secret, corp_secret, corp_app_key } = &app.credentials else {
            return None;
        };
        let id = shared_id(
            app,
            corp,
            |other| matches!(other, Credentials::Channel { channel_secret: theirs, .. } if theirs == channel_secret),
        );
        let (fetcher, corp_id, secret) = (client.clone(), app.corp_id.clone(), channel_secret.clone());
        let token = self.caches.channel_tokens.slot(&id, move || {
            let (client, corp, secret) = (fetcher.clone(), corp_id.clone(), secret.clone());
            async move { client.channel_token(&corp, &secret).await }
        });
        let directory = corp_secret.clone().map(|secret| {
            let id = shared_id(app, corp, |other| {
                matches!(other, Credentials::Channel { corp_secret: Some(theirs), .. } if *theirs == secret)
            });
            let (fetcher, corp_id, key) = (client.clone(), app.corp_id.clone(), corp_app_key.clone());
            Directory::Corp(self.caches.corp_tokens.slot(&id, move || {
                let (client, corp) = (fetcher.clone(), corp_id.clone());
                let (key, secret) = (key.clone(), secret.clone());
                async move { client.corp_token(&corp, key.as_deref(), &secret).await }
            }))
        });
        Some(Window::new(app, client, token, directory, &id, &self.caches))
    }

    /// The provider of an application that a corporation granted a suite.
    fn granted(&self, app: &App, granted: &Granted, client: Client) -> Option<DingTalkApp> {
        let id = suite_id(&granted.suite, &app.corp_id);
        let corp_token = self.suite_tokens.corp_token(granted, &app.corp_id);
        match granted.kind {
            AppKind::Channel => {
                let token = self.suite_tokens.channel_token(granted, &app.corp_id);
                let directory = Some(Directory::Suite(corp_token));
                Some(DingTalkApp::Window(Window::new(app, client, token, directory, &id, &self.caches)))
            }
            AppKind::H5 => Some(DingTalkApp::SuiteH5(H5::new(app, client, corp_token, &id, &self.caches))),
            AppKind::Wecom => None,
        }
    }
}

/// The name of what a secret buys: that of the first application of the corporation that has the same one. No secret is
/// part of a name.
fn shared_id(app: &App, corp: &[&App], same: impl Fn(&Credentials) -> bool) -> String {
    let owner = corp.iter().find(|other| same(&other.credentials)).copied().unwrap_or(app);
    format!("{}:{}", app.corp_id, owner.agent_id)
}

/// The name of what a suite has in a corporation, for all of its applications there: their codes are the corporation's.
fn suite_id(suite: &Suite, corp: &CorpId) -> String {
    format!("{}{corp}", suite_prefix(suite))
}

/// What these names begin with.
fn suite_prefix(suite: &Suite) -> String {
    format!("suite:{}:", suite.suite_key)
}
