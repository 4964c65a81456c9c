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

use super::answer::{Answer, Reply, named_pause};
use super::ban::Ban;
use super::budget::{Budget, Budgets};
use super::cause::Causes;
use super::credential::{Credential, Issued};
use super::deadline;
use super::error::{Error, Kind, Role};
use super::policy::Policy;
use super::proxies::Proxies;
use crate::config::{App, DingTalk, Secret};
use crate::telemetry;
use reqwest::{RequestBuilder, Response, header, redirect};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// DingTalk's answers on these endpoints are a few hundred bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The documented lifetime of tokens and tickets, for an answer that does not name one.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7200);
/// No token or ticket of DingTalk lives as long. An answer that says more is wrong, and must not reach the clocks.
const LONGEST_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// What is said to live for no time at all is kept for this long all the same, or every request would fetch another.
const NO_LIFETIME: Duration = Duration::from_secs(60);
/// The same for what lives hardly any.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(2);
/// A repetition needs this much of the visitor's time, or as long as one call may take where that is less: longer than
/// almost every call, and short enough for one in the six seconds that looking an application up may take.
const ROOM: Duration = Duration::from_secs(3);
/// A host that does not take a connection by then is not reached at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A client of DingTalk. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    room: Duration,
    oapi: Arc<Url>,
    api: Arc<Url>,
    ban: Arc<Ban>,
    causes: Arc<Causes>,
    budgets: Budgets,
    /// What the calls of this clone are charged to.
    budget: Budget,
}

impl Client {
    /// A client for the DingTalk that the configuration names; every call is bounded by its timeout.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &DingTalk) -> anyhow::Result<Self> {
        let proxies = Proxies::of_environment();
        let http = proxies
            .set(reqwest::Client::builder())?
            .tls_backend_preconfigured(super::tls::config()?)
            .redirect(redirect::Policy::none())
            .timeout(config.timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .build()?;
        let (oapi, api) = (Arc::new(config.oapi_url.clone()), Arc::new(config.api_url.clone()));
        let budgets = Budgets::new(config.max_calls_per_minute);
        let budget = budgets.common();
        let (room, causes) = (ROOM.min(config.timeout), Arc::new(Causes::new(proxies.matcher())));
        Ok(Self { http, room, oapi, api, ban: Arc::default(), causes, budgets, budget })
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
    fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> RequestBuilder {
        self.http.get(at(&self.oapi, endpoint)).query(query)
    }

    /// `POST` of JSON on the `oapi` host, with the token in the query.
    fn post(&self, endpoint: &str, token: &impl Credential, body: &Value) -> RequestBuilder {
        let query = [("access_token", token.secret().expose())];
        self.http.post(at(&self.oapi, endpoint)).query(&query).json(body)
    }

    /// `POST` of JSON on the `api` host, which takes the token in a header and nowhere else.
    fn post_api(&self, endpoint: &str, token: Option<&Secret>, body: &Value) -> RequestBuilder {
        let request = self.http.post(at(&self.api, endpoint)).json(body);
        match token {
            Some(token) => request.header("x-acs-dingtalk-access-token", token.expose()),
            None => request,
        }
    }

    /// Every call goes through here, and is repeated here where the policy says so: not during a ban, within the budget,
    /// and not beyond the time that the visitor has left.
    async fn call<T>(
        &self,
        endpoint: &'static str,
        role: Role,
        request: impl Fn(&str) -> RequestBuilder,
        read: impl Fn(Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if role != Role::Redeem {
            self.admit(endpoint)?;
        }
        let mut repeats = 0;
        loop {
            let outcome = self.attempt(endpoint, role, request(endpoint), &read).await;
            let Err(error) = &outcome else { return outcome };
            let Some(pause) = role.repeats(error.kind).get(repeats) else { return outcome };
            let named = error.retry_after.unwrap_or_default();
            let pause = named.max(*pause).mul_f64(rand::random_range(1.0..1.3));
            if deadline::left() < pause + self.room {
                return outcome;
            }
            tracing::debug!(%error, pause_ms = pause.as_millis(), "DingTalk is asked again");
            tokio::time::sleep(pause).await;
            if self.admit(endpoint).is_err() {
                return outcome;
            }
            repeats += 1;
        }
    }

    /// One call, measured, limited in time and size.
    async fn attempt<T>(
        &self,
        endpoint: &'static str,
        role: Role,
        request: RequestBuilder,
        read: impl Fn(Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let outcome = match exchange(&self.causes, request).await {
            Ok(reply) => Answer::read(endpoint, role, &reply).and_then(read),
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

/// Sends, and reads the answer as far as it may be long. The errors of reqwest carry the URL, and the URL carries secrets:
/// only their kind goes on.
async fn exchange(causes: &Causes, request: RequestBuilder) -> Result<Reply, Kind> {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Err(causes.failed(None, &error).await),
    };
    let (url, mut body) = (response.url().clone(), Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(causes.failed(Some(&url), &error).await),
        }
        if body.len() > MAX_ANSWER {
            causes.answered(&response, &[]);
            return Err(Kind::BadAnswer);
        }
    }
    causes.answered(&response, &body);
    Ok(Reply { status: response.status().as_u16(), retry_after: retry_after(&response), body })
}

/// `Retry-After` in seconds; the other form is a date, by a clock that is not ours.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    Some(named_pause(value.to_str().ok()?.trim().parse().ok()?))
}

/// The token of the `oapi` host.
fn access_token<T: Credential>(answer: Answer) -> Result<Issued<T>, Error> {
    issued(&answer, "access_token", "expires_in")
}

/// A token or ticket out of an answer; `expires` names the field with its seconds.
fn issued<T: Credential>(answer: &Answer, field: &str, expires: &str) -> Result<Issued<T>, Error> {
    let value = T::from_secret(Secret::new(answer.text(field)?));
    let lifetime = match answer.number(expires).map(u64::try_from) {
        None => DEFAULT_LIFETIME,
        Some(Ok(0) | Err(_)) => NO_LIFETIME,
        Some(Ok(seconds)) => Duration::from_secs(seconds).clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME),
    };
    Ok(Issued { value, lifetime })
}

#[cfg(test)]
mod tests;
