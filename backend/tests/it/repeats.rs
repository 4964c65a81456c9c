//! A call that may be made again is, where that heals it: after the policy's pause, not during a ban, not beyond the budget.

use crate::support::{Person, SUITE, Server, Sim, free_port, json_of, start};
use reqwest::StatusCode;
use serde_json::{Value, json};

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_OPENID: &str = "/channel/user/get_by_openid";
const CORP_TOKEN: &str = "/gettoken";
const BY_UNIONID: &str = "/topapi/user/getbyunionid";

fn errcode(code: i64) -> Value {
    json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } })
}

/// The next `times` calls to `endpoint` meet `fault`.
async fn arrange(sim: &Sim, endpoint: &str, times: u64, mut fault: Value) {
    fault["endpoint"] = json!(endpoint);
    fault["times"] = json!(times);
    sim.fault(fault).await;
}

async fn a_login_meets(endpoint: &str, fault: Value) {
    let (sim, server) = start("").await;
    sim.settings(json!({ "unionidInGetByCode": false })).await;
    arrange(&sim, endpoint, 2, fault.clone()).await;
    let login = Person::new(&sim, &server).login().await;
    assert_eq!(login.status(), StatusCode::OK, "{endpoint} {fault}: {}", login.text().await.unwrap());
    let user = json_of(login).await["user"].clone();
    assert!(user["userId"].is_string() && user["unionId"].is_string(), "{user}");
    assert_eq!(sim.counts().await[endpoint], 3, "{endpoint} {fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_comes_twice_is_not_seen() {
    let html = json!({ "reply": { "status": 503, "contentType": "text/html", "body": "<html>" } });
    let empty = json!({ "reply": { "body": "" } });
    let lost = json!({ "drop": true, "after": true });
    let cases = [
        (TOKEN, errcode(-1)),
        (TOKEN, lost.clone()),
        (TICKET, errcode(90018)),
        (TICKET, html.clone()),
        (BY_OPENID, errcode(15)),
        (BY_OPENID, json!({ "drop": true })),
        (CORP_TOKEN, html),
        (CORP_TOKEN, empty),
        (BY_UNIONID, errcode(90002)),
        (BY_UNIONID, lost),
    ];
    for some in cases.chunks(3) {
        let logins = some.iter().map(|(endpoint, fault)| a_login_meets(endpoint, fault.clone()));
        futures_util::future::join_all(logins).await;
    }
}

#[tokio::test]
async fn one_fetch_is_repeated_for_all_who_wait_and_the_pauses_grow() {
    let (sim, server) = start("").await;
    arrange(&sim, TOKEN, 2, errcode(-1)).await;
    let person = Person::new(&sim, &server);
    let visits = futures_util::future::join_all((0..50).map(|_| person.config())).await;
    assert!(visits.iter().all(|visit| visit.status() == StatusCode::OK));
    let at = sim.times(TOKEN).await;
    assert_eq!((at.len(), sim.counts().await[TICKET]), (3, 1), "{at:?}");
    assert!(at[1] - at[0] >= 1000 && at[2] - at[1] >= 2000, "the policy's pauses: {at:?}");
}

#[tokio::test]
async fn a_fault_that_stays_is_tried_three_times_and_then_told() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    for (fault, tries, expected) in [
        (errcode(-1), 3, "platform_busy"),
        (json!({ "drop": true }), 3, "platform_unreachable"),
        (json!({ "delayMs": 10_000 }), 2, "platform_timeout"),
        (errcode(45009), 1, "platform_throttled"),
        (errcode(22), 1, "platform_refused"),
    ] {
        sim.clear_journal().await;
        arrange(&sim, TOKEN, 1000, fault).await;
        assert_eq!(json_of(person.config().await).await["error"]["code"], expected);
        assert_eq!(sim.counts().await[TOKEN], tries, "{expected}");
        sim.clear_faults().await;
    }
}

