//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::{failure::Failure, json};
use futures_util::future::{Either, select};
use gloo_net::http::{Method, Request, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use miandeng_shared::{
    AgentId, ConfigAnswer, CorpId, ErrorAnswer, ErrorCode, Lang, LoginAnswer, LoginRequest, ReportRequest,
    SessionAnswer,
};
use serde::de::DeserializeOwned;
use std::pin::{Pin, pin};
use web_sys::{AbortController, AbortSignal, RequestCredentials, Url};

/// The server answers from memory; what takes time is a phone's network.
const QUICK: u32 = 10_000;

/// The server may have to fetch a token and then a ticket, and waits 5 s for each before it gives up.
const SIGN: u32 = 15_000;

/// A login is up to five calls of 5 s each; giving up earlier would lose a code that is spent already.
const LOGIN: u32 = 30_000;

/// Where the server is, and the language its answers should be in.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    credentials: RequestCredentials,
    lang: Lang,
}

impl Api {
    /// `base` is relative to the document; without it the server is where the page is.
    #[must_use]
    pub fn new(base: Option<&str>, lang: Lang) -> Self {
        let document = web_sys::window().and_then(|window| window.document());
        let page = document.and_then(|document| document.base_uri().ok().flatten()).unwrap_or_default();
        let slashed = base.map(|base| format!("{}/", base.trim_end_matches('/'))).unwrap_or_default();
        let url = Url::new_with_base(&slashed, &page).ok();
        let origin = |url: &Url| url.origin();
        let ours = Url::new(&page).ok().as_ref().map(origin);
        let credentials = if url.as_ref().map(origin) == ours {
            RequestCredentials::SameOrigin
        } else {
            RequestCredentials::Include
        };
        Self { base: url.map_or(page, |url| url.href()), credentials, lang }
    }

    /// Who is logged in to the application; None: no session.
    pub async fn session(
        &self,
        corp_id: &CorpId,
        agent_id: &AgentId,
    ) -> Result<Option<SessionAnswer>, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str())];
        match read(self.send(Method::GET, "api/session", &query, None, QUICK).await?) {
            Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
            other => other.map(Some),
        }
    }

    /// What the server knows of the application, without a signature: costs DingTalk nothing.
    pub async fn app(&self, corp_id: &CorpId, agent_id: &AgentId) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("sign", "0")];
        read(self.send(Method::GET, "api/config", &query, None, QUICK).await?)
    }

    /// What `dd.config` needs for this page.
    pub async fn config(
        &self,
        corp_id: &CorpId,
        agent_id: &AgentId,
        url: &str,
    ) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("url", url)];
        read(self.send(Method::GET, "api/config", &query, None, SIGN).await?)
    }

    pub async fn login(&self, request: &LoginRequest) -> Result<LoginAnswer, Failure> {
        read(self.send(Method::POST, "api/login", &[], Some(json::write(request)), LOGIN).await?)
    }

    /// Tells of a refused `dd.config`. The answer comes when the server has renewed its ticket.
    pub async fn report(&self, request: &ReportRequest) -> Result<(), Failure> {
        done(self.send(Method::POST, "api/report", &[], Some(json::write(request)), SIGN).await?)
    }

    /// Logs out of the application, and of no other on this host.
    pub async fn end_session(&self, corp_id: &CorpId, agent_id: &AgentId) -> Result<(), Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str())];
        done(self.send(Method::DELETE, "api/session", &query, None, QUICK).await?)
    }

    fn send(
        &self,
        method: Method,
        path: &'static str,
        query: &[(&str, &str)],
        body: Option<String>,
        limit: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>>>> {
        let abort = AbortController::new().ok();
        let signal = abort.as_ref().map(AbortController::signal);
        let request = self.request(method, path, query, body, signal.as_ref());
        Box::pin(async move {
            let exchange = pin!(exchange(request.map_err(|reason| unexpected(path, reason))?));
            match select(exchange, TimeoutFuture::new(limit)).await {
                Either::Left((answer, _)) => answer.map_err(|error| {
                    let failure = Failure::new(ErrorCode::Network).detail("request", path);
                    failure.detail("reason", error.to_string())
                }),
                Either::Right(_) => {
                    if let Some(abort) = abort {
                        abort.abort();
                    }
                    Err(Failure::new(ErrorCode::ServerTimeout).detail("request", path))
                }
            }
        })
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
        signal: Option<&AbortSignal>,
    ) -> Result<Request, String> {
        let url = Url::new_with_base(path, &self.base).map_err(|_| format!("no URL under {}", self.base))?;
        let request = RequestBuilder::new(&url.href())
            .method(method)
            .query(query.iter().copied())
            .credentials(self.credentials)
            .header("Accept", "application/json")
            .header("Accept-Language", self.lang.tag())
            .abort_signal(signal);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body),
            None => request.build(),
        };
        request.map_err(|error| error.to_string())
    }
}

async fn exchange(request: Request) -> Result<Answer, gloo_net::Error> {
    let response = request.send().await?;
    Ok(Answer { text: response.text().await?, response })
}

/// A whole answer, body included.
struct Answer {
    response: Response,
    text: String,
}

fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, Failure> {
    let answer = accept(answer)?;
    json::parse(&answer.text).map_err(|_| Failure::from_server(answer.response.status(), None, None))
}

fn done(answer: Answer) -> Result<(), Failure> {
    accept(answer).map(drop)
}

fn accept(answer: Answer) -> Result<Answer, Failure> {
    if answer.response.ok() {
        return Ok(answer);
    }
    let body = json::parse::<ErrorAnswer>(&answer.text).ok().map(|answer| answer.error);
    let retry_after = answer.response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    Err(Failure::from_server(answer.response.status(), body, retry_after))
}

fn unexpected(path: &str, reason: String) -> Failure {
    Failure::new(ErrorCode::Unexpected).detail("request", path).detail("reason", reason)
}
