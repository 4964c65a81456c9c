//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::{
    dd::DdError,
    failure::Failure,
    flow::Event,
    js,
    json::{self, Object, Read},
    settle::{Outcome, settle},
};
use miandeng_shared::{AgentId, CorpId, ErrorBody, ErrorCode, Lang, LoginRequest, ReportRequest};
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

/// What the server is asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// Who is logged in to the application.
    Session,
    /// What the server knows of the application, without a signature: costs DingTalk nothing.
    App,
    /// What `dd.config` needs for the page at this address.
    Config(String),
    Login(LoginRequest),
    /// Tells of a refused `dd.config`. The answer comes when the server has renewed its ticket.
    Report(ReportRequest),
    /// The end of the application's session, and of no other on this host.
    End,
}

/// One request to be sent.
struct Ask {
    method: &'static str,
    path: &'static str,
    query: String,
    body: Option<String>,
    limit: u32,
}

impl Question {
    fn ask(&self, corp_id: &CorpId, agent_id: &AgentId) -> Ask {
        let app = ["corpid=", corp_id.as_str(), "&agentid=", agent_id.as_str()].concat();
        let body = || Object::default().text("corpId", corp_id.as_str()).text("agentId", agent_id.as_str());
        let without = |method, path, query, limit| Ask { method, path, query, body: None, limit };
        let post = |path, body: Object, limit| Ask {
            method: "POST",
            path,
            query: String::new(),
            body: Some(body.end()),
            limit,
        };
        match self {
            Question::Session => without("GET", "api/session", app, QUICK),
            Question::App => without("GET", "api/config", app + "&sign=0", QUICK),
            Question::Config(url) => without("GET", "api/config", app + "&url=" + &js::encoded(url), SIGN),
            Question::Login(LoginRequest { code, next, .. }) => {
                post("api/login", body().text("code", code.as_str()).maybe("next", next.as_deref()), LOGIN)
            }
            Question::Report(ReportRequest { time_stamp, nonce_str, url, signature, error, .. }) => {
                let body = body().text("timeStamp", time_stamp).text("nonceStr", nonce_str).text("url", url);
                post("api/report", body.text("signature", signature).text("error", error), SIGN)
            }
            Question::End => without("DELETE", "api/session", app, QUICK),
        }
    }

    /// What has happened with this answer.
    fn event(&self, answer: Result<Answer, Failure>) -> Event {
        match self {
            Question::Session => Event::Session(match read(answer) {
                Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
                other => other.map(Some),
            }),
            Question::App | Question::Config(_) => Event::Config(read(answer)),
            Question::Login(_) => Event::Login(read(answer)),
            // The server logs it; that the report itself may fail changes nothing for the person.
            Question::Report(_) => Event::Reported,
            Question::End => Event::Ended(accept(answer).map(drop)),
        }
    }
}

impl Api {
    /// Asks, and tells `done` what has come of it.
    pub fn ask(
        &self,
        corp_id: &CorpId,
        agent_id: &AgentId,
        question: Question,
        done: Box<dyn FnOnce(Event)>,
    ) {
        let ask = question.ask(corp_id, agent_id);
        let done = move |answer| done(question.event(answer));
        let Ask { path, limit, .. } = ask;
        let Ok(request) = self.request(&ask) else {
            let reason = ["no URL under ", &self.base].concat();
            let failure =
                Failure::new(ErrorCode::Unexpected).detail("request", path).detail("reason", reason);
            return done(Err(failure));
        };
        let body = move |response: Outcome| match response {
            Err(error) => done(Err(failed(path, &error))),
            Ok(response) => {
                let whole = response.clone();
                let text = move |text: Outcome| {
                    done(match text {
                        Err(error) => Err(failed(path, &error)),
                        Ok(text) => {
                            Ok(Answer { response: whole, text: text.as_string().unwrap_or_default() })
                        }
                    });
                };
                settle(limit, &|_| js::call(&response, "text", &JsValue::UNDEFINED), Box::new(text));
            }
        };
        settle(limit, &|_| Ok(js::fetch(&request)), Box::new(body));
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

fn failed(path: &'static str, error: &DdError) -> Failure {
    match error {
        DdError::Timeout => Failure::new(ErrorCode::ServerTimeout).detail("request", path),
        error => {
            let reason = error.refusal().map(|refusal| refusal.message.clone()).unwrap_or_default();
            Failure::new(ErrorCode::Network).detail("request", path).detail("reason", reason)
        }
    }
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
