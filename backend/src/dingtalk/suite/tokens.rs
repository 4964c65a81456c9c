//! Tokens of an ISV's suite: its own, and what it has in each corporation that authorised it.

use super::installations::Installations;
use crate::apps::{Suite, SuiteGrant};
use crate::dingtalk::caches::{Caches, suite_id, suite_prefix};
use crate::dingtalk::client::Client;
use crate::dingtalk::tokens::{ChannelToken, SuiteCorpToken, SuiteToken};
use crate::store::Store;
use crate::upstream::{Cached, Error, Kind};
use miandeng_shared::CorpId;
use std::future::Future;
use std::sync::Arc;

/// What it takes to speak as a suite; cloned into fetches that outlive their callers.
#[derive(Clone)]
pub struct SuiteTokens {
    pub client: Client,
    pub installations: Arc<Installations>,
    caches: Caches,
}

impl SuiteTokens {
    pub fn new(client: &Client, caches: &Caches, store: &Arc<Store>) -> Self {
        let installations = Arc::new(Installations::new(Arc::clone(store)));
        Self { client: client.clone(), installations, caches: caches.clone() }
    }

    /// Calls with the suite's token, and once more with a new one if DingTalk rejects it.
    pub async fn with<T, F>(&self, suite: &Arc<Suite>, call: impl Fn(SuiteToken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let outcome = self.token(suite).with(call).await;
        // Rejected with a fresh token it is the suite that is refused; nothing that was bought with it is meant.
        outcome.map_err(|error| match error.kind {
            Kind::TokenRejected => Error { kind: Kind::Misconfigured, ..error },
            _ => error,
        })
    }

    /// Suite key + suite secret + the newest ticket that DingTalk pushed → the suite's token.
    fn token(&self, suite: &Arc<Suite>) -> Cached<SuiteToken> {
        let with = (self.clone(), Arc::clone(suite));
        self.caches.suite_tokens.slot(&suite.suite_key, with, |(this, suite)| async move {
            match this.installations.tickets.newest(&suite).await {
                Ok(Some((ticket, _))) => this.client.suite_token(&suite, &ticket).await,
                Ok(None) => Err(Error {
                    words: Some("no suite_ticket has been pushed to the callback yet".into()),
                    ..Error::new("suite_ticket", Kind::Misconfigured)
                }),
                Err(_) => Err(Error::new("suite_ticket", Kind::Unreachable)),
            }
        })
    }

    /// What a suite has in a corporation: from the corporation's permanent code.
    pub fn corp_token(&self, granted: &SuiteGrant, corp: &CorpId) -> Cached<SuiteCorpToken> {
        let with = (self.clone(), granted.clone(), corp.clone());
        let id = suite_id(&granted.suite, corp);
        self.caches.suite_corp_tokens.slot(&id, with, |(this, granted, corp)| async move {
            let (client, corp, code) = (&this.client, &corp, &granted.permanent_code);
            let fetch = |token| async move { client.suite_corp_token(&token, corp, code).await };
            this.with(&granted.suite, fetch).await
        })
    }

    /// The channel token of a suite's window in a corporation: from the window's own permanent code.
    pub fn channel_token(&self, granted: &SuiteGrant, corp: &CorpId) -> Cached<ChannelToken> {
        let with = (self.clone(), granted.clone(), corp.clone());
        let id = suite_id(&granted.suite, corp);
        self.caches.channel_tokens.slot(&id, with, |(this, granted, corp)| async move {
            let Some(code) = &granted.ch_permanent_code else {
                return Err(Error {
                    words: Some("the corporation's authorisation came without ch_permanent_code".into()),
                    ..Error::new("/service/get_channel_corp_token", Kind::Misconfigured)
                });
            };
            let (client, corp) = (&this.client, &corp);
            let fetch = |token| async move { client.channel_corp_token(&token, corp, code).await };
            this.with(&granted.suite, fetch).await
        })
    }

    /// Lets the next call ask again at once, because a new ticket has come.
    pub fn forgive(&self, suite: &Suite) {
        let of_corps = suite_prefix(suite);
        let is_of_suite = |key: &str| key.starts_with(&of_corps);
        self.caches.suite_tokens.forgive(|key| key == suite.suite_key);
        self.caches.suite_corp_tokens.forgive(is_of_suite);
        self.caches.channel_tokens.forgive(is_of_suite);
        self.caches.channel_tickets.forgive(is_of_suite);
        self.caches.app_tickets.forgive(is_of_suite);
        self.installations.forget_failures(suite);
    }

    /// Forgets what a suite has in a corporation.
    pub async fn forget(&self, suite: &Suite, corp: &CorpId) {
        let id = suite_id(suite, corp);
        self.caches.channel_tokens.forget(&id).await;
        self.caches.channel_tickets.forget(&id).await;
        self.caches.suite_corp_tokens.forget(&id).await;
        self.caches.app_tickets.forget(&id).await;
    }
}
