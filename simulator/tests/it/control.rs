//! The knobs: faults, clock, revocation, settings, and what they refuse.

use std::time::{Duration, Instant};

use dingtalk_simulator::{Options, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::{Desk, text};

const TOKEN: &str = "/channel/get_channel_token";

#[tokio::test]
async fn the_next_calls_get_the_reply() {
    let desk = Desk::open().await;
    let busy = json!({ "errcode": -1, "errmsg": "系统繁忙" });
    let fault = json!({ "endpoint": TOKEN, "times": 2, "reply": { "body": busy } });
    assert_eq!(desk.set("faults", fault).await["faults"][0]["times"], 2);
    assert_eq!(desk.get(TOKEN).await, busy);
    assert_eq!(desk.get("/gettoken").await["errcode"], 40035);
    assert_eq!(desk.get("/_sim/faults").await["faults"][0]["times"], 1);
    assert_eq!(desk.get(TOKEN).await, busy);
    assert_eq!(desk.get(TOKEN).await["errcode"], 40035);

    let journal = desk.journal().await;
    let noted = |at: usize| (journal["calls"][at]["fault"].clone(), journal["calls"][at]["errcode"].clone());
    assert_eq!((noted(0), noted(3)), ((json!(true), json!(-1)), (json!(false), json!(40035))));
}

#[tokio::test]
async fn the_journal_notes_the_code_that_says_most() {
    let desk = Desk::open().await;
    let refused = json!({ "errorCode": 3, "errorMessage": "Code:52013 - Message:签名校验失败" });
    for (endpoint, body, code) in [
        ("native/requestJsApis", refused, json!(52013)),
        ("native/requestJsApis", json!({ "errorCode": 3, "errorMessage": "1002,no" }), json!(1002)),
        ("native/requestJsApis", json!({ "errorCode": "-1", "errorMessage": "cancelled" }), Value::Null),
        ("native/requestJsApis", json!({ "errorCode": -1, "errorMessage": "cancelled" }), json!(-1)),
        ("native/requestJsApis", json!({ "status": 1111, "wait": 5 }), json!(1111)),
        ("native/requestJsApis", json!("<h1>"), Value::Null),
    ] {
        desk.set("faults", json!({ "endpoint": endpoint, "reply": { "body": body } })).await;
        desk.request("/_sim/native/requestJsApis", &json!({})).send().await.unwrap();
        assert_eq!(desk.get("/_sim/journal?limit=1").await["calls"][0]["errcode"], code, "{body}");
    }
}

#[tokio::test]
async fn one_fault_can_be_taken_back() {
    let desk = Desk::open().await;
    for endpoint in ["*", TOKEN] {
        desk.set("faults", json!({ "endpoint": endpoint, "drop": true })).await;
    }
    let remove = async |id: &str| {
        let answer = desk.http.delete(desk.at(&format!("/_sim/faults/{id}"))).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, left) = remove("1").await;
    assert_eq!((status, &left["faults"][0]["id"], &left["faults"][1]), (200, &json!(2), &Value::Null));
    for unknown in ["1", "x"] {
        assert_eq!(remove(unknown).await.0, 404);
    }
    let own = json!({ "id": 7, "endpoint": "*", "drop": true });
    let answer = desk.request("/_sim/faults", &own).send().await.unwrap();
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"]["field"],
        "id",
        "ids are the simulator's to give"
    );
}

#[tokio::test]
async fn a_reply_can_be_no_json_at_all() {
    let desk = Desk::open().await;
    let reply = json!({
        "status": 503, "contentType": "text/html", "body": "<h1>x5</h1>", "headers": { "Retry-After": "7" },
    });
    desk.set("faults", json!({ "endpoint": "*", "reply": reply })).await;
    let answer = desk.http.get(desk.at("/gettoken")).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(
        (&answer.headers()["content-type"], &answer.headers()["retry-after"]),
        (&"text/html".parse().unwrap(), &"7".parse().unwrap())
    );
    assert_eq!(answer.text().await.unwrap(), "<h1>x5</h1>");
}

#[tokio::test]
async fn a_drop_ends_the_connection_without_an_answer() {
    let desk = Desk::open().await;
    desk.set("faults", json!({ "endpoint": "*", "drop": true })).await;
    let error = desk.http.get(desk.at(TOKEN)).send().await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert_eq!(desk.get(TOKEN).await["errcode"], 40035);
    let journal = desk.journal().await;
    assert_eq!((&journal["calls"][0]["status"], &journal["calls"][0]["fault"]), (&Value::Null, &json!(true)));
    assert!(journal["calls"][0]["tookMs"].is_u64(), "over, unlike a call that still waits");
    assert_eq!(journal["counts"][TOKEN], 2);
}

