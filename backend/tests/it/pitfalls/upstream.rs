//! S26, S27 and S35: how often and whom this server asks.

use crate::support::{Person, Redis, Server, Sim, json_of, start};
use reqwest::StatusCode;
use serde_json::json;

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_CODE: &str = "/channel/user/get_by_code";

#[tokio::test]
async fn s26_a_token_that_is_always_rejected_costs_one_more_try() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    sim.reply(BY_CODE, 1000, json!({ "errcode": 40014, "errmsg": "不合法的access_token" })).await;
    sim.clear_journal().await;
    for logins in 1..=5 {
        let answer = person.post_code(&person.code_again().await).await;
        assert_eq!(json_of(answer).await["error"]["code"], "app_misconfigured");
        let counts = sim.counts().await;
        assert!(counts[BY_CODE] <= 2 * logins && counts[TOKEN] <= logins, "{logins} logins: {counts:?}");
    }
}

#[tokio::test]
async fn s27_a_lock_is_released_by_its_owner_alone() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    // A lock lives for five calls; whoever waits longer for one goes on alone.
    let server = Server::start(&sim, |config| {
        *config = config.replace("memory:", &redis.url()).replace("\"6s\"", "\"500ms\"");
    })
    .await;
    let (lock, entry) = (
        "miandeng:lock:{miandeng:channel_token:dingcorp1:123456}",
        "miandeng:channel_token:dingcorp1:123456",
    );
    assert_eq!(redis.cli(&["set", lock, "a-stranger", "px", "60000"]).trim(), "OK");
    let login = Person::new(&sim, &server).login().await;
    assert_eq!(login.status(), StatusCode::OK, "{}", login.text().await.unwrap());
    assert_eq!(redis.cli(&["get", lock]).trim(), "a-stranger", "neither released");
    assert_eq!(redis.cli(&["exists", entry]).trim(), "0", "nor written past");
    // Once it is free, the store is used again.
    redis.cli(&["del", lock]);
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    assert_eq!(redis.cli(&["exists", entry]).trim(), "1");
    assert_eq!(redis.cli(&["exists", lock]).trim(), "0");
}

#[tokio::test]
async fn s35_nobody_leads_this_server_elsewhere() {
    let (sim, server) = start("").await;
    let elsewhere = Sim::start(1).await;
    let person = Person::new(&sim, &server);
    person.code().await;
    for (status, target) in [
        (301, format!("{}{BY_CODE}", elsewhere.url)),
        (302, format!("{}/gettoken", elsewhere.url)),
        (307, format!("{}{BY_CODE}?code=x", elsewhere.url)),
        (308, format!("//{}/", elsewhere.url.trim_start_matches("http://"))),
        (303, "http://169.254.169.254/latest/meta-data/".to_owned()),
    ] {
        let reply = json!({ "status": status, "headers": { "location": target }, "body": "" });
        sim.fault(json!({ "endpoint": BY_CODE, "reply": reply })).await;
        let answer = person.post_code(&person.code_again().await).await;
        assert_eq!(json_of(answer).await["error"]["code"], "platform_bad_answer", "{status} {target}");
    }
    assert_eq!(elsewhere.total().await, 0);
    // And no request names an address that this server would open by itself.
    let inside = format!("{}/gettoken", elsewhere.url);
    for path in [
        format!("/api/config?corpid=dingcorp1&agentid=123456&url={inside}"),
        format!("/?jsapiUrl={inside}"),
        format!("/auth?url={inside}"),
    ] {
        person.request(reqwest::Method::GET, &path).header("referer", &inside).send().await.unwrap();
    }
    assert_eq!(elsewhere.total().await, 0);
}

#[tokio::test]
async fn an_absurd_lifetime_breaks_nothing() {
    let sim = Sim::start(1).await;
    for seconds in [
        json!(i64::MAX),
        json!("9223372036854775807"),
        json!(u64::MAX),
        json!(1e300),
        json!(-1),
        json!(0),
        json!(null),
    ] {
        let server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
        let ok = |field: &str| json!({ "errcode": 0, "errmsg": "ok", field: "t", "expires_in": seconds });
        sim.reply(TOKEN, 1, ok("access_token")).await;
        sim.reply(TICKET, 1, ok("ticket")).await;
        let answer = Person::new(&sim, &server).config().await;
        assert_eq!(answer.status(), StatusCode::OK, "{seconds}");
        assert!(!server.log().contains("panicked"), "{}", server.log());
    }
}
