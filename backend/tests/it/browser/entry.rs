//! The address that people come with, and where it takes them: whatever way it is written, page and server read the same.

use super::sdk::{Sdk, dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Person, Redis, SUITE, Server, Sim};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Spellings of one address, which `shared` reads in its own tests.
const SAME: &str = include_str!("../../../../shared/tests/same_address.txt");

/// What the server prepares for the application is there under every spelling.
#[tokio::test]
async fn k01_the_server_prepares_what_the_page_will_do() {
    let (sim, server) = crate::support::start("name = \"某某会员\"\n").await;
    for query in SAME.lines() {
        let answer = sim.http.get(format!("{}/?{query}", server.url)).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-security-policy").contains(&format!("'self' {}", sim.url)), "{query}");
        assert!(header("link").contains("/jsapi/dingtalk.js>; rel=preload"), "{query}");
        assert!(header("set-cookie").starts_with("miandeng"), "{query}");
        assert!(answer.text().await.unwrap().contains("<title>某某会员</title>"), "{query}");
    }
    for query in ["corpid=$CORPID$&agentid=123456", "corpid=dingcorp1&corpid=x&agentid=123456", "corpid=a"] {
        let answer = sim.http.get(format!("{}/?{query}", server.url)).send().await.unwrap();
        assert!(!answer.headers().contains_key("set-cookie"), "{query}");
        assert!(
            answer.headers()["content-security-policy"].to_str().unwrap().contains("https://g.alicdn.com")
        );
    }
}

/// In a browser, with the component on another host, so that a policy for another application would forbid it.
#[tokio::test]
async fn k01_every_spelling_logs_in() {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    for query in [
        format!("corpId={CORP}&agentId={AGENT}"),
        format!("AGENTID={AGENT}&x=1&CorpID={CORP}"),
        format!("%63orpid={CORP}&agentid=%31{}", &AGENT[1..]),
        format!("corpid={CORP}&amp;agentid=+{AGENT}"),
        format!("corpid={CORP}&corpId={CORP}&agentid={AGENT}&agentid="),
    ] {
        phone.client.delete_all_cookies().await.unwrap();
        phone.goto(&format!("{}/?{query}", server.url)).await;
        assert_eq!(phone.identity().await, "员工编号 userid-employee-dingcorp1", "{query}");
        assert_eq!(phone.violations().await, "", "{query}");
    }
    phone.close().await;
}

/// The store hangs while the document is made and is back a moment later: the page waits, and what the document allows is
/// enough for an application that the server did not know then.
#[tokio::test]
async fn k01_an_application_that_could_not_be_looked_up_logs_in_without_a_tap() {
    let (sim, redis) = (Sim::start(2).await, Redis::start().await);
    let with_suite = |config: &mut String| {
        config.truncate(config.find("[[apps]]").unwrap());
        config.push_str(SUITE);
        *config =
            config.replace("memory:", &redis.url()).replace("timeout = ", "simulator = true\ntimeout = ");
    };
    let server = Server::start(&sim, with_suite).await;
    let callback = format!("{}/dingtalk/suites/main/callback", server.url);
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
    for (what, body) in [("ticket", json!({})), ("authorise", json!({ "corpId": "dingcust1" }))] {
        assert_eq!(sim.post(&format!("/_sim/suites/suite1/{what}"), body).await["ok"], true, "{what}");
    }
    // One that has looked nothing up yet.
    let server = Server::start(&sim, with_suite).await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    redis.cli(&["client", "pause", "3000", "all"]);
    phone.goto(&format!("{}/?corpId=dingcust1&agentid=700001", server.url)).await;
    assert!(phone.identity().await.contains("userid-employee-dingcust1"));
    phone.close().await;
}

/// The official SDK, from a host that fails the first request for it.
async fn fails_once() -> (Sdk, String) {
    let sdk = Sdk::start().await;
    let script = reqwest::get(format!("{}/sdk.js", sdk.url)).await.unwrap().text().await.unwrap();
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let answer = move || async move {
        match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => StatusCode::BAD_GATEWAY.into_response(),
            _ => {
                ([("content-type", "text/javascript"), ("cache-control", "no-store")], script).into_response()
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/sdk.js", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/sdk.js", get(answer))).await });
    (sdk, url)
}

#[tokio::test]
async fn k01_a_component_that_does_not_come_once_is_not_noticed() {
    let (_sdk, url) = fails_once().await;
    let sim = Sim::start(1).await;
    let ours = format!("{}/jsapi/dingtalk.js", sim.url);
    let server = Server::start(&sim, |config| *config = config.replace(&ours, &url)).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    phone.identity().await;
    phone.close().await;
}

