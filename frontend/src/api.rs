//! Our own server: five requests, each with a timeout. Every way to fail is a [`Failure`].

use crate::{
    dd::DdError,
    failure::Failure,
    flow::Event,
    js,
    json::{self, Read},
    settle::{Done, Outcome, settle},
};
use miandeng_shared::{AppId, AuthCode, ErrorBody, ErrorCode, Lang, LoginRequest, ReportRequest};
#[cfg(feature = "view")]
use wasm_bindgen::JsCast;
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

const CONFIG: &str = "api/config";
const SESSION: &str = "api/session";

/// One request to be sent.
pub struct Ask {
    method: &'static str,
    path: &'static str,
    query: String,
    body: Option<String>,
    limit: u32,
}

impl Ask {
    fn without_body(method: &'static str, path: &'static str, query: String, limit: u32) -> Self {
        Self { method, path, query, body: None, limit }
    }

    fn post(path: &'static str, app: &AppId, fields: &[(&str, JsValue)], limit: u32) -> Self {
        let body =
            js::object(&[("corpId", app.corp_id.as_str().into()), ("agentId", app.agent_id.as_str().into())]);
        for (name, value) in fields {
            js::set(&body, name, value);
        }
        Self { method: "POST", path, query: String::new(), body: js::json(&body), limit }
    }

    /// What `dd.config` needs for the page at `url`.
    pub fn config(app: &AppId, url: &str) -> Self {
        Self::without_body("GET", CONFIG, app.query() + "&url=" + &js::encoded(url), SIGN)
    }

    pub fn login(app: &AppId, code: &AuthCode, next: Option<&str>) -> Self {
        // What is undefined has no place in JSON.
        let next = next.map_or(JsValue::UNDEFINED, JsValue::from);
        Self::post("api/login", app, &[("code", code.as_str().into()), ("next", next)], LOGIN)
    }
}

impl Question {
    fn ask(&self, app: &AppId) -> Ask {
        match self {
            Question::Session => Ask::without_body("GET", SESSION, app.query(), QUICK),
            Question::App => Ask::without_body("GET", CONFIG, app.query() + "&sign=0", QUICK),
            Question::Config(url) => Ask::config(app, url),
            Question::Login(request) => Ask::login(app, &request.code, request.next.as_deref()),
            Question::Report(ReportRequest { time_stamp, nonce_str, url, signature, error, .. }) => {
                let fields = [
                    ("timeStamp", time_stamp.into()),
                    ("nonceStr", nonce_str.into()),
                    ("url", url.into()),
                    ("signature", signature.into()),
                    ("error", error.into()),
                ];
                Ask::post("api/report", app, &fields, SIGN)
            }
            Question::End => Ask::without_body("DELETE", SESSION, app.query(), QUICK),
        }
    }

    /// What has happened with this outcome of [`Api::send`].
    fn event(&self, path: &'static str, outcome: Outcome) -> Event {
        match self {
            Question::Session => Event::Session(match read(path, outcome) {
                Err(failure) if failure.code == ErrorCode::NoSession => Ok(None),
                other => other.map(Some),
            }),
            Question::App | Question::Config(_) => config(outcome),
            Question::Login(_) => login(outcome),
            // The server logs it; that the report itself may fail changes nothing for the person.
            Question::Report(_) => Event::Reported,
            Question::End => Event::Ended(accept(path, outcome).map(drop)),
        }
    }
}

/// What has come of [`Ask::config`].
pub fn config(outcome: Outcome) -> Event {
    Event::Config(read(CONFIG, outcome))
}

/// What has come of [`Ask::login`].
pub fn login(outcome: Outcome) -> Event {
    Event::Login(read("api/login", outcome))
}

impl Api {
    /// Asks, and tells `done` what has come of it.
    pub fn ask(&self, app: &AppId, question: Question, done: Box<dyn FnOnce(Event)>) {
        let ask = question.ask(app);
        let path = ask.path;
        self.send(&ask, Box::new(move |outcome| done(question.event(path, outcome))));
    }

