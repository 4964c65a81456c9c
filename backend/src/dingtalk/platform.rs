//! What the routes ask of DingTalk: a signature for a page, and who a code belongs to.

use super::client::{
    ChannelTicket, ChannelToken, Client, CorpToken, Credential, DirectoryEntry, Follower, Issued,
};
use super::error::Error;
use super::renewing::Renewing;
use super::sign::{signature, url_to_sign};
use crate::config::{App, Secret};
use crate::store::Store;
use crate::telemetry::Trigger;
use miandeng_shared::{AgentId, AuthCode, CorpId, SignedConfig};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Names the credentials of a corporation. Applications that share a secret share what it buys, because a second fetch
/// may invalidate the first one's token; no secret is part of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    corp: CorpId,
    /// The first application configured with this secret.
    agent: AgentId,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.corp, self.agent)
    }
}

/// DingTalk with everything that is remembered of it.
pub struct DingTalk {
    client: Client,
    /// Who holds the credentials for each application: (channel side, corp side).
    owners: HashMap<(CorpId, AgentId), (Key, Key)>,
    channel_tokens: Renewing<Key, ChannelToken>,
    channel_tickets: Renewing<Key, ChannelTicket>,
    corp_tokens: Renewing<Key, CorpToken>,
}

/// A ticket takes at most a token, a rejected call, another token and the call again; a lock outlives them all.
const CALLS_PER_FETCH: u32 = 5;

/// A page's signature, and the ticket it was made with.
pub struct SignedPage {
    pub config: SignedConfig,
    pub ticket: ChannelTicket,
}

/// Who a code belongs to, as far as DingTalk said.
#[derive(Debug)]
pub struct Identity {
    pub follower: Follower,
    pub directory: Option<DirectoryEntry>,
}

impl DingTalk {
    /// DingTalk for `apps`, as `client` reaches it. Credentials are kept in `store`; `timeout` is that of one call.
    pub fn new(client: Client, apps: &[App], store: &Arc<Store>, timeout: Duration) -> Self {
        let owner = |app: &App, same: &dyn Fn(&App) -> bool| {
            let first = apps.iter().find(|other| other.corp_id == app.corp_id && same(other)).unwrap_or(app);
            Key { corp: app.corp_id.clone(), agent: first.agent_id.clone() }
        };
        let owners = apps.iter().map(|app| {
            let channel = owner(app, &|other| other.channel_secret == app.channel_secret);
            let corp = owner(app, &|other| other.corp_secret == app.corp_secret);
            ((app.corp_id.clone(), app.agent_id.clone()), (channel, corp))
        });
        Self {
            client,
            owners: owners.collect(),
            channel_tokens: Renewing::new("channel_token", Arc::clone(store), timeout * CALLS_PER_FETCH),
            channel_tickets: Renewing::new("channel_ticket", Arc::clone(store), timeout * CALLS_PER_FETCH),
            corp_tokens: Renewing::new("corp_token", Arc::clone(store), timeout * CALLS_PER_FETCH),
        }
    }

    /// Signs the page at `href` with a fresh nonce at `timestamp` (seconds since 1970).
    pub async fn sign(
        self: &Arc<Self>,
        app: &Arc<App>,
        href: &str,
        nonce: String,
        timestamp: u64,
    ) -> Result<SignedPage, Error> {
        let ticket = self.channel_ticket(app).await?;
        let url = url_to_sign(href, app.sign_plus_as_space);
        let time_stamp = timestamp.to_string();
        let signature = signature(app.sign_alg, ticket.secret().expose(), &nonce, &time_stamp, &url);
        Ok(SignedPage { config: SignedConfig { time_stamp, nonce_str: nonce, signature, url }, ticket })
    }

    /// Forgets `ticket` because DingTalk refused what was signed with it. A newer one stays.
    pub async fn drop_ticket(&self, app: &App, ticket: &ChannelTicket) -> bool {
        self.channel_tickets.drop_if(&self.keys(app).0, ticket, Trigger::Reported).await
    }

    /// Redeems a code. `before_sending` runs when the code is about to leave for DingTalk and may refuse; what fails
    /// before that point leaves the code usable. A code is sent a second time only if the answer was that the *token* is
    /// bad: DingTalk has then not looked at the code.
    ///
    /// # Errors
    /// The failure of the call, or the refusal of `before_sending`.
    pub async fn identify<E: From<Error>>(
        &self,
        app: &App,
        code: &AuthCode,
        before_sending: impl FnOnce() -> Result<(), E>,
    ) -> Result<Identity, E> {
        self.channel_token(app).await?;
        before_sending()?;
        let mut follower = self
            .with_channel_token(app, |token| async move { self.client.follower_by_code(&token, code).await })
            .await?;
        if follower.union_id.is_none() {
            let open_id = follower.open_id.clone();
            follower = self
                .with_channel_token(app, |token| {
                    let open_id = open_id.clone();
                    async move { self.client.follower_by_openid(&token, &open_id).await }
                })
                .await?;
            // The identity is the code's, whatever the second answer says.
            follower.open_id = open_id;
        }
        let directory = match (&app.corp_secret, &follower.union_id) {
            (Some(secret), Some(union_id)) => {
                self.with_corp_token(app, secret, |token| async move {
                    self.client.user_by_unionid(&token, union_id).await
                })
                .await?
            }
            _ => None,
        };
        Ok(Identity { follower, directory })
    }

    fn keys(&self, app: &App) -> (Key, Key) {
        let own = Key { corp: app.corp_id.clone(), agent: app.agent_id.clone() };
        let known = self.owners.get(&(app.corp_id.clone(), app.agent_id.clone()));
        known.cloned().unwrap_or_else(|| (own.clone(), own))
    }

    async fn channel_token(&self, app: &App) -> Result<ChannelToken, Error> {
        self.channel_tokens.get(&self.keys(app).0, || self.fetch_channel_token(app)).await
    }

    fn fetch_channel_token(
        &self,
        app: &App,
    ) -> impl Future<Output = Result<Issued<ChannelToken>, Error>> + Send + use<> {
        let (client, corp, secret) = (self.client.clone(), app.corp_id.clone(), app.channel_secret.clone());
        async move { client.channel_token(&corp, &secret).await }
    }

    async fn channel_ticket(self: &Arc<Self>, app: &Arc<App>) -> Result<ChannelTicket, Error> {
        let fetch = || {
            let (this, app) = (Arc::clone(self), Arc::clone(app));
            // A ticket outlives the token it was fetched with, so the token is asked for only here.
            async move {
                this.with_channel_token(&app, |token| {
                    let client = &this.client;
                    async move { client.channel_ticket(&token).await }
                })
                .await
            }
        };
        self.channel_tickets.get(&self.keys(app).0, fetch).await
    }

    /// Calls with the channel token, and once more with a new one if DingTalk rejects it.
    async fn with_channel_token<T, F>(&self, app: &App, call: impl Fn(ChannelToken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let fetch = || self.fetch_channel_token(app);
        self.channel_tokens.with(&self.keys(app).0, fetch, call).await
    }

    /// The same with the token of the other family.
    async fn with_corp_token<T, F>(
        &self,
        app: &App,
        secret: &Secret,
        call: impl Fn(CorpToken) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let fetch = || {
            let (client, corp, secret) = (self.client.clone(), app.corp_id.clone(), secret.clone());
            async move { client.corp_token(&corp, &secret).await }
        };
        self.corp_tokens.with(&self.keys(app).1, fetch, call).await
    }
}
