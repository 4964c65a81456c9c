//! ISV suites: applications that no configuration names.

use crate::support::{Person, Redis, SUITE, Server, Sim, json_of};
use reqwest::{Response, StatusCode};
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
async fn the_same_event_sealed_anew_costs_nothing() {
    let sim = Sim::start(1).await;
    let _server = authorised(&sim, "memory:").await;
    let pushed =
        push(&sim, "event", json!({ "event": { "EventType": "suite_relieve", "AuthCorpId": "dingother" } }))
            .await;
    assert_eq!(pushed["answer"]["text"], "success");
    sim.clear_journal().await;
    let event = push(&sim, "authorise", json!({ "corpId": "dingcust1" })).await["event"].clone();
    let exchanged = sim.counts().await["/service/get_permanent_code"];
    for _ in 0..2 {
        push(&sim, "event", json!({ "event": event })).await;
    }
    assert_eq!(
        sim.counts().await["/service/get_permanent_code"],
        exchanged,
        "a spent code is not sent again"
    );
    push(&sim, "event", json!({ "event": { "EventType": "no_such_event", "X": 1 } })).await;
    let stranger = json!({ "event": { "EventType": "change_auth", "AuthCorpId": "dingnobody" } });
    sim.clear_journal().await;
    push(&sim, "event", stranger).await;
    assert_eq!(sim.total().await, 0, "nobody can make us ask about a corporation that is not ours");
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
    let code = json!({ "person": "employee", "namespace": "channel", "corpId": CORP, "url": here.page() });
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let answer = here.post_code("a-code").await;
        if error_of(answer).await == unknown {
            break;
        }
        assert!(
            std::time::Instant::now() < patience,
            "the first replica still knows the corporation: {code}"
        );
        tokio::task::yield_now().await;
    }
    let keys = redis.cli(&["keys", "*"]);
    for gone in ["suite_codes", "suite_apps", "channel_token", "channel_ticket", "suite_corp_token"] {
        assert!(!keys.contains(gone), "{gone} in {keys}");
    }
}

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
        *config = config.replace("\"2s\"", "\"20s\"");
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

