//! What a login costs DingTalk, by the simulator's journal.

use crate::support::{Person, json_of, start};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test]
async fn a_cold_login_costs_five_calls_a_warm_one_two_a_returning_session_none() {
    let (sim, server) = start("").await;
    assert_eq!(sim.total().await, 0, "DingTalk is not called before the first visitor");
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let expected = [
        "/channel/get_channel_jsapi_ticket",
        "/channel/get_channel_token",
        "/channel/user/get_by_code",
        "/gettoken",
        "/topapi/user/getbyunionid",
    ];
    let counts = sim.counts().await;
    assert_eq!(counts.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    assert_eq!(sim.total().await, 5, "{counts:?}");

    sim.clear_journal().await;
    assert_eq!(Person::named("partner", &sim, &server).login().await.status(), StatusCode::OK);
    assert_eq!(sim.total().await, 2, "{:?}", sim.counts().await);

    sim.clear_journal().await;
    assert_eq!(person.session().await.status(), StatusCode::OK);
    assert_eq!(sim.total().await, 0);
}

#[tokio::test]
async fn a_refused_secret_costs_one_call_for_all_who_wait() {
    let (sim, server) = start("").await;
    sim.fault(json!({
        "endpoint": "/channel/get_channel_token", "delayMs": 300,
        "reply": { "body": { "errcode": 40089, "errmsg": "不合法的corpId或corpSecret" } },
    }))
    .await;
    let person = Person::new(&sim, &server);
    let visits = futures_util::future::join_all((0..50).map(|_| person.config())).await;
    assert!(visits.iter().all(|visit| visit.status() == StatusCode::BAD_GATEWAY));
    assert_eq!(sim.counts().await["/channel/get_channel_token"], 1);
}

#[tokio::test]
async fn a_missing_unionid_is_fetched_by_openid() {
    let (sim, server) = start("").await;
    sim.settings(json!({ "unionidInGetByCode": false })).await;
    let user = json_of(Person::new(&sim, &server).login().await).await["user"].clone();
    assert_eq!(user["userId"], "userid-employee-dingcorp1", "{user}");
    assert!(user["unionId"].is_string() && user["nick"].is_string() && user["avatar"].is_string(), "{user}");
    assert_eq!(sim.counts().await["/channel/user/get_by_openid"], 1);
}

#[tokio::test]
async fn every_kind_of_follower() {
    let (sim, server) = start("").await;
    for (name, contact_type, known) in
        [("employee", json!(0), true), ("partner", json!(1), true), ("stranger", json!(null), false)]
    {
        let response = Person::named(name, &sim, &server).login().await;
        assert_eq!(response.status(), StatusCode::OK, "{name}");
        let user = json_of(response).await["user"].clone();
        assert_eq!(user["contactType"], contact_type, "{user}");
        assert_eq!(user["userId"].is_string(), known, "{user}");
        assert!(user["openId"].is_string() && user["unionId"].is_string(), "{user}");
    }
    let refused = Person::named("unfollowed", &sim, &server).login().await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(json_of(refused).await["error"]["code"], "not_following");
}

#[tokio::test]
async fn without_a_corp_secret_the_directory_is_not_asked() {
    let sim = crate::support::Sim::start(1).await;
    let server = crate::support::Server::start(&sim, |config| {
        *config =
            config.lines().filter(|line| !line.starts_with("corp_secret")).collect::<Vec<_>>().join("\n");
    })
    .await;
    let user = json_of(Person::new(&sim, &server).login().await).await["user"].clone();
    assert!(user["unionId"].is_string() && user["userId"].is_null(), "{user}");
    assert_eq!(sim.total().await, 3);
}
