//! The classic service window: two token families, one for followers and one for the directory.

use super::{DingTalk, Identity};
use crate::config::{App, Credentials};
use crate::dingtalk::client::{DirectoryEntry, Follower};
use crate::dingtalk::credential::{ChannelTicket, ChannelToken, Issued};
use crate::dingtalk::error::{Error, Kind};
use miandeng_shared::{AuthCode, UnionId};
use std::future::Future;
use std::sync::Arc;

impl DingTalk {
    /// Code + channel token → openid and unionid; unionid + *corp* token → userid.
    pub(super) async fn follower(
        self: &Arc<Self>,
        app: &Arc<App>,
        code: &AuthCode,
    ) -> Result<Identity, Error> {
        let client = &self.client.paid_by(app);
        let by_code = |token| async move { client.follower_by_code(&token, code).await };
        let mut follower = self.with_channel_token(app, by_code).await?;
        if follower.union_id.is_none() {
            let open_id = &follower.open_id;
            let by_open_id = |token| async move { client.follower_by_openid(&token, open_id).await };
            let found = self.with_channel_token(app, by_open_id).await?;
            follower = Follower {
                nick: found.nick.or(follower.nick),
                avatar: found.avatar.or(follower.avatar),
                ..found
            };
        }
        let entry = match &follower.union_id {
            Some(union_id) => self.directory_entry(app, union_id).await?,
            None => DirectoryEntry::default(),
        };
        Ok(Identity {
            open_id: Some(follower.open_id),
            union_id: follower.union_id,
            contact_type: entry.contact_type,
            user_id: entry.user_id,
            nick: follower.nick,
            avatar: follower.avatar,
        })
    }

    /// Asks the corporation's directory, if the application has what opens it.
    async fn directory_entry(&self, app: &App, union_id: &UnionId) -> Result<DirectoryEntry, Error> {
        let client = &self.client.paid_by(app);
        match &app.credentials {
            Credentials::Channel { corp_secret: Some(secret), corp_app_key, .. } => {
                let fetch = || {
                    let (client, corp) = (client.clone(), app.corp_id.clone());
                    let (app_key, secret) = (corp_app_key.clone(), secret.clone());
                    async move { client.corp_token(&corp, app_key.as_deref(), &secret).await }
                };
                let by_union_id = |token| async move { client.user_by_unionid(&token, union_id).await };
                self.corp_tokens.with(&self.keys(app).directory, fetch, by_union_id).await
            }
            Credentials::Suite(granted) => {
                let by_union_id = |token| async move { client.user_by_unionid(&token, union_id).await };
                self.with_suite_corp_token(granted, &app.corp_id, by_union_id).await
            }
            Credentials::Channel { corp_secret: None, .. } | Credentials::H5 { .. } => {
                Ok(DirectoryEntry::default())
            }
        }
    }

    pub(super) async fn channel_ticket(self: &Arc<Self>, app: &Arc<App>) -> Result<ChannelTicket, Error> {
        let fetch = || {
            let (this, app) = (Arc::clone(self), Arc::clone(app));
            // A ticket outlives the token it was fetched with, so the token is asked for only here.
            async move {
                let client = &this.client.paid_by(&app);
                let ticket = |token| async move { client.channel_ticket(&token).await };
                this.with_channel_token(&app, ticket).await
            }
        };
        self.channel_tickets.get(&self.keys(app).login, fetch).await
    }

    pub(super) async fn channel_token(&self, app: &App) -> Result<ChannelToken, Error> {
        self.channel_tokens.get(&self.keys(app).login, || self.fetch_channel_token(app)).await
    }

    /// Calls with the channel token, and once more with a new one if DingTalk rejects it.
    async fn with_channel_token<T, F>(&self, app: &App, call: impl Fn(ChannelToken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.channel_tokens.with(&self.keys(app).login, || self.fetch_channel_token(app), call).await
    }

    fn fetch_channel_token(
        &self,
        app: &App,
    ) -> impl Future<Output = Result<Issued<ChannelToken>, Error>> + Send + use<> {
        let (client, suite_tokens) = (self.client.paid_by(app), self.suite_tokens());
        let (corp, credentials) = (app.corp_id.clone(), app.credentials.clone());
        async move {
            match &credentials {
                Credentials::Channel { channel_secret, .. } => {
                    client.channel_token(&corp, channel_secret).await
                }
                Credentials::Suite(granted) => suite_tokens.fetch_channel_token(granted, &corp).await,
                Credentials::H5 { .. } => Err(Error::new("channel_token", Kind::Misconfigured)),
            }
        }
    }
}
