//! WeCom: its links, its server side, and its knobs.

mod api;
mod client;
mod controls;
mod knobs;
mod link;
mod web;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};

use crate::desk::{Desk, text};

pub const CORP: &str = "ww0123456789abcdef";
pub const AGENT: &str = "1000002";
pub const OTHER_AGENT: &str = "1000003";
/// Within the domain that both applications trust at first.
pub const CALLBACK: &str = "http://127.0.0.1:8080/wecom/callback";
pub const WXWORK: &str = "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/138.0.7204.180 Mobile Safari/537.36 wxwork/5.0.6 MicroMessenger/7.0.1";

/// A browser with a simulator of its own.
pub struct Phone {
    pub desk: Desk,
    pub http: Client,
}

impl Phone {
    pub async fn new() -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { desk: Desk::open().await, http }
    }

    /// A right link, with these parameters instead or beside; an empty value takes one out.
    pub fn link(&self, change: &[(&str, &str)]) -> Url {
        let right = [
            ("appid", CORP),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "snsapi_base"),
            ("state", "abc123"),
            ("agentid", AGENT),
        ];
        self.url("/connect/oauth2/authorize", &right, change)
    }

    pub fn url(&self, path: &str, right: &[(&str, &str)], change: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&self.desk.at(path)).unwrap();
        let kept = right.iter().filter(|(name, _)| change.iter().all(|(other, _)| other != name));
        let all = kept.chain(change.iter().filter(|(_, value)| !value.is_empty()));
        url.query_pairs_mut().extend_pairs(all);
        url
    }

    pub async fn open(&self, url: Url) -> Response {
        self.http.get(url).send().await.unwrap()
    }

    /// Where a client is sent that opens this link with an identity.
    pub async fn back(&self, change: &[(&str, &str)]) -> Url {
        let identity = [("key", "k"), ("pass_ticket", "t")];
        let own = identity.into_iter().filter(|(name, _)| change.iter().all(|(other, _)| other != name));
        let all: Vec<_> = own.chain(change.iter().copied()).collect();
        location(&self.open(self.link(&all)).await)
    }

    pub async fn code(&self, person: &str) -> String {
        // Another key is another opening of the link.
        let key = format!("{:?}", std::time::Instant::now());
        query(&self.back(&[("uin", person), ("key", &key)]).await, "code").unwrap()
    }

    pub async fn token(&self) -> String {
        text(&self.gettoken(AGENT).await["access_token"])
    }

    pub async fn gettoken(&self, agent: &str) -> Value {
        let path = format!("/cgi-bin/gettoken?corpid={CORP}&corpsecret=secret-of-{agent}");
        self.desk.get(&path).await
    }

    pub async fn redeem(&self, token: &str, code: &str) -> Value {
        self.desk.get(&format!("/cgi-bin/auth/getuserinfo?access_token={token}&code={code}")).await
    }

    pub async fn user_get(&self, token: &str, user: &str) -> Value {
        self.desk.get(&format!("/cgi-bin/user/get?access_token={token}&userid={user}")).await
    }

    pub async fn set(&self, change: Value) {
        self.put("settings", change).await;
    }

    pub async fn app(&self, agent: &str, change: Value) {
        self.put(&format!("apps/{agent}"), change).await;
    }

    async fn put(&self, path: &str, change: Value) {
        let request = self.http.put(self.desk.at(&format!("/_sim/wecom/{path}")));
        let response = request.body(change.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }

    pub async fn revoke(&self, errcode: u32) {
        self.desk.set("wecom/revoke", json!({ "errcode": errcode })).await;
    }
}

pub fn location(response: &Response) -> Url {
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap();
    response.url().join(location).unwrap()
}

pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
