//! The classic service window: two token families, one for followers and one for the directory.

use super::caches::Caches;
use super::client::Client;
use super::client::{DirectoryEntry, Follower};
use super::signer::Signer;
use super::tokens::{ChannelToken, CorpToken, SuiteCorpToken};
use crate::apps::App;
use crate::upstream::{Cached, Error};
use miandeng_shared::{AuthCode, UnionId, User};

/// A window, configured or granted to a suite.
pub struct Window {
    client: Client,
    token: Cached<ChannelToken>,
    directory: Option<Directory>,
    pub signer: Signer,
}

/// What opens the corporation's directory.
pub enum Directory {
    Corp(Cached<CorpToken>),
    Suite(Cached<SuiteCorpToken>),
}

impl Window {
    /// The window `app`. Its ticket is kept under `id`, as its token is.
    pub(super) fn new(
        app: &App,
        client: Client,
        token: Cached<ChannelToken>,
        directory: Option<Directory>,
        id: &str,
        caches: &Caches,
    ) -> Self {
        let with = (client.clone(), token.clone());
        // A ticket outlives the token it was fetched with, so the token is asked for only here.
        let ticket = caches.channel_tickets.slot(id, with, |(client, token)| async move {
            let client = &client;
            token.with(|token| async move { client.channel_ticket(&token).await }).await
        });
        Self { client, token, directory, signer: Signer::new(app, ticket) }
    }

    pub async fn prepare(&self) -> Result<(), Error> {
        self.token.get().await?;
        self.client.admit_redemption()
    }

    /// Code + channel token → openid and unionid; unionid + *corp* token → userid.
    pub async fn redeem(&self, app: &App, code: &AuthCode) -> Result<User, Error> {
        let client = &self.client;
        let mut follower =
            self.token.with(|token| async move { client.follower_by_code(&token, code).await }).await?;
        if follower.union_id.is_none() {
            let open_id = &follower.open_id;
            let found = self
                .token
                .with(|token| async move { client.follower_by_openid(&token, open_id).await })
                .await?;
            follower = Follower {
                nick: found.nick.or(follower.nick),
                avatar: found.avatar.or(follower.avatar),
                ..found
            };
        }
        let entry = match &follower.union_id {
            Some(union_id) => self.directory_entry(union_id).await?,
            None => DirectoryEntry::default(),
        };
        Ok(User {
            open_id: Some(follower.open_id),
            union_id: follower.union_id,
            contact_type: entry.contact_type,
            user_id: entry.user_id,
            nick: follower.nick,
            avatar: follower.avatar,
            ..app.anonymous()
        })
    }

    /// Asks the corporation's directory, if the application has what opens it.
    async fn directory_entry(&self, union_id: &UnionId) -> Result<DirectoryEntry, Error> {
        let client = &self.client;
        match &self.directory {
            None => Ok(DirectoryEntry::default()),
            Some(Directory::Corp(token)) => {
                token.with(|token| async move { client.user_by_unionid(&token, union_id).await }).await
            }
            Some(Directory::Suite(token)) => {
                token.with(|token| async move { client.user_by_unionid(&token, union_id).await }).await
            }
        }
    }
}
