//! Tokens of an ISV's suite: its own, and what it has in each corporation that authorised it.

use super::{DingTalk, Key};
use crate::config::{Granted, Suite};
use crate::dingtalk::client::Client;
use crate::dingtalk::credential::{ChannelToken, Issued, SuiteCorpToken, SuiteToken};
use crate::dingtalk::error::{Error, Kind};
use crate::dingtalk::renewing::Renewing;
use crate::dingtalk::suite::Grants;
use miandeng_shared::CorpId;
use std::future::Future;
use std::sync::Arc;

/// What it takes to speak as a suite; cloned into fetches that outlive their callers.
#[derive(Clone)]
pub(super) struct SuiteTokens {
    pub client: Client,
    grants: Arc<Grants>,
    tokens: Renewing<String, SuiteToken>,
}

impl SuiteTokens {
    /// Calls with the suite's token, and once more with a new one if DingTalk rejects it.
    pub async fn with<T, F>(&self, suite: &Arc<Suite>, call: impl Fn(SuiteToken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let outcome = self.tokens.with(&suite.suite_key, || self.fetch(suite), call).await;
        // Rejected with a fresh token it is the suite that is refused; nothing that was bought with it is meant.
        outcome.map_err(|error| match error.kind {
            Kind::TokenRejected => Error { kind: Kind::Misconfigured, ..error },
            _ => error,
        })
    }

    /// Suite key + suite secret + the newest ticket that DingTalk pushed → the suite's token.
    fn fetch(
        &self,
        suite: &Arc<Suite>,
    ) -> impl Future<Output = Result<Issued<SuiteToken>, Error>> + Send + use<> {
        let (client, grants, suite) = (self.client.clone(), Arc::clone(&self.grants), Arc::clone(suite));
        async move {
            match grants.ticket(&suite).await {
                Ok(Some((ticket, _))) => client.suite_token(&suite, &ticket).await,
                Ok(None) => Err(Error {
                    words: Some("no suite_ticket has been pushed to the callback yet".into()),
                    ..Error::new("suite_ticket", Kind::Misconfigured)
                }),
                Err(_) => Err(Error::new("suite_ticket", Kind::Unreachable)),
            }
        }
    }

    /// The window's permanent code → the channel token of one corporation.
    pub async fn fetch_channel_token(
        &self,
        granted: &Granted,
        corp: &CorpId,
    ) -> Result<Issued<ChannelToken>, Error> {
        let Some(code) = &granted.ch_permanent_code else {
            return Err(Error {
                words: Some("the corporation's authorisation came without ch_permanent_code".into()),
                ..Error::new("/service/get_channel_corp_token", Kind::Misconfigured)
            });
        };
        let client = &self.client;
        let fetch = |token| async move { client.channel_corp_token(&token, corp, code).await };
        self.with(&granted.suite, fetch).await
    }

    async fn fetch_corp_token(
        &self,
        granted: &Granted,
        corp: &CorpId,
    ) -> Result<Issued<SuiteCorpToken>, Error> {
        let (client, code) = (&self.client, &granted.permanent_code);
        let fetch = |token| async move { client.suite_corp_token(&token, corp, code).await };
        self.with(&granted.suite, fetch).await
    }
}

impl DingTalk {
    pub(super) fn suite_tokens(&self) -> SuiteTokens {
        let (client, tokens) = (self.client.clone(), self.suite_tokens.clone());
        SuiteTokens { client, grants: Arc::clone(&self.grants), tokens }
    }

    pub(super) async fn suite_corp_token(
        &self,
        granted: &Granted,
        corp: &CorpId,
    ) -> Result<SuiteCorpToken, Error> {
        let key = Key::of_suite(&granted.suite, corp);
        self.suite_corp_tokens.get(&key, || self.fetch_suite_corp_token(granted, corp)).await
    }

    /// Calls with the suite's token in a corporation, and once more with a new one if DingTalk rejects it.
    pub(super) async fn with_suite_corp_token<T, F>(
        &self,
        granted: &Granted,
        corp: &CorpId,
        call: impl Fn(SuiteCorpToken) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let key = Key::of_suite(&granted.suite, corp);
        self.suite_corp_tokens.with(&key, || self.fetch_suite_corp_token(granted, corp), call).await
    }

    fn fetch_suite_corp_token(
        &self,
        granted: &Granted,
        corp: &CorpId,
    ) -> impl Future<Output = Result<Issued<SuiteCorpToken>, Error>> + Send + use<> {
        let (tokens, granted, corp) = (self.suite_tokens(), granted.clone(), corp.clone());
        async move { tokens.fetch_corp_token(&granted, &corp).await }
    }
}
