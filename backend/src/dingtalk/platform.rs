//! What the routes ask of DingTalk: a signature for a page, and who a code belongs to. One file for each kind of
//! application; what they share is here.

mod channel;
mod events;
mod h5;
mod membership;
mod suite;

pub use membership::SuiteFailure;

use super::client::Client;
use super::credential::{AppTicket, AppToken, ChannelTicket, ChannelToken, CorpToken, Credential};
use super::credential::{SuiteCorpToken, SuiteToken};
use super::deadline;
use super::error::{Error, Kind};
use super::renewing::Renewing;
use super::sign::{signature, url_to_sign};
use super::suite::Grants;
use crate::config::{App, Credentials, Suite};
use crate::session::Sessions;
use crate::store::Store;
use crate::telemetry::Trigger;
use miandeng_shared::{AgentId, AppKind, AuthCode, CorpId, OpenId, SignedConfig, UnionId, UserId};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Names the credentials of a corporation. Applications that share a secret share what it buys, because a second fetch
/// may invalidate the first one's token; no secret is part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    App {
        corp: CorpId,
        /// The first application configured with this secret.
        agent: AgentId,
    },
    /// All applications of a suite in one corporation: their codes are the corporation's.
    Suite { suite_key: String, corp: CorpId },
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::App { corp, agent } => write!(f, "{corp}:{agent}"),
            Key::Suite { suite_key, corp } => write!(f, "suite:{suite_key}:{corp}"),
        }
    }
}

impl Key {
    fn of_suite(suite: &Suite, corp: &CorpId) -> Self {
        Key::Suite { suite_key: suite.suite_key.clone(), corp: corp.clone() }
    }
}

/// DingTalk with everything that is remembered of it.
pub struct DingTalk {
    client: Client,
    keys: HashMap<(CorpId, AgentId), Keys>,
    channel_tokens: Renewing<Key, ChannelToken>,
    channel_tickets: Renewing<Key, ChannelTicket>,
    corp_tokens: Renewing<Key, CorpToken>,
    app_tokens: Renewing<Key, AppToken>,
    app_tickets: Renewing<Key, AppTicket>,
    suites: Vec<Arc<Suite>>,
    grants: Arc<Grants>,
    /// They end with what a corporation takes back.
    sessions: Arc<Sessions>,
    /// By suite key.
    suite_tokens: Renewing<String, SuiteToken>,
    suite_corp_tokens: Renewing<Key, SuiteCorpToken>,
}

/// Under which names the credentials of an application are kept.
#[derive(Clone)]
struct Keys {
    /// What logs people in: channel secret or client secret.
    login: Key,
    /// The directory's, with the corp secret.
    directory: Key,
}

/// A ticket takes at most a token, a rejected call, another token and the call again; a lock outlives them all.
const CALLS_PER_FETCH: u32 = 5;
/// What the pauses before two repetitions of a call come to.
const PAUSES: Duration = Duration::from_secs(4);

/// What a page was signed with.
#[derive(Debug, Clone)]
pub enum Ticket {
    Channel(ChannelTicket),
    App(AppTicket),
}

impl Ticket {
    /// The ticket itself, for a signature and nothing else.
    pub fn expose(&self) -> &str {
        match self {
            Ticket::Channel(ticket) => ticket.secret().expose(),
            Ticket::App(ticket) => ticket.secret().expose(),
        }
    }
}

/// Who a code belongs to, as far as DingTalk said.
#[derive(Debug, Default)]
pub struct Identity {
    pub open_id: Option<OpenId>,
    pub union_id: Option<UnionId>,
    pub user_id: Option<UserId>,
    pub contact_type: Option<u8>,
    pub nick: Option<String>,
    pub avatar: Option<String>,
}

impl DingTalk {
    /// DingTalk for `apps` and `suites`, as `client` reaches it. Credentials are kept in `store`; `timeout` is that of one
    /// call.
    pub fn new(
        client: Client,
        apps: &[App],
        suites: &[Suite],
        store: &Arc<Store>,
        sessions: &Arc<Sessions>,
        timeout: Duration,
    ) -> Self {
        let lock_lifetime = timeout * CALLS_PER_FETCH + PAUSES;
        // Only applications of one corporation share credentials; of ten thousand corporations, each is looked at once.
        let mut corps: HashMap<&CorpId, Vec<&App>> = HashMap::new();
        for app in apps {
            corps.entry(&app.corp_id).or_default().push(app);
        }
        let keys = |app: &App| keys(app, corps.get(&app.corp_id).map_or(&[], Vec::as_slice));
        Self {
            client,
            keys: apps.iter().map(|app| ((app.corp_id.clone(), app.agent_id.clone()), keys(app))).collect(),
            channel_tokens: Renewing::new("channel_token", Arc::clone(store), lock_lifetime),
            channel_tickets: Renewing::new("channel_ticket", Arc::clone(store), lock_lifetime),
            corp_tokens: Renewing::new("corp_token", Arc::clone(store), lock_lifetime),
            app_tokens: Renewing::new("app_token", Arc::clone(store), lock_lifetime),
            app_tickets: Renewing::new("app_ticket", Arc::clone(store), lock_lifetime),
            suites: suites.iter().cloned().map(Arc::new).collect(),
            grants: Arc::new(Grants::new(Arc::clone(store))),
            sessions: Arc::clone(sessions),
            suite_tokens: Renewing::new("suite_token", Arc::clone(store), lock_lifetime),
            suite_corp_tokens: Renewing::new("suite_corp_token", Arc::clone(store), lock_lifetime),
        }
    }

