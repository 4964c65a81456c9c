//! Somebody with a phone, step by step and without a browser: the requests that the page makes.

use super::{AGENT, CORP, Server, Sim};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

pub struct Person<'a> {
    pub http: reqwest::Client,
    pub name: &'static str,
    sim: &'a Sim,
    server: &'a Server,
}

impl<'a> Person<'a> {
    pub fn new(sim: &'a Sim, server: &'a Server) -> Self {
        Self::named("employee", sim, server)
    }

    /// One of the simulator's people.
    pub fn named(name: &'static str, sim: &'a Sim, server: &'a Server) -> Self {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { http, name, sim, server }
    }

    /// The address that the phone shows.
    pub fn page(&self) -> String {
        format!("{}/?corpid={CORP}&agentid={AGENT}", self.server.url)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server.url)).header("origin", &self.server.url)
    }

    pub async fn config(&self) -> Response {
        let query = [("corpid", CORP), ("agentid", AGENT), ("url", &self.page())];
        self.request(Method::GET, "/api/config").query(&query).send().await.unwrap()
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
        assert_eq!(accepted["ok"], true, "{accepted}");
        self.code_again().await
    }

    /// A further code on the same page.
    pub async fn code_again(&self) -> String {
        let body = json!({ "person": self.name, "namespace": "channel", "corpId": CORP, "url": self.page() });
        let answer = self.sim.post("/_sim/native/requestAuthCode", body).await;
        answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub async fn post_code(&self, code: &str) -> Response {
        let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code });
        self.request(Method::POST, "/api/login").json(&body).send().await.unwrap()
    }

    /// The whole login.
    pub async fn login(&self) -> Response {
        let code = self.code().await;
        self.post_code(&code).await
    }

    pub async fn session(&self) -> Response {
        self.request(Method::GET, "/api/session").send().await.unwrap()
    }
}

pub async fn json_of(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} without JSON: {text}"))
}
