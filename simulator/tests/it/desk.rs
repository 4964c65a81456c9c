//! A running simulator and the calls that tests make to it.

use dingtalk_simulator::{Hash, Options, serve, sign, signed_url};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const CORP: &str = "dingcorp1";
pub const PAGE: &str = "http://127.0.0.1:8080/?corpid=dingcorp1&agentid=123456";
pub const CHANNEL_API: &str = "channel.permission.requestAuthCode";

pub struct Desk {
    pub origin: String,
    pub http: Client,
    server: JoinHandle<anyhow::Result<()>>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Desk {
    pub async fn open() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        Self { origin, http: Client::new(), server: tokio::spawn(serve(listener, options)) }
    }

    pub async fn get(&self, path: &str) -> Value {
        json_of(self.http.get(self.at(path)).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        json_of(self.request(path, body).send().await.unwrap()).await
    }

    pub fn request(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http.post(self.at(path)).body(body.to_string())
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A control call that must succeed.
    pub async fn set(&self, path: &str, body: Value) -> Value {
        let request = match path {
            "settings" => self.http.put(self.at("/_sim/settings")),
            other => self.http.post(self.at(&format!("/_sim/{other}"))),
        };
        let response = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub async fn channel_token(&self) -> String {
        self.channel_token_of(CORP).await
    }

    pub async fn channel_token_of(&self, corp: &str) -> String {
        let path =
            format!("/channel/get_channel_token?corpid={corp}&channel_secret=channel-secret-of-{corp}");
        text(&self.get(&path).await["access_token"])
    }

    pub async fn corp_token(&self) -> String {
        let path = format!("/gettoken?corpid={CORP}&corpsecret=corp-secret-of-{CORP}");
        text(&self.get(&path).await["access_token"])
    }

    pub async fn ticket(&self) -> String {
        let token = self.channel_token().await;
        text(&self.get(&format!("/channel/get_channel_jsapi_ticket?access_token={token}")).await["ticket"])
    }

    /// Parameters of `dd.config` that are right in every way.
    pub async fn config(&self, hash: Hash, page: &str) -> Value {
        let ticket = self.ticket().await;
        let signature = sign(hash, &ticket, "a-nonce", "1700000000", &signed_url(page));
        json!({
            "corpId": CORP, "agentId": "123456", "timeStamp": "1700000000", "nonceStr": "a-nonce",
            "signature": signature, "type": 1, "jsApiList": [CHANNEL_API],
        })
    }

    pub async fn request_js_apis(&self, page: &str, params: Value) -> Value {
        self.post("/_sim/native/requestJsApis", &json!({ "url": page, "params": params })).await
    }

    pub async fn request_auth_code(&self, person: &str, namespace: &str) -> Value {
        let body = json!({ "person": person, "namespace": namespace, "corpId": CORP, "url": PAGE });
        self.post("/_sim/native/requestAuthCode", &body).await
    }

    /// A channel code without the ceremony of `dd.config`.
    pub async fn code(&self, person: &str) -> String {
        self.set("settings", json!({ "codeNeedsConfig": false })).await;
        text(&self.request_auth_code(person, "channel").await["code"])
    }

    pub async fn by_code(&self, token: &str, code: &str) -> Value {
        self.get(&format!("/channel/user/get_by_code?access_token={token}&code={code}")).await
    }

    pub async fn journal(&self) -> Value {
        self.get("/_sim/journal").await
    }
}

async fn json_of(response: Response) -> Value {
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}")).to_owned()
}
