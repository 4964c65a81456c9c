//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::failure::Failure;
use futures_util::future::{Either, select};
use gloo_net::http::{Method, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use miandeng_shared::{
    AgentId, ConfigAnswer, CorpId, ErrorAnswer, ErrorCode, Lang, LoginAnswer, LoginRequest, ReportRequest, SessionAnswer,
};
use serde::{Serialize, de::DeserializeOwned};
use std::pin::pin;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, RequestCredentials, Url};

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

    /// Who is logged in; None is nobody.
    pub async fn session(&self) -> Result<Option<SessionAnswer>, Failure> {
        match json(self.send(Method::GET, "api/session", &[], None::<&()>, QUICK).await?) {
            Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
            other => other.map(Some),
        }
    }

    /// What the server knows of the application, without a signature: costs DingTalk nothing.
    pub async fn app(&self, corp_id: &CorpId, agent_id: &AgentId) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("sign", "0")];
        json(self.send(Method::GET, "api/config", &query, None::<&()>, QUICK).await?)
    }

    /// What `dd.config` needs for this page.
    pub async fn config(
        &self,
        corp_id: &CorpId,
        agent_id: &AgentId,
        url: &str,
    ) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("url", url)];
        json(self.send(Method::GET, "api/config", &query, None::<&()>, SIGN).await?)
    }

    pub async fn login(&self, request: &LoginRequest) -> Result<LoginAnswer, Failure> {
        json(self.send(Method::POST, "api/login", &[], Some(request), LOGIN).await?)
    }

    /// Tells of a refused `dd.config`. The answer comes when the server has renewed its ticket.
    pub async fn report(&self, request: &ReportRequest) -> Result<(), Failure> {
        done(self.send(Method::POST, "api/report", &[], Some(request), SIGN).await?)
    }

    pub async fn end_session(&self) -> Result<(), Failure> {
        done(self.send(Method::DELETE, "api/session", &[], None::<&()>, QUICK).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&impl Serialize>,
        limit: u32,
    ) -> Result<Answer, Failure> {
        let url = Url::new_with_base(path, &self.base).map_err(|error| unexpected(path, error))?;
        let abort = AbortController::new().ok();
        let request = RequestBuilder::new(&url.href())
            .method(method)
            .query(query.iter().copied())
            .credentials(self.credentials)
            .header("Accept", "application/json")
            .header("Accept-Language", self.lang.tag())
            .abort_signal(abort.as_ref().map(AbortController::signal).as_ref());
        let request = match body {
            Some(body) => request.json(body),
            None => request.build(),
        };
        let request = request.map_err(|error| unexpected(path, error.to_string()))?;
        let exchange = pin!(async {
            let response = request.send().await?;
            Ok::<_, gloo_net::Error>(Answer { text: response.text().await?, response })
        });
        match select(exchange, TimeoutFuture::new(limit)).await {
            Either::Left((Ok(answer), _)) => Ok(answer),
            Either::Left((Err(error), _)) => {
                Err(Failure::new(ErrorCode::Network).detail("request", path).detail("reason", error.to_string()))
            }
            Either::Right(_) => {
                if let Some(abort) = abort {
                    abort.abort();
                }
                Err(Failure::new(ErrorCode::ServerTimeout).detail("request", path))
            }
        }
    }
}

/// A whole answer, body included.
struct Answer {
    response: Response,
    text: String,
}

fn json<T: DeserializeOwned>(answer: Answer) -> Result<T, Failure> {
    let answer = accept(answer)?;
    serde_json::from_str(&answer.text).map_err(|_| Failure::from_server(answer.response.status(), None, None))
}

fn done(answer: Answer) -> Result<(), Failure> {
    accept(answer).map(drop)
}

fn accept(answer: Answer) -> Result<Answer, Failure> {
    if answer.response.ok() {
        return Ok(answer);
    }
    let body = serde_json::from_str::<ErrorAnswer>(&answer.text).ok().map(|answer| answer.error);
    let retry_after = answer.response.headers().get("Retry-After").and_then(|seconds| seconds.parse().ok());
    Err(Failure::from_server(answer.response.status(), body, retry_after))
}

fn unexpected(path: &str, error: impl Into<JsValue>) -> Failure {
    let reason = error.into().as_string().unwrap_or_default();
    Failure::new(ErrorCode::Unexpected).detail("request", path).detail("reason", reason)
}
