//! A receiver that stands for the server of a suite's maker, and what tests ask on its behalf.

use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::{Json, Router, routing};
use dingtalk_simulator::{Envelope, Keys, Letter, Options};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{Desk, text};

pub const CUSTOMER: &str = "dingcust1";
pub const SUITE_KEY: &str = "suitekey1";
pub const SECRET: &str = "suite-secret-of-suitekey1";
pub const WINDOW: &str = "3000000000001";
pub const MICRO_APP: &str = "700001";

pub fn keys() -> Keys {
    Keys::new("callback-token-of-suite1", "suite1callbackaeskeysuite1callbackaeskeyabc").unwrap()
}

/// What came in, and how to answer it.
#[derive(Default)]
pub struct Receiver {
    pub events: Vec<Value>,
    pub receivers: Vec<String>,
    pub encrypted: Vec<String>,
    /// Overrides of the answer: status, text, receiver, whether the signature is spoilt.
    pub status: Option<u16>,
    pub text: Option<String>,
    pub receiver: Option<String>,
    pub spoilt: bool,
}

type Shared = Arc<Mutex<Receiver>>;

#[derive(Deserialize)]
struct Signed {
    signature: String,
    timestamp: String,
    nonce: String,
}

async fn receive(
    State(shared): State<Shared>,
    Query(Signed { signature, timestamp, nonce }): Query<Signed>,
    Json(body): Json<Value>,
) -> (axum::http::StatusCode, Json<Value>) {
    let encrypt = text(&body["encrypt"]);
    let letter = keys().open(&Envelope { signature, timestamp, nonce, encrypt: encrypt.clone() }).unwrap();
    let event: Value = serde_json::from_str(&letter.text).unwrap();
    let mut here = shared.lock().unwrap();
    let wanted = event["Random"].as_str().unwrap_or("success").to_owned();
    here.events.push(event);
    here.receivers.push(letter.receiver);
    here.encrypted.push(encrypt);
    let answer = Letter {
        text: here.text.clone().unwrap_or(wanted),
        receiver: here.receiver.clone().unwrap_or_else(|| SUITE_KEY.to_owned()),
    };
    let sealed = keys().seal(&answer, "1700000000000", "answered");
    let signature = if here.spoilt { sealed.signature.to_uppercase() } else { sealed.signature };
    let status = axum::http::StatusCode::from_u16(here.status.unwrap_or(200)).unwrap();
    let body = json!({
        "msg_signature": signature, "timeStamp": sealed.timestamp, "nonce": sealed.nonce,
        "encrypt": sealed.encrypt,
    });
    (status, Json(body))
}

/// A simulator whose first suite has a callback that answers.
pub struct Isv {
    pub desk: Desk,
    pub shared: Shared,
}

impl Isv {
    pub async fn open() -> Self {
        let shared = Shared::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let router = Router::new().route("/callback", routing::post(receive)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let options = Options { suite_callback: Some(url), corps: 2, ..Options::default() };
        Self { desk: Desk::with(options).await, shared }
    }

    /// A control that must exist; its report.
    pub async fn control(&self, control: &str, body: Value) -> Value {
        self.desk.set(&format!("suites/suite1/{control}"), body).await
    }

    /// A control whose push must have been answered rightly; the event.
    pub async fn push(&self, control: &str, body: Value) -> Value {
        let report = self.control(control, body).await;
        assert_eq!(
            (&report["ok"], &report["problem"], &report["answer"]["status"]),
            (&json!(true), &Value::Null, &json!(200)),
            "{report}"
        );
        report["event"].clone()
    }

    pub fn last(&self) -> (Value, String) {
        let here = self.shared.lock().unwrap();
        (here.events.last().unwrap().clone(), here.receivers.last().unwrap().clone())
    }

    /// A token for the newest ticket, which is pushed first.
    pub async fn suite_token(&self) -> String {
        let ticket = text(&self.push("ticket", json!({})).await["SuiteTicket"]);
        let body = json!({ "suite_key": SUITE_KEY, "suite_secret": SECRET, "suite_ticket": ticket });
        let answer = self.desk.post("/service/get_suite_token", &body).await;
        assert_eq!((&answer["errcode"], &answer["expires_in"]), (&json!(0), &json!(7200)), "{answer}");
        text(&answer["suite_access_token"])
    }

    pub async fn service(&self, token: &str, name: &str, body: Value) -> Value {
        self.desk.post(&format!("/service/{name}?suite_access_token={token}"), &body).await
    }

    /// Authorised, traded, and activated; the suite's token and both permanent codes.
    pub async fn authorised(&self) -> (String, String, String) {
        let suite = self.suite_token().await;
        let code = self.push("authorise", json!({ "corpId": CUSTOMER })).await["AuthCode"].clone();
        let codes = self.service(&suite, "get_permanent_code", json!({ "tmp_auth_code": code })).await;
        assert_eq!(codes["auth_corp_info"]["corpid"], CUSTOMER, "{codes}");
        let (permanent, channel) = (text(&codes["permanent_code"]), text(&codes["ch_permanent_code"]));
        let body = json!({ "suite_key": SUITE_KEY, "auth_corpid": CUSTOMER, "permanent_code": permanent });
        assert_eq!(self.service(&suite, "activate_suite", body).await["errcode"], 0);
        (suite, permanent, channel)
    }

    pub async fn corp_token(&self, suite: &str, permanent: &str) -> String {
        let body = json!({ "auth_corpid": CUSTOMER, "permanent_code": permanent });
        text(&self.service(suite, "get_corp_token", body).await["access_token"])
    }

    pub async fn channel_token(&self, suite: &str, channel: &str) -> String {
        let body = json!({ "auth_corpid": CUSTOMER, "ch_permanent_code": channel });
        text(&self.service(suite, "get_channel_corp_token", body).await["access_token"])
    }
}
