//! The simulator's phone as WeCom, in front of a page that is no more than a link and a callback: what any server that
//! logs people in there meets.

use super::{Phone, Ua};
use crate::support::Sim;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use fantoccini::Locator;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the stub was asked for: path with query, and cookies.
type Seen = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Clone)]
struct Stub {
    seen: Seen,
    sim: String,
    host: String,
    /// How long the callback takes, as one that asks a platform does.
    patience: Duration,
}

async fn start(sim: &Sim, patience: u64) -> Stub {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    sim.wecom_app("1000002", json!({ "trustedDomain": host })).await;
    let stub =
        Stub { seen: Seen::default(), sim: sim.url.clone(), host, patience: Duration::from_millis(patience) };
    let router = Router::new().fallback(get(answer)).with_state(stub.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    stub
}

async fn answer(State(stub): State<Stub>, uri: Uri, headers: HeaderMap) -> Response {
    let cookies = headers.get(header::COOKIE).map_or("", |line| line.to_str().unwrap());
    stub.seen.lock().unwrap().push((uri.to_string(), cookies.to_owned()));
    let away = |to: String| (StatusCode::FOUND, [(header::LOCATION, to)]);
    match uri.path() {
        "/" => {
            let link = format!(
                "{}/connect/oauth2/authorize?appid=ww0123456789abcdef&redirect_uri=http%3A%2F%2F{}%2Fcallback\
                 &response_type=code&scope=snsapi_base&state=abc&agentid=1000002#wechat_redirect",
                stub.sim, stub.host
            );
            ([(header::SET_COOKIE, "miandeng_wecom_abc=1; Path=/; HttpOnly")], away(link)).into_response()
        }
        "/callback" => {
            tokio::time::sleep(stub.patience).await;
            away("/end".to_owned()).into_response()
        }
        _ => Html("<p id=end>").into_response(),
    }
}

impl Stub {
    /// Requests whose path begins so.
    fn asked(&self, path: &str) -> Vec<(String, String)> {
        self.seen.lock().unwrap().iter().filter(|(uri, _)| uri.starts_with(path)).cloned().collect()
    }

    /// Opens the application on the phone and waits for the end.
    async fn open(&self, phone: &Phone, person: &str, client: &str) {
        let query = format!("platform=wecom&person={person}&client={client}&pageUrl=http://{}/", self.host);
        phone.goto(&format!("{}/?{query}", self.sim)).await;
        phone.click("[data-menu=member]").await;
        let frame = phone.client.wait().for_element(Locator::Css("#window")).await.unwrap();
        frame.enter_frame().await.unwrap();
        phone.text("#end").await;
    }
}

#[tokio::test]
async fn every_client_and_person_arrives_with_a_code_of_theirs() {
    let sim = Sim::start(1).await;
    let stub = start(&sim, 0).await;
    let token = {
        let path = "/cgi-bin/gettoken?corpid=ww0123456789abcdef&corpsecret=secret-of-1000002";
        sim.http
            .get(format!("{}{path}", sim.url))
            .send()
            .await
            .unwrap()
            .json::<serde_json::Value>()
            .await
            .unwrap()
    };
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (person, client, field) in [
        ("member", "wecom", "userid"),
        ("linked", "wecom-pc", "userid"),
        ("customer", "wechat", "external_userid"),
        ("stranger", "wechat", "openid"),
    ] {
        stub.open(&phone, person, client).await;
        let at = phone.run("return location.hash").await;
        assert_eq!(at, "#wechat_redirect", "what has no fragment of its own inherits this one");
        let (callback, cookies) = stub.asked("/callback").pop().unwrap();
        assert!(cookies.contains(&format!("wecom-sim={person}:{client}")), "{cookies}");
        assert!(cookies.contains("miandeng_wecom_abc=1"), "{cookies}");
        let code = callback.strip_prefix("/callback?code=").unwrap().strip_suffix("&state=abc").unwrap();
        let path = format!(
            "/cgi-bin/auth/getuserinfo?access_token={}&code={code}",
            token["access_token"].as_str().unwrap()
        );
        let who: serde_json::Value =
            sim.http.get(format!("{}{path}", sim.url)).send().await.unwrap().json().await.unwrap();
        assert!(who[field].is_string(), "{person}: {who}");
    }
    phone.close().await;
}

#[tokio::test]
async fn the_client_s_bad_habits_reach_the_callback() {
    let sim = Sim::start(1).await;
    let stub = start(&sim, 1000).await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    sim.wecom(json!({ "doubleRequest": true })).await;
    stub.open(&phone, "member", "wecom").await;
    let twice = stub.asked("/callback");
    assert_eq!(twice.len(), 2, "{twice:?}");
    assert_eq!(twice[0].0, twice[1].0, "with one code");

    sim.wecom(json!({ "doubleRequest": false, "dropCookies": true })).await;
    stub.open(&phone, "member", "wecom").await;
    let (_, cookies) = stub.asked("/callback").pop().unwrap();
    assert_eq!(cookies, "wecom-sim=member:wecom");

    sim.wecom(json!({ "dropCookies": false, "decline": true })).await;
    stub.open(&phone, "member", "wecom").await;
    assert_eq!(stub.asked("/callback").pop().unwrap().0, "/callback?state=abc");
    phone.close().await;
}