/// A policy that forbids the component is not the network's fault, and trying again gets another document.
#[tokio::test]
async fn k01_a_component_that_never_comes_is_not_blamed_on_the_network() {
    let (_sim, _sdk, server) = start(|config| *config = config.replace("/sdk.js", "/html")).await;
    for (lang, network) in [("zh-CN", "网络"), ("en", "network")] {
        let phone = Phone::open(Ua::Android, lang).await;
        phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
        let (code, alert, details) = phone.failure().await;
        assert_eq!(code, "sdk_unavailable");
        assert!(!alert.contains(network) && details.contains("script: "), "{alert} {details}");
        phone.run("window.old = true").await;
        phone.click("#app button.primary").await;
        phone.until("window.old === undefined").await;
        phone.failure().await;
        phone.client.clone().close().await.unwrap();
    }
}

fn word(path: &str) -> String {
    URL_SAFE_NO_PAD.encode(path)
}

/// As `/start` sends people here; the fragment is what the browser kept of the address that it was sent from.
#[tokio::test]
async fn k03_the_way_back_is_a_word_in_the_query_and_the_fragment_that_the_browser_kept() {
    let (sim, _sdk, server) = start(|config| config.push_str("home = \"/api/session?home\"\n")).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    for (n, (path, fragment)) in [
        ("/api/session", "#/orders/5"),
        ("/api/session?tab=%E5%85%A8&x=a+b", "#a=b"),
        ("/api/session", "#!/orders?q=%E4%B8%AD&next=/x"),
        ("/api/session?plain", ""),
        ("/api/session", "#next=https://evil.example/"),
    ]
    .into_iter()
    .enumerate()
    {
        // With a login, which the signed address has to survive, and with the session that there is then.
        for round in ["login", "session"] {
            if round == "login" {
                phone.client.delete_all_cookies().await.unwrap();
            }
            phone.goto(&format!("{page}&n={n}{round}&next={}{fragment}", word(path))).await;
            phone.arrives_at(&format!("{}{path}{fragment}", server.url)).await;
        }
    }
    for hostile in ["https://evil.example/", "//evil.example", "/\\evil.example", "orders"] {
        phone.goto(&format!("{page}&n={}&next={}#/x", word(hostile), word(hostile))).await;
        phone.arrives_at(&format!("{}/api/session?home", server.url)).await;
    }
    // The menu's own way stays.
    phone.goto(&format!("{page}#next=/api/session%3Fmenu")).await;
    phone.arrives_at(&format!("{}/api/session%3Fmenu", server.url)).await;
    phone.close().await;
}

/// The place that was asked for is the login page itself, so the person stays: with a way on.
#[tokio::test]
async fn k16_the_greeting_has_a_way_on() {
    let (sim, _sdk, server) = start(|config| config.push_str("home = \"/api/session?home\"\n")).await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    for (n, next) in
        [format!("#next=/?n={}", 1), format!("&next={}", word("/?from=guard#x"))].iter().enumerate()
    {
        phone.goto(&format!("{page}&n={n}{next}")).await;
        phone.identity().await;
        assert_eq!(phone.text("#app a.primary").await, "进入");
        phone.click("#app a.primary").await;
        phone.arrives_at(&format!("{}/api/session?home", server.url)).await;
    }
    phone.close().await;

    // Without a home there is none, and no empty button either.
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    phone.identity().await;
    assert_eq!(
        phone.run("return document.querySelector('#app a.primary').offsetParent === null").await,
        true
    );
    phone.close().await;
}

/// Some clients tell no number, some tell it elsewhere than in the message; the ticket is renewed all the same.
#[tokio::test]
async fn k19_a_refusal_without_a_number_heals() {
    for refusal in [
        json!({ "errorCode": 3, "errorMessage": "权限校验失败" }),
        json!({ "errorCode": 3, "message": "权限校验失败" }),
        json!({ "errorCode": "3" }),
        json!({ "errorCode": 52013, "errorMessage": "权限校验失败" }),
        json!({ "errorCode": 3, "error": { "code": "52011", "errorMessage": "jsapi ticket 读取失败" } }),
        json!({ "errorCode": 3, "errorMessage": "权限校验失败 url http://127.0.0.1:20080/" }),
    ] {
        let (sim, _sdk, server) = start(|_| {}).await;
        let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
        Person::new(&sim, &server).config().await;
        sim.fault(json!({ "endpoint": "native/requestJsApis", "reply": { "body": refusal } })).await;
        phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
        phone.identity().await;
        let tickets = sim.counts().await["/channel/get_channel_jsapi_ticket"];
        assert_eq!(tickets, 2, "{refusal} had the ticket renewed");
        phone.close().await;
    }
    // A number that no ticket heals costs DingTalk nothing.
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    let refusal = json!({ "errorCode": 3, "errorMessage": "权限检验失败,52019,无效的agentid" });
    sim.fault(json!({ "endpoint": "native/requestJsApis", "times": 2, "reply": { "body": refusal } })).await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    assert_eq!(phone.failure().await.0, "config_refused");
    assert_eq!(sim.counts().await["/channel/get_channel_jsapi_ticket"], 1);
    phone.close().await;
}
