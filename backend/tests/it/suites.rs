//! ISV suites: applications that no configuration names.

mod outages;
mod pushes;

use crate::support::{Person, Redis, SUITE, Server, Sim, json_of, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

pub const CORP: &str = "dingcust1";
pub const WINDOW: &str = "3000000000001";
pub const MICRO_APP: &str = "700001";

pub fn without_apps(config: &mut String) {
    config.truncate(config.find("[[apps]]").unwrap());
    config.push_str(SUITE);
}

/// A server with one suite and no application, to which the simulator pushes.
pub async fn start(sim: &Sim, store: &str) -> Server {
    let server = Server::start(sim, |config| {
        without_apps(config);
        *config = config.replace("memory:", store);
    })
    .await;
    push_to(sim, &server).await;
    server
}

pub async fn push_to(sim: &Sim, server: &Server) {
    let callback = format!("{}/dingtalk/suites/main/callback", server.url);
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
}

/// A push that has to be answered as it should be.
pub async fn push(sim: &Sim, what: &str, body: Value) -> Value {
    let verdict = sim.post(&format!("/_sim/suites/suite1/{what}"), body).await;
    assert_eq!(verdict["ok"], true, "{what}: {verdict}");
    verdict
}

pub fn person<'a>(sim: &'a Sim, server: &Server, agent: &str) -> Person<'a> {
    let mut person = Person::new(sim, server);
    person.corp = CORP.to_owned();
    person.agent = agent.to_owned();
    person
}

/// The login to the micro-app: a runtime code, with the client id that the server names.
pub async fn micro_app_login(sim: &Sim, person: &Person<'_>) -> Response {
    let facts = json_of(person.config().await).await;
    assert_eq!((&facts["kind"], &facts["clientId"]), (&json!("h5"), &json!("suitekey1")), "{facts}");
    let body = json!({
        "person": "employee", "namespace": "runtime", "corpId": CORP, "clientId": facts["clientId"], "url": person.page(),
    });
    let answer = sim.post("/_sim/native/requestAuthCode", body).await;
    let code = answer["code"].as_str().unwrap_or_else(|| panic!("{answer}"));
    person.post_code(code).await
}

pub async fn error_of(response: Response) -> (StatusCode, String) {
    let status = response.status();
    (status, json_of(response).await["error"]["code"].as_str().unwrap_or_default().to_owned())
}

pub async fn authorised(sim: &Sim, store: &str) -> Server {
    let server = start(sim, store).await;
    push(sim, "ticket", json!({})).await;
    push(sim, "authorise", json!({ "corpId": CORP })).await;
    server
}

/// Whether `/auth` of the person's application and `/api/session` let the person in; both or neither.
pub async fn is_in(person: &Person<'_>) -> bool {
    let guard = format!("/auth?corpid={}&agentid={}", person.corp, person.agent);
    let guard = person.send(person.request(Method::GET, &guard)).await.status();
    let session = person.session().await.status();
    // Between the two the news of an end may arrive.
    assert!((guard, session) != (StatusCode::UNAUTHORIZED, StatusCode::OK));
    session == StatusCode::OK
}

pub async fn log_in(sim: &Sim, person: &Person<'_>) {
    let answer = match person.agent.as_str() {
        WINDOW => person.login().await,
        _ => micro_app_login(sim, person).await,
    };
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    assert!(is_in(person).await);
}

pub async fn assert_unknown(person: &Person<'_>) {
    let unknown = (StatusCode::NOT_FOUND, "unknown_app".to_owned());
    assert_eq!(error_of(person.config().await).await, unknown);
    assert_eq!(error_of(person.post_code("a-code").await).await, unknown);
}

