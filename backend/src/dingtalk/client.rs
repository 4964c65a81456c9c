//! The calls to DingTalk's two hosts, one function per endpoint: the service window's in [`channel`], the directory's in
//! [`directory`], those of today's applications in [`app`], those of an ISV's suite in [`suite`].

mod app;
mod channel;
mod directory;
mod suite;

pub use channel::Follower;
pub use directory::DirectoryEntry;
pub use suite::{AllowedAgents, Authorisation, agent_ids};

use super::answer::Answer;
use crate::apps::App;
use crate::config;
use crate::secret::Secret;
use crate::upstream::{Error, Issued, Role, Token, Upstream};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// A client of DingTalk.
#[derive(Debug, Clone)]
pub struct Client {
    upstream: Upstream,
    oapi: Arc<Url>,
    api: Arc<Url>,
}

impl Client {
    /// A client for the DingTalk that the configuration names; every call is bounded by its timeout.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &config::DingTalk) -> anyhow::Result<Self> {
        Ok(Self {
            upstream: Upstream::new("DingTalk", config.timeout, config.max_calls_per_minute)?,
            oapi: Arc::new(config.oapi_url.clone()),
            api: Arc::new(config.api_url.clone()),
        })
    }

    /// The same client, with its calls charged to `app`.
    #[must_use]
    pub fn paid_by(&self, app: &App) -> Self {
        Self { upstream: self.upstream.paid_by(app), ..self.clone() }
    }

    /// Asks for the call that redeems a code, before the code counts as used.
    ///
    /// # Errors
    /// During a ban, and beyond the budget.
    pub fn admit_redemption(&self) -> Result<(), Error> {
        self.upstream.admit("login code")
    }

    /// `GET` on the `oapi` host, which takes everything in the query, tokens and secrets too.
    fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.upstream.request(Method::GET, &self.oapi, endpoint).query(query)
    }

    /// `POST` of JSON on the `oapi` host, with its tokens in the query.
    fn post(&self, endpoint: &str, query: &[(&str, &str)], body: &Value) -> RequestBuilder {
        self.upstream.request(Method::POST, &self.oapi, endpoint).query(query).json(body)
    }

    /// `POST` of JSON on the `api` host, which takes the token in a header and nowhere else.
    fn post_api(&self, endpoint: &str, token: Option<&Secret>, body: &Value) -> RequestBuilder {
        let request = self.upstream.request(Method::POST, &self.api, endpoint).json(body);
        match token {
            Some(token) => request.header("x-acs-dingtalk-access-token", token.expose()),
            None => request,
        }
    }

    async fn call<T>(
        &self,
        endpoint: &'static str,
        role: Role,
        request: impl Fn(&str) -> RequestBuilder,
        read: impl Fn(Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let read = |reply: &_| Answer::read(endpoint, role, reply).and_then(&read);
        self.upstream.call(endpoint, role, || request(endpoint), read).await
    }
}

/// The token of the `oapi` host.
fn access_token<T: Token>(answer: Answer) -> Result<Issued<T>, Error> {
    issued(&answer, "access_token", "expires_in")
}

/// A token or ticket out of an answer; `expires` names the field with its seconds.
fn issued<T: Token>(answer: &Answer, field: &str, expires: &str) -> Result<Issued<T>, Error> {
    Ok(Issued::new(answer.text(field)?, answer.seconds(expires)))
}

#[cfg(test)]
mod tests;
