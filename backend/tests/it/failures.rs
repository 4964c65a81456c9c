//! Every failure of DingTalk that a login can meet, produced by the simulator, and what becomes of it.

use crate::support::{Person, Server, Sim, impatient, json_of, report_of, start};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_CODE: &str = "/channel/user/get_by_code";
const CORP_TOKEN: &str = "/gettoken";
const BY_UNIONID: &str = "/topapi/user/getbyunionid";

fn errcode(code: i64) -> Value {
    json!({ "errcode": code, "errmsg": "x", "request_id": "req1" })
}

fn wrapped(code: &str) -> Value {
    json!({ "errcode": 88, "sub_code": code, "sub_msg": "x", "errmsg": "ding talk error", "request_id": "req1" })
}

async fn expect(response: Response, status: u16, code: &str, context: &str) -> Value {
    let got = response.status().as_u16();
    let retry_after = response.headers().get("retry-after").is_some();
    let body = json_of(response).await;
    assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{context}: {body}");
    if status == 503 && code != "platform_quota" {
        assert!(retry_after, "{context}: 503 without Retry-After");
    }
    for part in ["message", "hint"] {
        assert!(body["error"][part].as_str().is_some_and(|text| !text.is_empty()), "{context}: {body}");
    }
    body
}

/// errcode → what a call with a token makes of it. Rejected tokens have tests of their own below.
const CALLS: &[(i64, u16, &str)] = &[
    (-1, 503, "platform_busy"),
    (15, 503, "platform_busy"),
    (22, 502, "platform_refused"),
    (404, 502, "api_retired"),
    (33012, 502, "platform_refused"),
    (40000, 502, "platform_refused"),
    (400_002, 502, "platform_refused"),
    (40013, 502, "app_misconfigured"),
    (40029, 401, "code_rejected"),
    (40035, 502, "platform_refused"),
    (40056, 502, "app_misconfigured"),
    (40073, 403, "not_following"),
    (40078, 401, "code_rejected"),
    (40079, 502, "app_misconfigured"),
    (40089, 502, "app_misconfigured"),
    (41001, 502, "platform_refused"),
    (41011, 502, "platform_refused"),
    (42003, 401, "code_rejected"),
    (42007, 401, "code_rejected"),
    (42008, 401, "code_rejected"),
    (43001, 502, "platform_refused"),
    (43003, 502, "platform_refused"),
    (43007, 502, "app_misconfigured"),
    (45009, 503, "platform_throttled"),
    (50002, 403, "not_permitted"),
    (50003, 502, "app_misconfigured"),
    (50004, 403, "not_permitted"),
    (50005, 502, "app_misconfigured"),
    (60011, 502, "app_misconfigured"),
    (60020, 502, "app_misconfigured"),
    (71014, 502, "app_misconfigured"),
    (90001, 503, "platform_throttled"),
    (90002, 503, "platform_throttled"),
    (90003, 503, "platform_throttled"),
    (90006, 503, "platform_throttled"),
    (90010, 503, "platform_throttled"),
    (90018, 503, "platform_throttled"),
    (90020, 503, "platform_quota"),
    (123_456, 502, "platform_refused"),
];

#[tokio::test]
async fn every_errcode_of_redeeming_a_code() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    for (code, status, expected) in CALLS {
        for reply in [errcode(*code), wrapped(&code.to_string())] {
            sim.clear_journal().await;
            sim.reply(BY_CODE, 1, reply.clone()).await;
            let answer = person.post_code(&person.code_again().await).await;
            let body = expect(answer, *status, expected, &reply.to_string()).await;
            assert_eq!(body["error"]["upstream"]["code"], reply["errcode"].to_string(), "{body}");
            assert_eq!(body["error"]["upstream"]["subCode"], reply["sub_code"], "{body}");
            assert_eq!(body["error"]["upstream"]["requestId"], "req1");
            assert_eq!(sim.counts().await[BY_CODE], 1, "{reply}: a code is not sent twice");
        }
    }
    assert_eq!(
        person.post_code(&person.code_again().await).await.status(),
        StatusCode::OK,
        "it heals by itself"
    );
}

/// How often a fetch is tried before such an answer is given.
fn tries(status: u16) -> u64 {
    if status == 503 { 3 } else { 1 }
}

/// errcode → what fetching a token or ticket makes of it.
#[tokio::test]
async fn every_errcode_of_fetching_a_token() {
    let sim = Sim::start(1).await;
    for (code, status, expected) in [
        (-1, 503, "platform_busy"),
        (404, 502, "api_retired"),
        (33001, 502, "app_misconfigured"),
        (40001, 502, "app_misconfigured"),
        (40013, 502, "app_misconfigured"),
        (40035, 502, "platform_refused"),
        (40089, 502, "app_misconfigured"),
        (40096, 502, "app_misconfigured"),
        (41002, 502, "platform_refused"),
        (60020, 502, "app_misconfigured"),
        (90002, 503, "platform_throttled"),
    ] {
        // A new server each time: a refused secret is remembered for a while.
        let server = Server::start(&sim, |_| {}).await;
        let person = Person::new(&sim, &server);
        sim.reply(TOKEN, tries(status), errcode(code)).await;
        expect(person.config().await, status, expected, &format!("token {code}")).await;
    }
    for (code, status, expected) in
        [(52010, 502, "app_misconfigured"), (52020, 502, "app_misconfigured"), (-1, 503, "platform_busy")]
    {
        let server = Server::start(&sim, |_| {}).await;
        let person = Person::new(&sim, &server);
        sim.reply(TICKET, tries(status), errcode(code)).await;
        expect(person.config().await, status, expected, &format!("ticket {code}")).await;
        if status == 503 {
            assert_eq!(person.config().await.status(), StatusCode::OK, "{code} heals by itself");
        }
    }
}