    /// Signs the page at `href` at `timestamp` (seconds since 1970); `nonce` makes a fresh nonce, for the ticket that
    /// signs.
    pub async fn sign(
        self: &Arc<Self>,
        app: &Arc<App>,
        href: &str,
        timestamp: u64,
        nonce: impl FnOnce(&Ticket) -> String,
    ) -> Result<SignedConfig, Error> {
        let ticket = in_time(async {
            match app.credentials.kind() {
                AppKind::Channel => self.channel_ticket(app).await.map(Ticket::Channel),
                AppKind::H5 => self.app_ticket(app).await.map(Ticket::App),
            }
        })
        .await?;
        let url = url_to_sign(href, app.sign_plus_as_space);
        let (nonce_str, time_stamp) = (nonce(&ticket), timestamp.to_string());
        let signature = signature(app.sign_alg, ticket.expose(), &nonce_str, &time_stamp, &url);
        Ok(SignedConfig { time_stamp, nonce_str, signature, url })
    }

    /// The ticket that pages of `app` are signed with, if one is in memory. Nobody is asked.
    pub fn held_ticket(&self, app: &App) -> Option<Ticket> {
        let key = self.keys(app).login;
        match app.credentials.kind() {
            AppKind::Channel => self.channel_tickets.held(&key).map(Ticket::Channel),
            AppKind::H5 => self.app_tickets.held(&key).map(Ticket::App),
        }
    }

    /// Forgets `ticket` because DingTalk refused what was signed with it. A newer one stays.
    pub async fn drop_ticket(&self, app: &App, ticket: &Ticket) -> bool {
        let key = self.keys(app).login;
        match ticket {
            Ticket::Channel(ticket) => self.channel_tickets.drop_if(&key, ticket, Trigger::Reported).await,
            Ticket::App(ticket) => self.app_tickets.drop_if(&key, ticket, Trigger::Reported).await,
        }
    }

    /// Redeems a code. `before_sending` runs when the code is about to leave for DingTalk and may refuse; what fails
    /// before that point leaves the code usable. A code is sent a second time only if the answer was that the *token* is
    /// bad: DingTalk has then not looked at the code.
    ///
    /// # Errors
    /// The failure of the call, or the refusal of `before_sending`.
    pub async fn identify<E: From<Error>>(
        self: &Arc<Self>,
        app: &Arc<App>,
        code: &AuthCode,
        before_sending: impl FnOnce() -> Result<(), E>,
    ) -> Result<Identity, E> {
        in_time(async {
            match &app.credentials {
                Credentials::H5 { .. } => drop(self.app_token(app).await?),
                Credentials::Suite(granted) if granted.kind == AppKind::H5 => {
                    drop(self.suite_corp_token(granted, &app.corp_id).await?);
                }
                Credentials::Channel { .. } | Credentials::Suite(_) => drop(self.channel_token(app).await?),
            }
            self.client.paid_by(app).admit("login code")?;
            before_sending()?;
            Ok(match &app.credentials {
                Credentials::H5 { .. } => self.employee(app, code).await?,
                Credentials::Suite(granted) if granted.kind == AppKind::H5 => {
                    self.suite_employee(granted, &app.corp_id, code).await?
                }
                Credentials::Channel { .. } | Credentials::Suite(_) => self.follower(app, code).await?,
            })
        })
        .await
    }

    /// Whether DingTalk refuses the credentials of an application, so that only an operator can help.
    pub fn is_refused(&self) -> bool {
        self.channel_tokens.is_refused()
            || self.channel_tickets.is_refused()
            || self.corp_tokens.is_refused()
            || self.app_tokens.is_refused()
            || self.app_tickets.is_refused()
            || self.suite_tokens.is_refused()
            || self.suite_corp_tokens.is_refused()
    }

    fn keys(&self, app: &App) -> Keys {
        if let Credentials::Suite(granted) = &app.credentials {
            let key = Key::of_suite(&granted.suite, &app.corp_id);
            return Keys { login: key.clone(), directory: key };
        }
        let known = self.keys.get(&(app.corp_id.clone(), app.agent_id.clone()));
        known.cloned().unwrap_or_else(|| keys(app, &[]))
    }
}

/// The names for `app` among `apps` of the same corporation: of those with the same secret, the first one's.
fn keys(app: &App, apps: &[&App]) -> Keys {
    let first = |same: &dyn Fn(&Credentials) -> bool| {
        let owner = apps.iter().find(|other| same(&other.credentials)).copied().unwrap_or(app);
        Key::App { corp: app.corp_id.clone(), agent: owner.agent_id.clone() }
    };
    let same_login = |other: &Credentials| match (&app.credentials, other) {
        (Credentials::Channel { channel_secret: a, .. }, Credentials::Channel { channel_secret: b, .. }) => {
            a == b
        }
        (Credentials::H5 { client_id: a, .. }, Credentials::H5 { client_id: b, .. }) => a == b,
        _ => false,
    };
    let same_directory = |other: &Credentials| match (&app.credentials, other) {
        (Credentials::Channel { corp_secret: a, .. }, Credentials::Channel { corp_secret: b, .. }) => a == b,
        _ => false,
    };
    Keys { login: first(&same_login), directory: first(&same_directory) }
}

/// Bounds what a person waits for, over all calls together.
async fn in_time<T, E: From<Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    in_time_of(deadline::BUDGET, work).await
}

async fn in_time_of<T, E: From<Error>>(
    budget: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let deadline = Instant::now() + budget;
    match deadline::until(deadline, tokio::time::timeout_at(deadline, work)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::new("all calls together", Kind::Timeout).into()),
    }
}
