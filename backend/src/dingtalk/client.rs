//! The calls to DingTalk's two hosts. One private way out for each, and one function per endpoint: the service window's
//! in [`channel`], the directory's in [`directory`], those of today's applications in [`app`], those of an ISV's suite in [`suite`].

mod app;
mod channel;
mod directory;
mod suite;

pub use app::Employee;
pub use channel::Follower;
pub use directory::DirectoryEntry;
pub use suite::{AllowedAgents, Authorisation, agent_ids};

use super::answer::Answer;
use super::ban::Ban;
use super::budget::{Budget, Budgets};
use super::credential::{Credential, Issued};
use super::error::{Error, Kind, Role};
use super::policy::Policy;
use crate::config::{App, DingTalk, Secret};
use crate::telemetry;
use reqwest::{Method, RequestBuilder, redirect};
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// DingTalk's answers on these endpoints are a few hundred bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The documented lifetime of tokens and tickets, for an answer that does not name one.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7200);
/// No token or ticket of DingTalk lives as long. An answer that says more is wrong, and must not reach the clocks.
const LONGEST_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// A host that does not take a connection by then is not reached at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A client of DingTalk. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    oapi: Arc<Url>,
    api: Arc<Url>,
    ban: Arc<Ban>,
    budgets: Budgets,
    /// What the calls of this clone are charged to.
    budget: Budget,
}

impl Client {
    /// A client for the DingTalk that the configuration names; every call is bounded by its timeout.
    ///
    /// # Errors
    /// Where the TLS backend cannot be set up.
    pub fn new(config: &DingTalk) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .build()?;
        let (oapi, api) = (Arc::new(config.oapi_url.clone()), Arc::new(config.api_url.clone()));
        let budgets = Budgets::new(config.max_calls_per_minute);
        let budget = budgets.common();
        Ok(Self { http, oapi, api, ban: Arc::default(), budgets, budget })
    }

    /// The same client, with its calls charged to `app`.
    pub fn paid_by(&self, app: &App) -> Self {
        Self { budget: self.budgets.of(app), ..self.clone() }
    }

    /// Asks for a call, in advance for one of [`Role::Redeem`]. What is refused here has not left for DingTalk.
    pub fn admit(&self, endpoint: &'static str) -> Result<(), Error> {
        if let Some(left) = self.ban.remaining() {
            return Err(Error { retry_after: Some(left), ..Error::new(endpoint, Kind::Banned) });
        }
        self.budget.spend().map_err(|(scope, wait)| {
            telemetry::over_budget(scope.label());
            Error { retry_after: Some(wait), ..Error::new(endpoint, Kind::OverBudget) }
        })
    }

    /// `GET` on the `oapi` host, which takes everything in the query, tokens and secrets too.
    async fn get(&self, endpoint: &'static str, role: Role, query: &[(&str, &str)]) -> Result<Answer, Error> {
        let request = self.http.request(Method::GET, at(&self.oapi, endpoint)).query(query);
        self.call(endpoint, role, request, |http_ok, body| Answer::read(endpoint, role, http_ok, body)).await
    }

    /// `POST` of JSON on the `oapi` host, with the token in the query.
    async fn post(
        &self,
        endpoint: &'static str,
        role: Role,
        token: &impl Credential,
        body: Value,
    ) -> Result<Answer, Error> {
        let query = [("access_token", token.secret().expose())];
        let request = self.http.request(Method::POST, at(&self.oapi, endpoint)).query(&query).json(&body);
        self.call(endpoint, role, request, |http_ok, body| Answer::read(endpoint, role, http_ok, body)).await
    }

    /// `POST` of JSON on the `api` host, which takes the token in a header and nowhere else.
    async fn post_api(
        &self,
        endpoint: &'static str,
        token: Option<&Secret>,
        body: Value,
    ) -> Result<Answer, Error> {
        let mut request = self.http.request(Method::POST, at(&self.api, endpoint)).json(&body);
        let role = if token.is_some() { Role::Call } else { Role::Token };
        if let Some(token) = token {
            request = request.header("x-acs-dingtalk-access-token", token.expose());
        }
        self.call(endpoint, role, request, |http_ok, body| Answer::read_api(endpoint, role, http_ok, body))
            .await
    }

    /// Every call goes through here: not during a ban, within the budget, measured, limited in time and size.
    async fn call(
        &self,
        endpoint: &'static str,
        role: Role,
        request: RequestBuilder,
        read: impl FnOnce(bool, &[u8]) -> Result<Answer, Error>,
    ) -> Result<Answer, Error> {
        if role != Role::Redeem {
            self.admit(endpoint)?;
        }
        let started = Instant::now();
        let outcome = match exchange(request).await {
            Ok((http_ok, body)) => read(http_ok, &body),
            Err(kind) => Err(Error::new(endpoint, kind)),
        };
        let label = outcome.as_ref().err().map_or("ok", |error| error.kind.label());
        telemetry::upstream(endpoint, label, started.elapsed());
        if let Err(error) = &outcome
            && let Policy { stops_all_calls: true, pause: Some(pause), .. } = error.kind.policy()
        {
            self.ban.begin(pause);
        }
        outcome
    }
}

fn at(host: &Url, endpoint: &str) -> Url {
    let mut url = host.clone();
    url.set_path(endpoint);
    url
}

/// Sends, and reads the answer as far as it may be long. The future is written out so that it is `Send` for every caller.
fn exchange(request: RequestBuilder) -> impl Future<Output = Result<(bool, Vec<u8>), Kind>> + Send {
    // The errors of reqwest carry the URL, and the URL carries secrets: only their kind goes on.
    let failed = |e: reqwest::Error| if e.is_timeout() { Kind::Timeout } else { Kind::Unreachable };
    async move {
        let mut response = request.send().await.map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER {
                return Err(Kind::BadAnswer);
            }
        }
        Ok((response.status().is_success(), bytes))
    }
}

/// A token or ticket out of an answer; `expires` names the field with its seconds.
fn issued<T: Credential>(answer: &Answer, field: &str, expires: &str) -> Result<Issued<T>, Error> {
    let value = T::from_secret(Secret::new(answer.text(field)?));
    let lifetime = answer.number(expires).and_then(|s| u64::try_from(s).ok());
    let lifetime = lifetime.map_or(DEFAULT_LIFETIME, Duration::from_secs).min(LONGEST_LIFETIME);
    Ok(Issued { value, lifetime })
}
