//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::{
    failure::Failure,
    js,
    json::{self, Object, Read},
    settle::settle,
};
use miandeng_shared::{
    AgentId, ConfigAnswer, CorpId, ErrorBody, ErrorCode, Lang, LoginAnswer, LoginRequest, ReportRequest,
    SessionAnswer,
};
use wasm_bindgen::JsValue;

/// The server answers from memory; what takes time is a phone's network.
const QUICK: u32 = 10_000;

/// The server may have to fetch a token and then a ticket, and waits 5 s for each before it gives up.
const SIGN: u32 = 15_000;

/// A login is up to five calls of 5 s each; giving up earlier would lose a code that is spent already.
const LOGIN: u32 = 30_000;

/// Where the server is, which application is meant, and the language of answers.
#[derive(Debug, Clone)]
pub struct Api {
    /// With a slash at its end; empty where the server is where the page is.
    pub base: String,
    /// Cookies go to other origins only where they are told to.
    pub elsewhere: bool,
    pub lang: Lang,
}

/// One request to be sent.
struct Ask {
    method: &'static str,
    path: &'static str,
    query: String,
    body: Option<String>,
    limit: u32,
}

type Done<T> = Box<dyn FnOnce(Result<T, Failure>)>;

impl Api {
    /// Who is logged in to the application; None: no session.
    pub fn session(&self, corp_id: &CorpId, agent_id: &AgentId, done: Done<Option<SessionAnswer>>) {
        let ask = Ask {
            method: "GET",
            path: "api/session",
            query: app(corp_id, agent_id),
            body: None,
            limit: QUICK,
        };
        self.send(
            ask,
            Box::new(|answer| {
                done(match read(answer) {
                    Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
                    other => other.map(Some),
                });
            }),
        );
    }

    /// What the server knows of the application, without a signature: costs DingTalk nothing.
    pub fn app(&self, corp_id: &CorpId, agent_id: &AgentId, done: Done<ConfigAnswer>) {
        self.ask_config(app(corp_id, agent_id) + "&sign=0", QUICK, done);
    }

    /// What `dd.config` needs for this page.
    pub fn config(&self, corp_id: &CorpId, agent_id: &AgentId, url: &str, done: Done<ConfigAnswer>) {
        self.ask_config([&*app(corp_id, agent_id), "&url=", &js::encoded(url)].concat(), SIGN, done);
    }

    fn ask_config(&self, query: String, limit: u32, done: Done<ConfigAnswer>) {
        let ask = Ask { method: "GET", path: "api/config", query, body: None, limit };
        self.send(ask, Box::new(|answer| done(read(answer))));
    }

    pub fn login(&self, request: &LoginRequest, done: Done<LoginAnswer>) {
        let LoginRequest { corp_id, agent_id, code, next } = request;
        let body = Object::new().text("corpId", corp_id.as_str()).text("agentId", agent_id.as_str());
        let body = body.text("code", code.as_str()).maybe("next", next.as_deref()).end();
        self.send(post("api/login", body, LOGIN), Box::new(|answer| done(read(answer))));
    }

    /// Tells of a refused `dd.config`. The answer comes when the server has renewed its ticket.
    pub fn report(&self, request: &ReportRequest, done: Done<()>) {
        let ReportRequest { corp_id, agent_id, time_stamp, nonce_str, url, signature, error } = request;
        let body = Object::new().text("corpId", corp_id.as_str()).text("agentId", agent_id.as_str());
        let body = body.text("timeStamp", time_stamp).text("nonceStr", nonce_str).text("url", url);
        let body = body.text("signature", signature).text("error", error).end();
        self.send(post("api/report", body, SIGN), Box::new(|answer| done(accept(answer).map(drop))));
    }

    /// Logs out of the application, and of no other on this host.
    pub fn end_session(&self, corp_id: &CorpId, agent_id: &AgentId, done: Done<()>) {
        let query = app(corp_id, agent_id);
        let ask = Ask { method: "DELETE", path: "api/session", query, body: None, limit: QUICK };
        self.send(ask, Box::new(|answer| done(accept(answer).map(drop))));
    }

    fn send(&self, ask: Ask, done: Box<dyn FnOnce(Result<Answer, Failure>)>) {
        let Ask { path, limit, .. } = ask;
        let failed = move |error: crate::dd::DdError| match error {
            crate::dd::DdError::Timeout => Failure::new(ErrorCode::ServerTimeout).detail("request", path),
            error => {
                let reason = error.refusal().map(|refusal| refusal.message.clone()).unwrap_or_default();
                Failure::new(ErrorCode::Network).detail("request", path).detail("reason", reason)
            }
        };
        let request = match self.request(&ask) {
            Ok(request) => request,
            Err(_) => {
                let reason = ["no URL under ", &self.base].concat();
                return done(Err(Failure::new(ErrorCode::Unexpected)
                    .detail("request", path)
                    .detail("reason", reason)));
            }
        };
        settle(
            limit,
            move |_| Ok(js::fetch(&request)),
            move |outcome| match outcome {
                Err(error) => done(Err(failed(error))),
                Ok(response) => {
                    let text = response.clone();
                    settle(
                        limit,
                        move |_| js::call(&text, "text", &JsValue::UNDEFINED),
                        move |text| {
                            done(match text {
                                Err(error) => Err(failed(error)),
                                Ok(text) => {
                                    Ok(Answer { response, text: text.as_string().unwrap_or_default() })
                                }
                            });
                        },
                    );
                }
            },
        );
    }

    fn request(&self, ask: &Ask) -> Result<js::Request, JsValue> {
        let query = if ask.query.is_empty() { "" } else { "?" };
        let url = [&*self.base, ask.path, query, &ask.query].concat();
        let mut headers =
            vec![("Accept", "application/json".into()), ("Accept-Language", self.lang.tag().into())];
        let mut options = vec![
            ("method", ask.method.into()),
            ("credentials", if self.elsewhere { "include" } else { "same-origin" }.into()),
        ];
        if let Some(body) = &ask.body {
            headers.push(("Content-Type", "application/json".into()));
            options.push(("body", body.into()));
        }
        options.push(("headers", js::object(&headers)));
        js::Request::new(&url, &js::object(&options))
    }
}

fn app(corp_id: &CorpId, agent_id: &AgentId) -> String {
    ["corpid=", corp_id.as_str(), "&agentid=", agent_id.as_str()].concat()
}

fn post(path: &'static str, body: String, limit: u32) -> Ask {
    Ask { method: "POST", path, query: String::new(), body: Some(body), limit }
}

/// A whole answer, body included.
struct Answer {
    response: JsValue,
    text: String,
}

impl Answer {
    fn status(&self) -> u16 {
        u32::read(&js::get(&self.response, "status"))
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or_default()
    }
}

fn read<T: Read>(answer: Result<Answer, Failure>) -> Result<T, Failure> {
    let answer = accept(answer)?;
    json::parse(&answer.text).ok_or_else(|| Failure::from_server(answer.status(), None, None))
}

fn accept(answer: Result<Answer, Failure>) -> Result<Answer, Failure> {
    let answer = answer?;
    if js::get(&answer.response, "ok").is_truthy() {
        return Ok(answer);
    }
    let body = js::parse(&answer.text).ok().and_then(|body| ErrorBody::read(&js::get(&body, "error")));
    let header = js::call(&js::get(&answer.response, "headers"), "get", &"Retry-After".into()).ok();
    let retry_after = header.and_then(|seconds| seconds.as_string()?.parse().ok());
    Err(Failure::from_server(answer.status(), body, retry_after))
}
