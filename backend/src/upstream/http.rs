//! The one way out to a platform: every call is counted, bounded in time and size, measured, and repeated where the policy
//! says so.

use super::breaker::Breaker;
use super::budget::{Budget, Budgets};
use super::cause::Causes;
use super::deadline;
use super::failure::{Error, Kind, Role};
use super::policy::Policy;
use super::proxies::Proxies;
use crate::apps::App;
use crate::telemetry;
use reqwest::{Method, RequestBuilder, Response, header, redirect};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// The answers of these endpoints are a few hundred bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// A repetition needs this much of the visitor's time, or as long as one call may take where that is less: longer than
/// almost every call, and short enough for one in the six seconds that looking an application up may take.
const ROOM: Duration = Duration::from_secs(3);
/// A host that does not take a connection by then is not reached at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A reply as it came.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: u16,
    /// What `Retry-After` says.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// `error`, with the pause that this reply names. That of a ban is known.
    pub fn with_pause(&self, error: Error) -> Error {
        match error.kind.policy().stops_all_calls {
            true => error,
            false => Error { retry_after: self.retry_after.or(error.retry_after), ..error },
        }
    }
}

/// The way to one platform. Clones share connections, budget and breaker.
#[derive(Debug, Clone)]
pub struct Upstream {
    platform: &'static str,
    http: reqwest::Client,
    room: Duration,
    breaker: Arc<Breaker>,
    causes: Arc<Causes>,
    budgets: Budgets,
    /// What the calls of this clone are charged to.
    budget: Budget,
}

impl Upstream {
    /// The way to `platform`, as logs name it. Every call ends within `timeout`; an application may make so many calls in
    /// a minute, or any number for 0.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(platform: &'static str, timeout: Duration, max_calls_per_minute: u32) -> anyhow::Result<Self> {
        let proxies = Proxies::of_environment();
        let http = proxies
            .set(reqwest::Client::builder())?
            .tls_backend_preconfigured(crate::tls::config()?)
            .redirect(redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .build()?;
        let budgets = Budgets::new(max_calls_per_minute);
        let budget = budgets.common();
        let causes = Arc::new(Causes::new(platform, proxies.matcher()));
        Ok(Self { platform, http, room: ROOM.min(timeout), breaker: Arc::default(), causes, budgets, budget })
    }

    /// The same way, with its calls charged to `app`.
    #[must_use]
    pub fn paid_by(&self, app: &App) -> Self {
        Self { budget: self.budgets.of(app), ..self.clone() }
    }

    /// Asks for a call, in advance for one of [`Role::Redeem`]. What is refused here has not left for the platform.
    ///
    /// # Errors
    /// During a ban, and beyond the budget.
    pub fn admit(&self, endpoint: &'static str) -> Result<(), Error> {
        if let Some(left) = self.breaker.remaining() {
            return Err(Error { retry_after: Some(left), ..Error::new(endpoint, Kind::Banned) });
        }
        self.budget.spend().map_err(|(scope, wait)| {
            telemetry::over_budget(scope.label());
            Error { retry_after: Some(wait), ..Error::new(endpoint, Kind::OverBudget) }
        })
    }

    /// A request to `endpoint` of `host`, for [`call`](Self::call).
    pub fn request(&self, method: Method, host: &Url, endpoint: &str) -> RequestBuilder {
        let mut url = host.clone();
        url.set_path(&format!("{}{endpoint}", url.path().trim_end_matches('/')));
        self.http.request(method, url)
    }

    /// Every call goes through here, and is repeated here where the policy says so: not during a ban, within the budget,
    /// and not beyond the time that the visitor has left.
    ///
    /// # Errors
    /// What `read` makes of the reply, or why there is none.
    pub async fn call<T>(
        &self,
        endpoint: &'static str,
        role: Role,
        request: impl Fn() -> RequestBuilder,
        read: impl Fn(&Reply) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if role != Role::Redeem {
            self.admit(endpoint)?;
        }
        let mut repeats = 0;
        loop {
            let outcome = self.attempt(endpoint, request(), &read).await;
            let Err(error) = &outcome else { return outcome };
            let Some(pause) = role.repeats(error.kind).get(repeats) else { return outcome };
            let named = error.retry_after.unwrap_or_default();
            let pause = named.max(*pause).mul_f64(rand::random_range(1.0..1.3));
            if deadline::left() < pause + self.room {
                return outcome;
            }
            tracing::debug!(%error, pause_ms = pause.as_millis(), "{} is asked again", self.platform);
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
        request: RequestBuilder,
        read: impl Fn(&Reply) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let outcome = match exchange(&self.causes, request).await {
            Ok((response, body)) => {
                let (status, retry_after) = (response.status().as_u16(), retry_after(&response));
                let reply = Reply { status, retry_after, body };
                let outcome = read(&reply);
                match &outcome {
                    Ok(_) => self.causes.is_well(&response),
                    Err(error) => {
                        let is_own =
                            error.kind != Kind::BadAnswer && (error.said.is_some() || reply.is_success());
                        self.causes.answered(&response, &reply.body, is_own);
                    }
                }
                outcome
            }
            Err(kind) => Err(Error::new(endpoint, kind)),
        };
        let label = outcome.as_ref().err().map_or("ok", |error| error.kind.label());
        telemetry::upstream(endpoint, label, started.elapsed());
        if let Err(error) = &outcome
            && let Policy { stops_all_calls: true, pause: Some(pause), .. } = error.kind.policy()
        {
            self.breaker.open(self.platform, pause);
        }
        outcome
    }
}

/// Sends, and reads the answer as far as it may be long. The errors of reqwest carry the URL, and the URL carries secrets:
/// only their kind goes on.
async fn exchange(causes: &Causes, request: RequestBuilder) -> Result<(Response, Vec<u8>), Kind> {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Err(causes.failed(None, &error).await),
    };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(causes.failed(Some(response.url()), &error).await),
        }
        if body.len() > MAX_ANSWER {
            causes.answered(&response, &[], false);
            return Err(Kind::BadAnswer);
        }
    }
    Ok((response, body))
}

/// `Retry-After` in seconds; the other form is a date, by a clock that is not ours.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    Some(named_pause(value.to_str().ok()?.trim().parse().ok()?))
}

/// A pause that a platform names, as far as it can be meant.
#[must_use]
pub fn named_pause(seconds: u64) -> Duration {
    const LONGEST: u64 = 300;
    Duration::from_secs(seconds.clamp(1, LONGEST))
}