#[tokio::test]
async fn a_pause_that_dingtalk_names_is_kept() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let limited = |seconds: &str| json!({ "reply": { "status": 429, "headers": { "retry-after": seconds }, "body": "" } });
    arrange(&sim, TOKEN, 1, limited("2")).await;
    assert_eq!(person.config().await.status(), StatusCode::OK);
    let at = sim.times(TOKEN).await;
    assert!(at.len() == 2 && at[1] - at[0] >= 2000, "{at:?}");

    let ban = "This ban will last for 40 more seconds";
    let gateway = json!({ "reply": { "body": { "error_response": {
        "code": 7, "msg": "App Call Limited", "sub_code": "accesscontrol.limited-by-api-access-count", "sub_msg": ban,
    } } } });
    for (fault, seconds) in [(limited("60"), "60"), (gateway, "40")] {
        let server = Server::start(&sim, |_| {}).await;
        sim.clear_journal().await;
        arrange(&sim, TOKEN, 1, fault).await;
        let refused = Person::new(&sim, &server).config().await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], seconds, "longer than a visitor waits: told at once");
        assert_eq!(sim.counts().await[TOKEN], 1);
    }
}

#[tokio::test]
async fn during_a_ban_nothing_is_repeated() {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        config.push_str(
            "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
             channel_secret = \"channel-secret-of-dingcorp2\"\n",
        );
    })
    .await;
    let (one, mut other) = (Person::new(&sim, &server), Person::new(&sim, &server));
    other.corp = "dingcorp2".to_owned();
    arrange(&sim, TOKEN, 1, errcode(-1)).await;
    arrange(&sim, TOKEN, 1, json!({ "reply": { "body": { "status": 1111, "wait": 5 } } })).await;
    let banned = async {
        // While the first visitor's call pauses.
        server.log_with("DingTalk is asked again", 1).await;
        json_of(other.config().await).await
    };
    let (first, second) = tokio::join!(one.config(), banned);
    assert_eq!(json_of(first).await["error"]["code"], "platform_busy");
    assert_eq!(second["error"]["code"], "platform_banned");
    assert_eq!(sim.counts().await[TOKEN], 2);
}

#[tokio::test]
async fn the_budget_counts_repetitions_too() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        // One call at once, another after ten seconds.
        *config = config.replace("[store]", "max_calls_per_minute = 6\n\n[store]");
    })
    .await;
    arrange(&sim, TOKEN, 1, errcode(-1)).await;
    let refused = Person::new(&sim, &server).config().await;
    assert_eq!(json_of(refused).await["error"]["code"], "platform_busy");
    assert_eq!(sim.counts().await[TOKEN], 1);
}

/// DingTalk cannot be reached, and then it can.
#[tokio::test]
async fn a_refused_connection_heals() {
    let sim = Sim::start(1).await;
    let port = free_port();
    let server =
        Server::start(&sim, |config| *config = config.replace(&sim.url, &format!("http://127.0.0.1:{port}")))
            .await;
    let person = Person::new(&sim, &server);
    let opening = async {
        server.log_with("DingTalk is asked again", 1).await;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move {
            dingtalk_simulator::serve(listener, dingtalk_simulator::Options::default()).await.unwrap();
        });
    };
    let (visit, ()) = tokio::join!(person.config(), opening);
    assert_eq!(visit.status(), StatusCode::OK, "{}", visit.text().await.unwrap());
}

#[tokio::test]
async fn a_temporary_code_is_spent_once_whatever_is_answered() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| config.push_str(SUITE)).await;
    let callback = format!("{}/dingtalk/suites/main/callback", server.url);
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
    sim.post("/_sim/suites/suite1/ticket", json!({})).await;
    let exchange = "/service/get_permanent_code";
    for fault in
        [errcode(-1), json!({ "drop": true, "after": true }), json!({ "reply": { "body": "<html>" } })]
    {
        sim.clear_journal().await;
        arrange(&sim, exchange, 1, fault.clone()).await;
        let pushed = sim.post("/_sim/suites/suite1/authorise", json!({ "corpId": "dingcust1" })).await;
        assert_eq!(pushed["ok"], false, "{fault}: {pushed}");
        assert_eq!(sim.counts().await[exchange], 1, "{fault}");
    }
}