#[tokio::test]
async fn a_rejected_token_is_fetched_anew_and_the_call_repeated_once() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.login().await;
    for (endpoint, token) in [(BY_CODE, TOKEN), (BY_UNIONID, CORP_TOKEN)] {
        for reply in [
            errcode(33001),
            errcode(40001),
            errcode(40014),
            errcode(42001),
            wrapped("40014"),
            wrapped("42001"),
        ] {
            sim.clear_journal().await;
            sim.reply(endpoint, 1, reply.clone()).await;
            let answer = person.post_code(&person.code_again().await).await;
            assert_eq!(answer.status(), StatusCode::OK, "{endpoint} {reply}");
            let counts = sim.counts().await;
            assert_eq!((counts[endpoint], counts[token]), (2, 1), "{endpoint} {reply}: {counts:?}");
        }
        sim.clear_journal().await;
        sim.reply(endpoint, 2, errcode(40014)).await;
        let answer = person.post_code(&person.code_again().await).await;
        expect(answer, 502, "app_misconfigured", "rejected again after a fresh token: wrong family").await;
        let counts = sim.counts().await;
        assert_eq!((counts[endpoint], counts[token]), (2, 1), "{endpoint}: {counts:?}");
    }
}

#[tokio::test]
async fn after_all_tokens_are_revoked_nobody_notices() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    sim.clear_journal().await;
    assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
    let counts = sim.counts().await;
    assert_eq!(
        (counts[TOKEN], counts[CORP_TOKEN], counts[BY_CODE], counts[BY_UNIONID]),
        (1, 1, 2, 2),
        "{counts:?}"
    );
}

#[tokio::test]
async fn what_is_not_json_what_is_late_and_what_breaks_off() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, impatient).await;
    let person = Person::new(&sim, &server);
    person.login().await;
    let html = json!({ "status": 200, "contentType": "text/html", "body": "<html>系统繁忙</html>" });
    let gateway = json!({ "status": 502, "contentType": "text/html", "body": "<html>Bad Gateway</html>" });
    let redirect = json!({ "status": 302, "headers": { "location": "http://127.0.0.1:9/" } });
    for endpoint in [BY_CODE, BY_UNIONID] {
        for (fault, status, expected) in [
            (json!({ "reply": html }), 502, "platform_bad_answer"),
            (json!({ "reply": gateway }), 502, "platform_bad_answer"),
            (json!({ "reply": redirect }), 502, "platform_bad_answer"),
            (json!({ "reply": { "body": { "errcode": [], "errmsg": "ok" } } }), 502, "platform_bad_answer"),
            (json!({ "reply": { "body": "x".repeat(100_000) } }), 502, "platform_bad_answer"),
            (json!({ "drop": true }), 502, "platform_unreachable"),
            (json!({ "delayMs": 10_000 }), 504, "platform_timeout"),
        ] {
            sim.clear_journal().await;
            let mut fault = fault;
            fault["endpoint"] = json!(endpoint);
            fault["times"] = json!(3);
            sim.fault(fault.clone()).await;
            let code = person.code_again().await;
            expect(person.post_code(&code).await, status, expected, &fault.to_string()).await;
            sim.clear_faults().await;
            let again = person.post_code(&code).await;
            expect(again, 409, "code_used", "the outcome is unknown, so the code is not sent again").await;
            assert!(sim.counts().await.get(BY_CODE).copied().unwrap_or(0) <= 1);
        }
    }
}

#[tokio::test]
async fn s25_the_operator_reads_what_dingtalk_said_and_nobody_else_does() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let words = "访问ip不在白名单之中,request ip=203.0.113.7";
    sim.reply(BY_UNIONID, 1, json!({ "errcode": 60020, "errmsg": words })).await;
    let body = expect(person.login().await, 502, "app_misconfigured", "address not allowed").await;
    assert!(!body.to_string().contains("203.0.113.7"), "{body}");
    server.log_with("203.0.113.7", 1).await;
}

#[tokio::test]
async fn a_banned_address_stops_calling() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.login().await;
    let ban = json!({ "status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u" });
    sim.reply(BY_CODE, 1, ban).await;
    expect(person.post_code(&person.code_again().await).await, 503, "platform_banned", "the ban").await;
    sim.clear_journal().await;
    let answer = person.post_code(&person.code_again().await).await;
    let pause: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((290..=300).contains(&pause), "{pause}");
    expect(answer, 503, "platform_banned", "during the ban").await;
    assert_eq!(sim.total().await, 0, "nobody calls during a ban");
    assert_eq!(person.config().await.status(), StatusCode::OK, "the ticket that is there still signs");
}