    /// Sends a request. A whole answer, whatever it says, comes as an object of `response` and `text`.
    pub fn send(&self, ask: &Ask, done: Done) {
        let limit = ask.limit;
        let body = move |response: Outcome| match response {
            Err(trouble) => done(Err(trouble)),
            Ok(response) => {
                let whole = response.clone();
                let text = move |text: Outcome| {
                    done(text.map(|text| js::object(&[("response", whole), ("text", text)])));
                };
                settle(limit, &|_| js::call(&response, "text", &JsValue::UNDEFINED), Box::new(text));
            }
        };
        settle(limit, &|_| Ok(js::fetch(&self.request(ask)?)), Box::new(body));
    }

    /// For the view's module and `<AutoLogin>`, where the size of the module is the application's own business.
    #[cfg(feature = "view")]
    fn request(&self, ask: &Ask) -> Result<js::Request, JsValue> {
        use gloo_net::http::{Method, RequestBuilder};
        use miandeng_shared::percent_decode;
        use web_sys::RequestCredentials::{Include, SameOrigin};
        let pairs = ask.query.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter_map(|(name, value)| Some((name, percent_decode(value)?)));
        let request = RequestBuilder::new(&[&*self.base, ask.path].concat())
            .query(pairs)
            .method(Method::from_bytes(ask.method.as_bytes()).unwrap_or_default())
            .credentials(if self.elsewhere { Include } else { SameOrigin })
            .header("Accept", "application/json")
            .header("Accept-Language", self.lang.tag());
        let request = match &ask.body {
            Some(body) => request.header("Content-Type", "application/json").body(body.as_str()),
            None => request.build(),
        };
        // By hand, because the `Display` of gloo-net's error brings that of serde_json's: half a kB of the download.
        let request: web_sys::Request = request.map_err(message)?.into();
        Ok(JsValue::from(request).unchecked_into())
    }

    /// The same in the login's module, which has no room for gloo-net and web-sys.
    #[cfg(not(feature = "view"))]
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

#[cfg(feature = "view")]
fn message(error: gloo_net::Error) -> JsValue {
    match error {
        gloo_net::Error::JsError(error) => error.message.into(),
        gloo_net::Error::GlooError(message) => message.into(),
        gloo_net::Error::SerdeError(_) => JsValue::UNDEFINED,
    }
}

/// The JSON of a good answer, if it is one.
pub fn good(answer: &JsValue) -> Option<JsValue> {
    is_ok(answer).then(|| js::parse(&text(answer)).ok()).flatten()
}

fn is_ok(answer: &JsValue) -> bool {
    js::get(&js::get(answer, "response"), "ok").is_truthy()
}

fn text(answer: &JsValue) -> String {
    js::get(answer, "text").as_string().unwrap_or_default()
}

fn status(answer: &JsValue) -> u16 {
    let status = u32::read(&js::get(&js::get(answer, "response"), "status"));
    status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default()
}

fn read<T: Read>(path: &'static str, outcome: Outcome) -> Result<T, Failure> {
    let answer = accept(path, outcome)?;
    json::parse(&text(&answer)).ok_or_else(|| Failure::from_server(status(&answer), None, None))
}

fn accept(path: &'static str, outcome: Outcome) -> Result<JsValue, Failure> {
    let answer = outcome.map_err(|trouble| failed(path, &trouble.into()))?;
    if is_ok(&answer) {
        return Ok(answer);
    }
    let body = js::parse(&text(&answer)).ok().and_then(|body| ErrorBody::read(&js::get(&body, "error")));
    let headers = js::get(&js::get(&answer, "response"), "headers");
    let header = js::call(&headers, "get", &"Retry-After".into()).ok();
    let retry_after = header.and_then(|seconds| seconds.as_string()?.parse().ok());
    Err(Failure::from_server(status(&answer), body, retry_after))
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
