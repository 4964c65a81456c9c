//! Somebody with a phone, step by step and without a browser: the requests that the page makes.

use super::{AGENT, CORP, Server, Sim};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

pub struct Person<'a> {
    pub http: reqwest::Client,
    /// By hand, so that two thousand people can share one client.
    cookies: Mutex<BTreeMap<String, String>>,
    pub name: &'static str,
    pub corp: String,
    pub agent: String,
    sim: &'a Sim,
    /// Where the page is: a server, or a proxy before several.
    url: String,
}

impl<'a> Person<'a> {
    pub fn new(sim: &'a Sim, server: &Server) -> Self {
        Self::named("employee", sim, server)
    }

    /// One of the simulator's people.
    pub fn named(name: &'static str, sim: &'a Sim, server: &Server) -> Self {
        Self {
            http: sim.http.clone(),
            cookies: Mutex::default(),
            name,
            corp: CORP.to_owned(),
            agent: AGENT.to_owned(),
            sim,
            url: server.url.clone(),
        }
    }

    /// Somebody whose page comes from `url`.
    pub fn at(sim: &'a Sim, url: &str) -> Self {
        let http = sim.http.clone();
        Self {
            http,
            cookies: Mutex::default(),
            name: "employee",
            corp: CORP.to_owned(),
            agent: AGENT.to_owned(),
            sim,
            url: url.to_owned(),
        }
    }

    /// The address that the phone shows.
    pub fn page(&self) -> String {
        format!("{}/?corpid={}&agentid={}", self.url, self.corp, self.agent)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let origin = url::Url::parse(&self.url).unwrap().origin().ascii_serialization();
        let request = request.header("origin", origin);
        match self.cookie_header() {
            Some(cookies) => request.header("cookie", cookies),
            None => request,
        }
    }

    /// A cookie that came another way.
    pub fn take_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// As a browser that does not keep the cookies whose name has `part` in it.
    pub fn lose_cookies(&self, part: &str) {
        self.cookies.lock().unwrap().retain(|name, _| !name.contains(part));
    }

    pub fn cookie_header(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Sends a request and keeps the cookies of the answer, as a browser does.
    pub async fn send(&self, request: RequestBuilder) -> Response {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&self, request: RequestBuilder) -> Result<Response, String> {
        let response = request.send().await.map_err(|e| format!("{e:?}"))?;
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match value {
                "" => cookies.remove(name),
                value => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Ok(response)
    }

    /// The same where the server may be gone: what failed, in words.
    pub async fn try_config(&self) -> Result<Value, String> {
        let query = [("corpid", self.corp.as_str()), ("agentid", self.agent.as_str()), ("url", &self.page())];
        let answer = self.try_send(self.request(Method::GET, "/api/config").query(&query)).await?;
        match answer.status().is_success() {
            true => answer.json().await.map_err(|e| e.to_string()),
            false => Err(format!("config: {} {}", answer.status(), answer.text().await.unwrap_or_default())),
        }
    }

    pub async fn try_post_code(&self, code: &str) -> Result<Response, String> {
        let body = json!({ "corpId": self.corp, "agentId": self.agent, "code": code });
        self.try_send(self.request(Method::POST, "/api/login").json(&body)).await
    }

    pub async fn config(&self) -> Response {
        let query = [("corpid", self.corp.as_str()), ("agentid", self.agent.as_str()), ("url", &self.page())];
        self.send(self.request(Method::GET, "/api/config").query(&query)).await
    }

    /// What DingTalk's client does with `dd.config`.
    pub async fn dd_config(&self, config: &Value) -> Value {
        let body = json!({ "person": self.name, "url": self.page(), "params": config });
        self.sim.post("/_sim/native/requestJsApis", body).await
    }

    /// A code, after a `dd.config` that has to succeed.
    pub async fn code(&self) -> String {
        let config = json_of(self.config().await).await;
        let accepted = self.dd_config(&config).await;
        assert_eq!(accepted["ok"], true, "{accepted} for {config}");
        self.code_again().await
    }

    /// A further code on the same page.
    pub async fn code_again(&self) -> String {
        let body =
            json!({ "person": self.name, "namespace": "channel", "corpId": self.corp, "url": self.page() });
        let answer = self.sim.post("/_sim/native/requestAuthCode", body).await;
        answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub async fn post_code(&self, code: &str) -> Response {
        let body = json!({ "corpId": self.corp, "agentId": self.agent, "code": code });
        self.send(self.request(Method::POST, "/api/login").json(&body)).await
    }

    /// The whole login.
    pub async fn login(&self) -> Response {
        let code = self.code().await;
        self.post_code(&code).await
    }

    pub async fn session(&self) -> Response {
        self.send(self.request(Method::GET, "/api/session")).await
    }
}

/// What a page reports of a `dd.config` that was refused with `error`: what it was given to sign with.
pub fn report_of(config: &Value, error: &str) -> Value {
    json!({
        "corpId": "dingcorp1", "agentId": "123456", "error": error, "timeStamp": config["timeStamp"],
        "nonceStr": config["nonceStr"], "url": config["url"], "signature": config["signature"],
    })
}

pub async fn json_of(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} without JSON: {text}"))
}