#[tokio::test]
async fn a_failure_before_the_code_is_sent_leaves_it_usable() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    // Somebody else's page made the simulator ready; this server has no token yet.
    let other = Server::start(&sim, |_| {}).await;
    let code = Person::new(&sim, &other).code().await;
    let sign_zero =
        format!("/api/config?corpid={}&agentid={}&sign=0", crate::support::CORP, crate::support::AGENT);
    person.send(person.request(reqwest::Method::GET, &sign_zero)).await;
    sim.fault(json!({ "endpoint": TOKEN, "times": 3, "drop": true })).await;
    expect(person.post_code(&code).await, 502, "platform_unreachable", "no token").await;
    assert_eq!(person.post_code(&code).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn codes_are_refused_as_dingtalk_refuses_them() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    let unknown = person.post_code("no-such-code").await;
    let body = expect(unknown, 401, "code_rejected", "unknown code").await;
    assert_eq!(body["error"]["upstream"]["code"], "40078");

    let old = person.code_again().await;
    sim.post("/_sim/clock", json!({ "advanceSeconds": 301 })).await;
    expect(person.post_code(&old).await, 401, "code_rejected", "older than five minutes").await;

    let code = person.code_again().await;
    assert_eq!(person.post_code(&code).await.status(), StatusCode::OK);
    expect(person.post_code(&code).await, 409, "code_used", "second use here").await;
    let elsewhere = Server::start(&sim, |_| {}).await;
    let there = Person::new(&sim, &elsewhere);
    there.config().await;
    expect(there.post_code(&code).await, 401, "code_rejected", "second use on another server").await;
}

#[tokio::test]
async fn a_refused_signature_renews_the_ticket_once() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let report = |config: Value, error: &'static str| {
        let body = report_of(&config, error);
        let request = person.request(reqwest::Method::POST, "/api/report").json(&body);
        async move { assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT) }
    };
    let first = json_of(person.config().await).await;
    sim.post("/_sim/revoke", json!({ "what": "tickets" })).await;
    let refused = person.dd_config(&first).await;
    assert!(refused["errorMessage"].as_str().unwrap().contains("52011"), "{refused}");
    sim.clear_journal().await;

    for (field, value) in
        [("signature", "0".repeat(40)), ("nonceStr", "not-ours".into()), ("timeStamp", "1".into())]
    {
        let mut forged = first.clone();
        forged[field] = json!(value);
        report(forged, "52011").await;
    }
    report(first.clone(), "52019").await;
    person.config().await;
    assert_eq!(sim.total().await, 0, "neither what we did not sign nor another error renews the ticket");

    let second = json_of(person.config().await).await;
    report(second.clone(), "Code:52011 - Message:jsapi ticket 读取失败").await;
    report(second, "52011").await;
    let third = json_of(person.config().await).await;
    assert_eq!(sim.counts().await[TICKET], 1);
    assert_eq!(person.dd_config(&third).await["ok"], true);

    report(third, "52013").await;
    person.config().await;
    assert_eq!(sim.counts().await[TICKET], 1, "at most once a minute");
}

#[tokio::test]
async fn the_directory_opens_with_an_app_key_too() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| config.push_str("corp_app_key = \"dingappkey\"\n")).await;
    let corp_token = json!({ "errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": 7200 });
    let entry = json!({ "errcode": 0, "errmsg": "ok", "result": { "contact_type": 0, "userid": "u1" } });
    sim.reply(CORP_TOKEN, 1, corp_token).await;
    sim.reply(BY_UNIONID, 1, entry).await;
    let user = json_of(Person::new(&sim, &server).login().await).await["user"].clone();
    assert_eq!(user["userId"], "u1", "{user}");
    let journal = json_of(sim.http.get(format!("{}/_sim/journal", sim.url)).send().await.unwrap()).await;
    let call =
        journal["calls"].as_array().unwrap().iter().find(|call| call["endpoint"] == CORP_TOKEN).unwrap();
    let params = call["params"].as_object().unwrap();
    assert_eq!(params.keys().collect::<Vec<_>>(), ["appkey", "appsecret"]);
}

#[tokio::test]
async fn a_wrong_channel_secret_and_a_channel_secret_as_corp_secret() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |c| *c = c.replace("channel-secret-of", "wrong-secret-of")).await;
    let body =
        expect(Person::new(&sim, &server).config().await, 502, "app_misconfigured", "wrong secret").await;
    assert!(body["error"]["upstream"]["code"].is_string(), "{body}");
    let ready = json_of(reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap()).await;
    assert_eq!(ready["status"], "degraded");

    let server = Server::start(&sim, |c| *c = c.replace("corp-secret-of", "channel-secret-of")).await;
    expect(Person::new(&sim, &server).login().await, 502, "app_misconfigured", "secrets mixed up").await;
}