#[tokio::test]
async fn a_dropped_native_call_is_silence() {
    let desk = Desk::open().await;
    desk.set("faults", json!({ "endpoint": "native/*", "drop": true })).await;
    assert_eq!(desk.request_auth_code("employee", "runtime").await, json!({ "silent": true }));
    let cancelled = json!({ "errorCode": -1, "errorMessage": "cancelled" });
    desk.set("faults", json!({ "endpoint": "native/requestAuthCode", "reply": { "body": cancelled } })).await;
    assert_eq!(desk.request_auth_code("employee", "runtime").await, cancelled);
}

#[tokio::test]
async fn a_fault_afterwards_hides_what_was_done() {
    let desk = Desk::open().await;
    let channel = desk.channel_token().await;
    let path = "/channel/user/get_by_code";
    let faults = [(true, 40078), (false, 0)];
    for (after, second) in faults {
        let code = desk.code("employee").await;
        desk.set("faults", json!({ "endpoint": path, "drop": true, "after": after })).await;
        let lost = desk.http.get(desk.at(&format!("{path}?access_token={channel}&code={code}"))).send().await;
        assert!(lost.is_err());
        assert_eq!(desk.by_code(&channel, &code).await["errcode"], second, "after: {after}");
    }
}

#[tokio::test]
async fn a_delayed_call_is_counted_although_its_caller_gives_up() {
    let desk = Desk::open().await;
    desk.set("faults", json!({ "endpoint": TOKEN, "delayMs": 600_000 })).await;
    let waiting = tokio::spawn(desk.http.get(desk.at(TOKEN)).send());
    while desk.journal().await["counts"][TOKEN] != 1 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert_eq!(desk.journal().await["calls"][0]["status"], Value::Null);

    desk.set("faults", json!({ "endpoint": TOKEN, "delayMs": 60 })).await;
    let started = Instant::now();
    assert_eq!(desk.get(TOKEN).await["errcode"], 40035);
    assert!(started.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn latency_is_for_every_call() {
    let desk = Desk::open().await;
    desk.set("settings", json!({ "latencyMs": 40 })).await;
    let started = Instant::now();
    desk.get("/gettoken").await;
    desk.request_auth_code("employee", "runtime").await;
    assert!(started.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn what_is_revoked_is_unknown() {
    let desk = Desk::with(Options { corps: 2, ..Options::default() }).await;
    let (mine, other, corp) =
        (desk.channel_token().await, desk.channel_token_of("dingcorp2").await, desk.corp_token().await);
    desk.set("revoke", json!({ "corpId": "dingcorp1", "what": "tokens" })).await;
    assert_eq!(desk.by_code(&mine, "x").await["errcode"], 40014);
    assert_eq!(desk.by_code(&other, "x").await["errcode"], 40078);
    let path = format!("/user/getUseridByUnionid?unionid=x&access_token={corp}");
    assert_eq!(desk.get(&path).await["errcode"], 40014);
    assert_ne!(desk.channel_token().await, mine);

    desk.set("revoke", json!({ "what": "all" })).await;
    assert_eq!(desk.by_code(&other, "x").await["errcode"], 40014);
}

#[tokio::test]
async fn reset_returns_to_the_first_moment() {
    let desk = Desk::open().await;
    let token = desk.channel_token().await;
    let before = desk.get("/_sim/settings").await;
    desk.set("settings", json!({ "tokenLifetime": 60, "person": "partner" })).await;
    desk.set("clock", json!({ "advanceSeconds": 60 })).await;
    desk.set("faults", json!({ "endpoint": "*", "drop": true })).await;
    desk.set("reset", json!({})).await;
    assert_eq!(desk.get("/_sim/settings").await, before);
    assert_eq!(desk.get("/_sim/clock").await["advancedSeconds"], 0);
    assert_eq!(desk.get("/_sim/faults").await["faults"], json!([]));
    assert_eq!(desk.journal().await["calls"], json!([]));
    assert_eq!(desk.by_code(&token, "x").await["errcode"], 40014);
}

#[tokio::test]
async fn settings_change_what_is_issued() {
    let desk = Desk::open().await;
    desk.set("settings", json!({ "tokenLifetime": 60, "ticketLifetime": 30 })).await;
    let path = format!("{TOKEN}?corpid=dingcorp1&channel_secret=channel-secret-of-dingcorp1");
    let token = desk.get(&path).await;
    assert_eq!(token["expires_in"], 60);
    let path = format!("/channel/get_channel_jsapi_ticket?access_token={}", text(&token["access_token"]));
    assert_eq!(desk.get(&path).await["expires_in"], 30);
}

#[tokio::test]
async fn people_and_enterprises_can_be_asked_for() {
    let desk = Desk::with(Options { corps: 3, ..Options::default() }).await;
    let corps = desk.get("/_sim/corps").await;
    assert_eq!(corps["pageUrl"], "http://127.0.0.1:8080/");
    assert_eq!(corps["corps"][2]["corpId"], "dingcorp3");
    assert_eq!(corps["corps"][2]["agentIds"], json!(["123456", "2147483648123"]));
    let customer = json!({ "corpId": "dingcust3", "agentIds": ["3000000000003", "700003", "800003"] });
    assert_eq!(corps["customers"][2], customer);
    let people = desk.get("/_sim/people").await;
    let names: Vec<_> =
        people["people"].as_array().unwrap().iter().map(|one| one["person"].clone()).collect();
    assert_eq!(names, ["employee", "partner", "stranger", "unfollowed"]);
    assert_eq!(people["people"][0]["ids"][2]["openId"], "openid-employee-dingcorp3");
    assert_eq!(people["people"][2]["ids"][0]["userId"], Value::Null);
}

#[tokio::test]
async fn bad_input_is_told_by_field() {
    let desk = Desk::open().await;
    let cases = [
        ("PUT", "settings", json!({ "tokenLife": 1 }), "tokenLife"),
        ("PUT", "settings", json!({ "tokenLifetime": "1" }), "tokenLifetime"),
        ("PUT", "settings", json!({ "codeLifetime": 0 }), "codeLifetime"),
        ("PUT", "settings", json!({ "ticketRule": "sometimes" }), "ticketRule"),
        ("PUT", "settings", json!({ "person": "boss" }), "person"),
        ("PUT", "settings", json!({ "latencyMs": 60_001 }), "latencyMs"),
        ("POST", "clock", json!({}), "advanceSeconds"),
        ("POST", "clock", json!({ "advanceSeconds": -1 }), "advanceSeconds"),
        ("POST", "clock", json!({ "advanceSeconds": u64::MAX }), "advanceSeconds"),
        ("POST", "revoke", json!({ "what": "codes" }), "what"),
        ("POST", "revoke", json!({ "what": "all", "corpId": "dingcorp2" }), "corpId"),
        ("POST", "faults", json!({ "drop": true }), "endpoint"),
        ("POST", "faults", json!({ "endpoint": "/channel/token", "drop": true }), "endpoint"),
        ("POST", "faults", json!({ "endpoint": "*" }), "reply"),
        ("POST", "faults", json!({ "endpoint": "*", "drop": true, "times": 0 }), "times"),
        ("POST", "faults", json!({ "endpoint": "*", "delayMs": 600_001 }), "delayMs"),
        ("POST", "faults", json!({ "endpoint": "*", "drop": true, "reply": {} }), "reply"),
        ("POST", "faults", json!({ "endpoint": "*", "reply": { "status": 99 } }), "reply.status"),
        ("POST", "faults", json!({ "endpoint": "*", "reply": { "status": "x" } }), "reply.status"),
        ("POST", "faults", json!({ "endpoint": "*", "reply": { "contentType": "\n" } }), "reply.contentType"),
        (
            "POST",
            "faults",
            json!({ "endpoint": "*", "reply": { "headers": { "a b": "" } } }),
            "reply.headers",
        ),
    ];
    for (method, control, body, field) in cases {
        let request = desk.http.request(method.parse().unwrap(), desk.at(&format!("/_sim/{control}")));
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{control} {body}");
        let error = answer.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!(error["field"], field, "{error}");
    }
    let broken = desk.http.put(desk.at("/_sim/settings")).body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    assert_eq!(desk.http.get(desk.at("/_sim/nothing")).send().await.unwrap().status(), 404);
    // Nothing of it was taken over.
    assert_eq!(desk.get("/_sim/faults").await["faults"], json!([]));
    assert_eq!(desk.get("/_sim/settings").await["tokenLifetime"], 7200);
}

#[tokio::test]
async fn only_a_loopback_address_is_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let refusal = serve(listener, Options::default()).await.unwrap_err().to_string();
    assert!(refusal.contains("loopback"), "{refusal}");
    for options in [
        Options { corps: 0, ..Options::default() },
        Options { page_url: "javascript:alert(1)".to_owned(), ..Options::default() },
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(serve(listener, options).await.is_err());
    }
}

#[tokio::test]
async fn a_page_is_there_where_something_listens() {
    let desk = Desk::open().await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let look = async |url: &str| desk.post("/_sim/look", &json!({ "url": url })).await["listens"].clone();
    assert_eq!(look(&format!("{}/whatever?it=is#x", desk.origin)).await, true);
    assert_eq!(look(&format!("http://{gone}/")).await, false);
    assert_eq!(look("http://no-such-host.invalid/").await, false);
    for url in ["", "/", "ftp://127.0.0.1/", "javascript:alert(1)", "127.0.0.1:80"] {
        let answer = desk.request("/_sim/look", &json!({ "url": url })).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{url}");
    }
}
