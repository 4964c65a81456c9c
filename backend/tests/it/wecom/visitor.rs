//! A browser without a screen.

use super::{AGENT, CORP, SESSION, WECOM, joined};
use crate::support::{Server, Sim};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A browser that keeps cookies, and follows redirects one by one.
pub struct Visitor<'a> {
    pub sim: &'a Sim,
    pub http: reqwest::Client,
    pub url: String,
    pub person: &'static str,
    pub user_agent: &'static str,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

/// Where a browser came to rest.
pub struct End {
    /// Its address bar, with the fragment that is inherited where a redirect has none.
    pub at: String,
    /// Every address on the way.
    pub way: Vec<String>,
    pub status: StatusCode,
    pub text: String,
}

impl<'a> Visitor<'a> {
    pub fn new(sim: &'a Sim, server: &Server, person: &'static str) -> Self {
        Self::at(sim, &server.url, person)
    }

    pub fn at(sim: &'a Sim, url: &str, person: &'static str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            sim,
            http: client.tls_danger_accept_invalid_certs(true).build().unwrap(),
            url: url.to_owned(),
            person,
            user_agent: WECOM,
            cookies: Mutex::default(),
        }
    }

    pub fn with(self, user_agent: &'static str) -> Self {
        Self { user_agent, ..self }
    }

    /// What the menu opens.
    pub fn menu(&self) -> String {
        self.menu_of(AGENT)
    }

    pub fn menu_of(&self, agent: &str) -> String {
        format!("{}/?corpid={CORP}&agentid={agent}", self.url)
    }

    pub fn start(&self, more: &str) -> String {
        format!("{}/wecom/start?corpid={CORP}&agentid={AGENT}{more}", self.url)
    }

    pub fn cookie_line(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn cookie_names(&self, kind: &str) -> Vec<String> {
        self.cookies.lock().unwrap().keys().filter(|name| name.contains(kind)).cloned().collect()
    }

    pub fn has_session(&self) -> bool {
        !self.cookie_names(SESSION).is_empty()
    }

    pub fn forget(&self, kind: &str) {
        self.cookies.lock().unwrap().retain(|name, _| !name.contains(kind));
    }

    pub fn request(&self, method: Method, address: &str) -> RequestBuilder {
        let request = self.http.request(method, address).header("user-agent", self.user_agent);
        match self.cookie_line() {
            line if line.is_empty() => request,
            line => request.header("cookie", line),
        }
    }

    pub fn keep(&self, response: &Response) {
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            assert!(pair.len() <= 4096, "browsers drop a cookie of {} bytes", pair.len());
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            match value {
                "" => cookies.remove(name),
                value => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    /// One navigation, and no redirect.
    pub async fn step(&self, address: &str) -> Response {
        let request = self.request(Method::GET, address).header("sec-fetch-mode", "navigate");
        let response = request.header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
        self.keep(&response);
        response
    }

    /// Where one navigation is redirected to.
    pub async fn redirected(&self, address: &str) -> String {
        let response = self.step(address).await;
        assert_eq!(response.status(), StatusCode::FOUND, "{address}");
        joined(address, &response)
    }

    /// The callback that WeCom sends this browser to, from our address that leads to its link.
    pub async fn callback_of(&self, address: &str) -> String {
        let link = self.redirected(address).await;
        self.sim.wecom_open(&link, self.person).await
    }

    /// Follows redirects, through WeCom as well.
    pub async fn open(&self, address: &str) -> End {
        let (mut at, mut way) = (address.to_owned(), vec![address.to_owned()]);
        let mut fragment = String::new();
        for _ in 0..12 {
            let next = if at.starts_with(&format!("{}/connect/", self.sim.url)) {
                fragment = "wechat_redirect".to_owned();
                self.sim.wecom_open(&at, self.person).await
            } else {
                let is_login = at.starts_with(&format!("{}/wwlogin/", self.sim.url));
                let identity =
                    if is_login { format!("&uin={}&key={}", self.person, way.len()) } else { String::new() };
                let asked = format!("{}{identity}", at.split('#').next().unwrap());
                let response = self.step(&asked).await;
                if !response.status().is_redirection() {
                    let status = response.status();
                    let bare = at.split('#').next().unwrap();
                    let at = if fragment.is_empty() { bare.to_owned() } else { format!("{bare}#{fragment}") };
                    return End { at, way, status, text: response.text().await.unwrap() };
                }
                joined(&at, &response)
            };
            if let Some((_, own)) = next.split_once('#') {
                fragment = own.to_owned();
            }
            way.push(next.clone());
            at = next;
        }
        panic!("a loop: {way:#?}");
    }

    pub async fn session(&self) -> (StatusCode, Value) {
        let response = self.request(Method::GET, &format!("{}/api/session", self.url)).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// The `userId` or else the `openId` of the session, if there is one.
    pub async fn who(&self) -> Option<String> {
        let (status, session) = self.session().await;
        let user = &session["user"];
        let id = user["userId"].as_str().or(user["openId"].as_str());
        assert_eq!(id.is_some(), status == StatusCode::OK, "{session}");
        id.map(str::to_owned)
    }

    /// Sends the same callback so many times at once, as a client does before it has an answer.
    pub async fn several(&self, callback: &str, times: usize) -> Vec<Response> {
        let request = || self.request(Method::GET, callback).header("sec-fetch-mode", "navigate").send();
        let answers = futures_util::future::join_all((0..times).map(|_| request())).await;
        answers.into_iter().map(Result::unwrap).collect()
    }
}