#[tokio::test]
async fn a_whole_isv_day() {
    let sim = Sim::start(2).await;
    let mut server = start(&sim, "embedded:").await;
    let readiness = async |server: &Server| {
        json_of(reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap()).await["status"].clone()
    };
    // The suite is created: DingTalk checks the address under a test key.
    push(&sim, "check", json!({})).await;
    push(&sim, "check", json!({ "event": "check_update_suite_url" })).await;
    assert_eq!(readiness(&server).await, "degraded", "no ticket yet");
    push(&sim, "ticket", json!({})).await;
    assert_eq!(readiness(&server).await, "ready");
    let unknown = (StatusCode::NOT_FOUND, "unknown_app".to_owned());
    assert_eq!(error_of(person(&sim, &server, WINDOW).config().await).await, unknown);
    assert_eq!(sim.total().await, 0, "a corporation that is not ours costs no call");

    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    let suite = json_of(sim.http.get(format!("{}/_sim/suites/suite1", sim.url)).send().await.unwrap()).await;
    assert_eq!(suite["customers"][0]["activated"], true, "{suite}");

    // In the middle of the day the power fails.
    server.kill_and_start_again().await;
    sim.clear_journal().await;
    let follower = person(&sim, &server, WINDOW);
    let answer = follower.login().await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    let user = json_of(answer).await["user"].clone();
    assert_eq!(
        (&user["openId"], &user["userId"], &user["contactType"]),
        (&json!("openid-employee-dingcust1"), &json!("userid-employee-dingcust1"), &json!(0)),
        "the directory is asked with the suite's corp token: {user}"
    );
    let employee = person(&sim, &server, MICRO_APP);
    let answer = micro_app_login(&sim, &employee).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(json_of(answer).await["user"]["userId"], "userid-employee-dingcust1");
    let counts = sim.counts().await;
    for (endpoint, times) in [
        ("/service/get_channel_corp_token", 1),
        ("/service/get_corp_token", 1),
        ("/channel/get_channel_jsapi_ticket", 1),
    ] {
        assert_eq!(counts.get(endpoint), Some(&times), "{counts:?}");
    }
    for endpoint in ["/service/get_suite_token", "/service/get_auth_info", "/service/get_permanent_code"] {
        assert_eq!(counts.get(endpoint), None, "kept over the power cut: {counts:?}");
    }

    // The window goes, and comes back.
    let change = json!({ "corpId": CORP, "window": false, "microApp": true });
    push(&sim, "change_auth", change).await;
    assert_eq!(error_of(person(&sim, &server, WINDOW).config().await).await, unknown);
    assert_eq!(micro_app_login(&sim, &person(&sim, &server, MICRO_APP)).await.status(), StatusCode::OK);
    push(&sim, "change_auth", json!({ "corpId": CORP, "window": true })).await;
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);

    // DingTalk pushes an authorisation up to three times, the same bytes or sealed anew.
    sim.clear_journal().await;
    push(&sim, "repeat", json!({ "event": "tmp_auth_code" })).await;
    assert_eq!(sim.total().await, 0, "{:?}", sim.counts().await);

    push(&sim, "relieve", json!({ "corpId": CORP })).await;
    for person in [&follower, &employee] {
        assert_eq!(person.session().await.status(), StatusCode::UNAUTHORIZED, "its sessions are over");
        assert_eq!(error_of(person.config().await).await, unknown);
        assert_eq!(error_of(person.post_code("a-code").await).await, unknown);
    }
    assert_eq!(sim.total().await, 0, "{:?}", sim.counts().await);
    push(&sim, "repeat", json!({})).await;
    server.kill_and_start_again().await;
    assert_eq!(error_of(person(&sim, &server, WINDOW).config().await).await, unknown);

    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    let again = person(&sim, &server, WINDOW);
    assert_eq!(again.login().await.status(), StatusCode::OK, "who comes back is let in");
    assert_eq!(again.session().await.status(), StatusCode::OK);
    let secrets = ["suite-secret", "permanent", "callback-token", "suite1callback"];
    let log = server.log();
    for secret in secrets {
        let lines: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(
            lines.iter().all(|line| line.contains("get_permanent_code")),
            "{secret} in the log: {lines:?}"
        );
    }
}

#[tokio::test]
async fn an_authorisation_that_names_no_corporation_is_one_all_the_same() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    push(&sim, "ticket", json!({})).await;
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": null })).await;
    let pushed = sim.post("/_sim/suites/suite1/authorise", json!({ "corpId": CORP })).await;
    let mut event = pushed["event"].clone();
    event.as_object_mut().unwrap().remove("AuthCorpId");
    push_to(&sim, &server).await;
    for _ in 0..3 {
        push(&sim, "event", json!({ "event": event })).await;
    }
    assert_eq!(
        sim.counts().await["/service/get_permanent_code"],
        1,
        "its second and third push cost nothing"
    );
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn two_replicas_on_one_redis() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let first = authorised(&sim, &redis.url()).await;
    let second = start(&sim, &redis.url()).await;
    let here = person(&sim, &first, WINDOW);
    let there = person(&sim, &second, WINDOW);
    sim.clear_journal().await;
    assert_eq!(here.login().await.status(), StatusCode::OK);
    assert_eq!(there.login().await.status(), StatusCode::OK, "known where the push did not arrive");
    let counts = sim.counts().await;
    for endpoint in
        ["/service/get_channel_corp_token", "/service/get_corp_token", "/channel/get_channel_jsapi_ticket"]
    {
        assert_eq!(counts.get(endpoint), Some(&1), "one fetch for both: {counts:?}");
    }
    assert!(!counts.contains_key("/service/get_auth_info"), "{counts:?}");
    let keys = redis.cli(&["keys", "*"]);
    for key in ["durable:suite_codes:suitekey1:dingcust1", "channel_token:suite:suitekey1:dingcust1"] {
        assert!(keys.contains(key), "{key} in {keys}");
    }
    assert!(!keys.contains("secret") && !keys.contains("lock:"), "{keys}");

    // The end arrives at the second; the first hears of it through the store.
    push(&sim, "relieve", json!({ "corpId": CORP })).await;
    let unknown = (StatusCode::NOT_FOUND, "unknown_app".to_owned());
    assert_eq!(error_of(there.post_code("a-code").await).await, unknown);
    until("the end on the first replica", async || error_of(here.post_code("a-code").await).await == unknown)
        .await;
    let keys = redis.cli(&["keys", "*"]);
    for gone in ["suite_codes", "suite_apps", "channel_token", "channel_ticket", "suite_corp_token"] {
        assert!(!keys.contains(gone), "{gone} in {keys}");
    }
}
