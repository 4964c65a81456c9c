//! Suites while DingTalk or the store is slow or down, and what a scanner costs.

use super::*;
use std::time::Instant;

#[tokio::test]
async fn an_authorisation_is_pushed_again_until_it_is_safe() {
    let (sim, mut redis) = (Sim::start(1).await, Redis::start().await);
    let server = start(&sim, &redis.url()).await;
    push(&sim, "ticket", json!({})).await;
    redis.kill();
    let failed = sim.post("/_sim/suites/suite1/authorise", json!({ "corpId": CORP })).await;
    assert_eq!((&failed["ok"], &failed["answer"]["status"]), (&json!(false), &json!(503)), "{failed}");
    assert!(
        !sim.counts().await.contains_key("/service/get_permanent_code"),
        "a code is not spent where its fruits have no place"
    );
    redis.restart().await;
    push(&sim, "ticket", json!({})).await;
    // Switching on fails, and so do its repetitions: what was bought is kept, and only the rest is done again.
    let busy = json!({ "errcode": -1, "errmsg": "系统繁忙" });
    sim.reply("/service/activate_suite", 3, busy).await;
    let event = json!({ "event": failed["event"] });
    let failed = sim.post("/_sim/suites/suite1/event", event.clone()).await;
    assert_eq!(failed["ok"], false, "{failed}");
    push(&sim, "event", event).await;
    let counts = sim.counts().await;
    assert_eq!(counts.get("/service/get_permanent_code"), Some(&1), "{counts:?}");
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_slow_dingtalk_is_asked_to_push_again_and_nothing_is_lost() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        without_apps(config);
        *config = config.replace("\"6s\"", "\"20s\"");
    })
    .await;
    push_to(&sim, &server).await;
    push(&sim, "ticket", json!({})).await;
    sim.fault(json!({ "endpoint": "/service/get_permanent_code", "times": 1, "delayMs": 6000 })).await;
    let failed = sim.post("/_sim/suites/suite1/authorise", json!({ "corpId": CORP })).await;
    assert_eq!((&failed["ok"], &failed["answer"]["status"]), (&json!(false), &json!(503)), "{failed}");
    server.log_with("authorised", 1).await;
    push(&sim, "event", json!({ "event": failed["event"] })).await;
    assert_eq!(sim.counts().await["/service/get_permanent_code"], 1);
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn dead_tokens_are_replaced_once() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let follower = person(&sim, &server, WINDOW);
    assert_eq!(follower.login().await.status(), StatusCode::OK);
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    sim.clear_journal().await;
    let code = follower.code_again().await;
    assert_eq!(follower.post_code(&code).await.status(), StatusCode::OK);
    let counts = sim.counts().await;
    assert_eq!(
        counts["/service/get_channel_corp_token"], 2,
        "rejected with the dead suite token, then bought: {counts:?}"
    );
    assert_eq!(counts["/service/get_suite_token"], 1, "{counts:?}");
}

#[tokio::test]
async fn a_scanner_costs_dingtalk_nothing() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    sim.clear_journal().await;
    for agent in 0..50 {
        for corp in ["dingcust2", CORP] {
            let mut stranger = person(&sim, &server, &agent.to_string());
            stranger.corp = corp.to_owned();
            assert_eq!(stranger.config().await.status(), StatusCode::NOT_FOUND);
        }
    }
    let counts = sim.counts().await;
    assert_eq!(
        counts.get("/service/get_auth_info"),
        Some(&1),
        "once, for the corporation that is ours: {counts:?}"
    );
    assert_eq!(sim.total().await, 1, "{counts:?}");
}

#[tokio::test]
async fn a03_one_deadline_is_for_all_suites() {
    let sim = Sim::start(1).await;
    let suite2 = SUITE.replace("main", "other").replace("suitekey1", "suitekey2");
    let suite2 = suite2.replace("of-suite1", "of-suite2").replace("suite1callback", "suite2callback");
    let server = Server::start(&sim, |config| {
        without_apps(config);
        config.push_str(&suite2);
        *config = config.replace("\"6s\"", "\"20s\"");
    })
    .await;
    push_to(&sim, &server).await;
    let callback = format!("{}/dingtalk/suites/other/callback", server.url);
    sim.put("/_sim/suites/suite2", json!({ "callbackUrl": callback })).await;
    for suite in ["suite1", "suite2"] {
        for (what, body) in [("ticket", json!({})), ("authorise", json!({ "corpId": CORP }))] {
            let verdict = sim.post(&format!("/_sim/suites/{suite}/{what}"), body).await;
            assert_eq!(verdict["ok"], true, "{verdict}");
        }
    }
    log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
    sim.fault(json!({ "endpoint": "/service/get_auth_info", "times": 9, "delayMs": 20_000 })).await;
    let started = Instant::now();
    let answer = error_of(person(&sim, &server, "78").config().await).await;
    let took = started.elapsed().as_millis();
    assert_eq!(answer.0, StatusCode::GATEWAY_TIMEOUT, "{answer:?}");
    let at = sim.times("/service/get_auth_info").await;
    assert!(u128::from(at[1] - at[0]) * 3 < took, "a suite after the other: {at:?} of {took} ms");
}