/// What a stranger posts.
async fn knock(
    sim: &Sim,
    server: &Server,
    path: &str,
    query: &[(&str, &str)],
    body: String,
) -> (StatusCode, String) {
    // A server that does not read a body to its end cannot keep the connection.
    let request =
        sim.http.post(format!("{}{path}", server.url)).query(query).body(body).header("connection", "close");
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn whatever_is_wrong_with_a_push_is_answered_alike() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    const PATH: &str = "/dingtalk/suites/main/callback";
    // What DingTalk would send, sealed and not sent.
    let sealed = async |more: Value| {
        let mut body =
            json!({ "event": { "EventType": "suite_ticket", "SuiteTicket": "t1" }, "send": false });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sim.post("/_sim/suites/suite1/event", body).await["sent"].clone()
    };
    let post = async |sent: &Value, path: &str| {
        let part = |name: &str| sent[name].as_str().unwrap();
        let query =
            [("signature", part("signature")), ("timestamp", part("timestamp")), ("nonce", part("nonce"))];
        knock(&sim, &server, path, &query, json!({ "encrypt": part("encrypt") }).to_string()).await
    };
    // With a letter in its signature, so that its upper case is another text.
    let mut good = sealed(json!({})).await;
    while good["signature"].as_str().unwrap().bytes().all(|b| b.is_ascii_digit()) {
        good = sealed(json!({})).await;
    }
    let with = |name: &str, value: &str| {
        let mut changed = good.clone();
        changed[name] = json!(value);
        changed
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let wrong = post(&with("signature", "0000000000000000000000000000000000000000"), PATH).await;
    assert_eq!(wrong.0, StatusCode::BAD_REQUEST, "{}", wrong.1);
    let encrypt = good["encrypt"].as_str().unwrap();
    let tampered = format!("{}{}", if encrypt.starts_with('A') { "B" } else { "A" }, &encrypt[1..]);
    let stale = (now - 20 * 60 * 1000).to_string();
    let early = (now + 20 * 60 * 1000).to_string();
    for (what, sent) in [
        ("upper case", with("signature", &good["signature"].as_str().unwrap().to_uppercase())),
        ("no signature", with("signature", "")),
        ("tampered bytes", with("encrypt", &tampered)),
        ("other timestamp", with("timestamp", &(now - 1000).to_string())),
        ("stale", sealed(json!({ "timestamp": stale })).await),
        ("from the future", sealed(json!({ "timestamp": early })).await),
        ("no time at all", sealed(json!({ "timestamp": "soon" })).await),
        ("another receiver", sealed(json!({ "receiver": "suitekey2" })).await),
        ("no receiver", sealed(json!({ "receiver": "" })).await),
        ("a test key for what is no check", {
            sealed(json!({ "receiver": "suite4xxxxxxxxxxxxxxx", "event": {
                "EventType": "suite_ticket", "SuiteTicket": "t", "TestSuiteKey": "suite4xxxxxxxxxxxxxxx" } }))
            .await
        }),
        ("without content", sealed(json!({ "event": { "EventType": "suite_ticket" } })).await),
        ("another suite's", {
            let body = json!({ "event": { "EventType": "suite_ticket", "SuiteTicket": "t" }, "send": false });
            sim.post("/_sim/suites/suite2/event", body).await["sent"].clone()
        }),
    ] {
        assert_eq!(post(&sent, PATH).await, wrong, "{what}");
    }
    assert_eq!(post(&good, "/dingtalk/suites/nobody/callback").await, wrong, "no such suite");
    let query = [("signature", "x"), ("timestamp", "1"), ("nonce", "n")];
    for (what, body) in [
        ("no JSON", "encrypt".to_owned()),
        ("no object", "[]".to_owned()),
        ("no text", json!({ "encrypt": 7 }).to_string()),
        ("nothing", String::new()),
        ("huge", json!({ "encrypt": "A".repeat(1_100_000) }).to_string()),
    ] {
        assert_eq!(knock(&sim, &server, PATH, &query, body).await, wrong, "{what}");
    }
    let twice = [("signature", "x"), ("signature", "y"), ("timestamp", "1"), ("nonce", "n")];
    assert_eq!(knock(&sim, &server, PATH, &twice, "{}".into()).await, wrong, "twice");
    assert_eq!(knock(&sim, &server, PATH, &[], "{}".into()).await, wrong, "no query");
    assert_eq!(post(&good, PATH).await.0, StatusCode::OK, "and the good one is still good");
    // Each cause once a minute.
    for (suite, reason) in [
        ("main", "signature"),
        ("main", "query"),
        ("main", "no envelope"),
        ("main", "too large or broken off"),
        ("", "no suite of that name"),
    ] {
        let line = format!("audit: refused what=\"push\" suite={suite:?} reason={reason:?} from=127.0.0.1");
        assert_eq!(server.log_with(&line, 1).await.matches(&line).count(), 1, "{line}");
    }
    assert!(!server.log().contains("panic"), "{}", server.log());
}

#[tokio::test]
async fn the_callback_lives_under_the_base_path() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        without_apps(config);
        *config = config.replacen("[dingtalk]", "base_path = \"/_miandeng\"\n\n[dingtalk]", 1);
    })
    .await;
    let callback = format!("{}/_miandeng/dingtalk/suites/main/callback", server.url);
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
    push(&sim, "check", json!({})).await;
    let get = sim.http.get(&callback).send().await.unwrap();
    assert_eq!(error_of(get).await, (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn a_ticket_is_never_replaced_by_an_older_one() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    let old = push(&sim, "ticket", json!({})).await["event"].clone();
    push(&sim, "ticket", json!({})).await;
    // The old event arrives once more, sealed anew: it is answered, and the newer ticket stays.
    push(&sim, "event", json!({ "event": old })).await;
    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_end_that_is_played_back_undoes_nothing() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    push(&sim, "relieve", json!({ "corpId": CORP })).await;
    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    let follower = person(&sim, &server, WINDOW);
    assert_eq!(follower.login().await.status(), StatusCode::OK);
    push(&sim, "repeat", json!({ "event": "suite_relieve" })).await;
    assert_eq!(follower.session().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_end_that_comes_late_undoes_nothing() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let late =
        json!({ "EventType": "suite_relieve", "AuthCorpId": CORP, "TimeStamp": (now - 120_000).to_string() });
    push(&sim, "event", json!({ "event": late })).await;
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}
