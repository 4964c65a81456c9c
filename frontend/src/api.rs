//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::{failure::Failure, json};
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use miandeng_shared::{
    AgentId, ConfigAnswer, CorpId, ErrorAnswer, ErrorCode, Lang, LoginAnswer, LoginRequest, ReportRequest,
    SessionAnswer,
};
use serde::de::DeserializeOwned;
use std::pin::{Pin, pin};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Request, RequestCredentials, RequestInit, Response, Url};

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
        match read(self.send("GET", "api/session", &[], None, QUICK).await?) {
            Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
            other => other.map(Some),
        }
    }

    /// What the server knows of the application, without a signature: costs DingTalk nothing.
    pub async fn app(&self, corp_id: &CorpId, agent_id: &AgentId) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("sign", "0")];
        read(self.send("GET", "api/config", &query, None, QUICK).await?)
    }

    /// What `dd.config` needs for this page.
    pub async fn config(
        &self,
        corp_id: &CorpId,
        agent_id: &AgentId,
        url: &str,
    ) -> Result<ConfigAnswer, Failure> {
        let query = [("corpid", corp_id.as_str()), ("agentid", agent_id.as_str()), ("url", url)];
        read(self.send("GET", "api/config", &query, None, SIGN).await?)
    }

    pub async fn login(&self, request: &LoginRequest) -> Result<LoginAnswer, Failure> {
        read(self.send("POST", "api/login", &[], Some(json::write(request)), LOGIN).await?)
    }

    /// Tells of a refused `dd.config`. The answer comes when the server has renewed its ticket.
    pub async fn report(&self, request: &ReportRequest) -> Result<(), Failure> {
        done(self.send("POST", "api/report", &[], Some(json::write(request)), SIGN).await?)
    }

    pub async fn end_session(&self) -> Result<(), Failure> {
        done(self.send("DELETE", "api/session", &[], None, QUICK).await?)
    }

    fn send(
        &self,
        method: &str,
        path: &'static str,
        query: &[(&str, &str)],
        body: Option<String>,
        limit: u32,
    ) -> Pin<Box<dyn Future<Output = Result<Answer, Failure>>>> {
        let abort = AbortController::new().ok();
        let request = self.request(method, path, query, body, abort.as_ref());
        Box::pin(async move {
            let request = request.map_err(|reason| failed(ErrorCode::Unexpected, path, &reason))?;
            let exchange = pin!(exchange(&request));
            match select(exchange, TimeoutFuture::new(limit)).await {
                Either::Left((answer, _)) => {
                    answer.map_err(|reason| failed(ErrorCode::Network, path, &reason))
                }
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
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        body: Option<String>,
        abort: Option<&AbortController>,
    ) -> Result<Request, JsValue> {
        let url = Url::new_with_base(path, &self.base)?;
        for (name, value) in query {
            url.search_params().append(name, value);
        }
        let options = RequestInit::new();
        options.set_method(method);
        options.set_credentials(self.credentials);
        options.set_signal(abort.map(AbortController::signal).as_ref());
        if let Some(body) = &body {
            options.set_body(&JsValue::from_str(body));
        }
        let request = Request::new_with_str_and_init(&url.href(), &options)?;
        let headers = request.headers();
        headers.set("Accept", "application/json")?;
        headers.set("Accept-Language", self.lang.tag())?;
        if body.is_some() {
            headers.set("Content-Type", "application/json")?;
        }
        Ok(request)
    }
}

async fn exchange(request: &Request) -> Result<Answer, JsValue> {
    let window = web_sys::window().ok_or("no window")?;
    let response: Response = JsFuture::from(window.fetch_with_request(request)).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Answer { response, text })
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
    let retry_after =
        answer.response.headers().get("Retry-After").ok().flatten().and_then(|s| s.parse().ok());
    Err(Failure::from_server(answer.response.status(), body, retry_after))
}

/// `reason` is what the browser threw, normally a `TypeError`.
fn failed(code: ErrorCode, path: &str, reason: &JsValue) -> Failure {
    let message = Reflect::get(reason, &"message".into()).ok().and_then(|message| message.as_string());
    Failure::new(code).detail("request", path).detail("reason", message.unwrap_or_default())
}
