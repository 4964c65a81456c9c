//! The classic service window: two token families, one for followers and one for the directory.

use super::{DingTalk, Identity};
use crate::config::{App, Credentials, Secret};
use crate::dingtalk::client::{DirectoryEntry, Follower};
use crate::dingtalk::credential::{ChannelTicket, ChannelToken, Issued};
use crate::dingtalk::error::{Error, Kind};
use miandeng_shared::{AuthCode, UnionId};
use std::future::Future;
use std::sync::Arc;

/// What opens the corporation's directory.
#[derive(Clone, Copy)]
pub(super) struct Directory<'a> {
    pub app_key: Option<&'a str>,
    pub secret: &'a Secret,
}

impl DingTalk {
    /// Code + channel token → openid and unionid; unionid + *corp* token → userid.
    pub(super) async fn follower(
        &self,
        app: &App,
        secret: &Secret,
        directory: Option<Directory<'_>>,
        code: &AuthCode,
    ) -> Result<Identity, Error> {
        let client = &self.client;
        let by_code = |token| async move { client.follower_by_code(&token, code).await };
        let mut follower = self.with_channel_token(app, secret, by_code).await?;
        if follower.union_id.is_none() {
            let open_id = &follower.open_id;
            let by_open_id = |token| async move { client.follower_by_openid(&token, open_id).await };
            let found = self.with_channel_token(app, secret, by_open_id).await?;
            // The identity is the code's, whatever the second answer says.
            follower = Follower { open_id: follower.open_id, ..found };
        }
        let entry = match (directory, &follower.union_id) {
            (Some(directory), Some(union_id)) => self.directory_entry(app, directory, union_id).await?,
            _ => None,
        };
        Ok(Identity {
            open_id: Some(follower.open_id),
            union_id: follower.union_id,
            contact_type: entry.as_ref().and_then(|entry| entry.contact_type),
            user_id: entry.map(|entry| entry.user_id),
            nick: follower.nick,
            avatar: follower.avatar,
        })
    }

    async fn directory_entry(
        &self,
        app: &App,
        directory: Directory<'_>,
        union_id: &UnionId,
    ) -> Result<Option<DirectoryEntry>, Error> {
        let client = &self.client;
        let fetch = || {
            let (client, corp) = (client.clone(), app.corp_id.clone());
            let (app_key, secret) = (directory.app_key.map(str::to_owned), directory.secret.clone());
            async move { client.corp_token(&corp, app_key.as_deref(), &secret).await }
        };
        let by_union_id = |token| async move { client.user_by_unionid(&token, union_id).await };
        self.corp_tokens.with(&self.keys(app).directory, fetch, by_union_id).await
    }

    pub(super) async fn channel_ticket(self: &Arc<Self>, app: &Arc<App>) -> Result<ChannelTicket, Error> {
        let fetch = || {
            let (this, app) = (Arc::clone(self), Arc::clone(app));
            // A ticket outlives the token it was fetched with, so the token is asked for only here.
            async move {
                let Credentials::Channel { channel_secret, .. } = &app.credentials else {
                    return Err(Error::new("channel_ticket", Kind::Misconfigured));
                };
                let client = &this.client;
                let ticket = |token| async move { client.channel_ticket(&token).await };
                this.with_channel_token(&app, channel_secret, ticket).await
            }
        };
        self.channel_tickets.get(&self.keys(app).login, fetch).await
    }

    pub(super) async fn channel_token(&self, app: &App, secret: &Secret) -> Result<ChannelToken, Error> {
        self.channel_tokens.get(&self.keys(app).login, || self.fetch_channel_token(app, secret)).await
    }

    /// Calls with the channel token, and once more with a new one if DingTalk rejects it.
    async fn with_channel_token<T, F>(
        &self,
        app: &App,
        secret: &Secret,
        call: impl Fn(ChannelToken) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.channel_tokens.with(&self.keys(app).login, || self.fetch_channel_token(app, secret), call).await
    }

    fn fetch_channel_token(
        &self,
        app: &App,
        secret: &Secret,
    ) -> impl Future<Output = Result<Issued<ChannelToken>, Error>> + Send + use<> {
        let (client, corp, secret) = (self.client.clone(), app.corp_id.clone(), secret.clone());
        async move { client.channel_token(&corp, &secret).await }
    }
}
