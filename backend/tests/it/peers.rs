//! What other DingTalk clients get wrong, one test for each defect and named after it.

use crate::support::{
    AGENT, CORP, Person, Redis, Server, Sim, json_of, keys_and_values, report_of, start, until,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_CODE: &str = "/channel/user/get_by_code";

/// Everything that is configured as a secret here begins with one of these, and nothing else does.
const SECRETS: [&str; 3] = ["channel-secret-of-", "corp-secret-of-", "client-secret-of-"];

/// The second corporation of the simulator, with an application of the same number.
fn second_corp() -> String {
    format!(
        "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"{AGENT}\"\nkind = \"channel\"\n\
         channel_secret = \"channel-secret-of-dingcorp2\"\ncorp_secret = \"corp-secret-of-dingcorp2\"\n"
    )
}

/// A server whose tokens are in `store`, with applications of both kinds.
async fn with_store(sim: &Sim, store: &str) -> Server {
    Server::start(sim, |config| {
        *config = config.replace("memory:", store);
        config.push_str(&second_corp());
        config.push_str(
            "[[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n\
             client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n",
        );
    })
    .await
}

/// Fills every kind of slot: tokens and tickets of two windows, their directories', and those of today's application.
async fn fill(sim: &Sim, server: &Server) {
    for corp in [CORP, "dingcorp2"] {
        let mut person = Person::new(sim, server);
        person.corp = corp.to_owned();
        assert_eq!(person.login().await.status(), StatusCode::OK);
    }
    let url = format!("{}/", server.url);
    let query = [("corpid", "dingvirtual1"), ("agentid", "223456"), ("sign", "1"), ("url", &url)];
    let signed = sim.http.get(format!("{}/api/config", server.url)).query(&query).send().await.unwrap();
    assert_eq!(signed.status(), StatusCode::OK);
}

/// The credentials among what a store holds.
fn credentials(held: &[(String, String)]) -> Vec<String> {
    let value = |raw: &str| Some(serde_json::from_str::<Value>(raw).ok()?["value"].as_str()?.to_owned());
    held.iter().filter(|(key, _)| !key.contains("session_key")).filter_map(|(_, raw)| value(raw)).collect()
}

#[tokio::test]
async fn cross_tenant_key() {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| config.push_str(&second_corp())).await;
    let people = [CORP, "dingcorp2"].map(|corp| {
        let mut person = Person::new(&sim, &server);
        person.corp = corp.to_owned();
        person
    });
    for person in &people {
        let user = json_of(person.login().await).await["user"].clone();
        assert_eq!(user["corpId"], *person.corp);
        assert_eq!(user["userId"], format!("userid-employee-{}", person.corp));
    }
    assert_eq!(sim.counts().await[TOKEN], 2, "each corporation has a token of its own");
    sim.post("/_sim/revoke", json!({ "what": "tokens", "corpId": "dingcorp2" })).await;
    sim.clear_journal().await;
    for person in &people {
        assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
    }
    assert_eq!(sim.counts().await[TOKEN], 1, "one's misfortune is not the other's");
    let ours = people[0].code_again().await;
    let theirs = people[1].post_code(&ours).await;
    assert_eq!(theirs.status(), StatusCode::UNAUTHORIZED, "a code of another corporation");
}

/// That an old one which cannot be renewed is never used past its end stands in the tests of `credential_cache`.
#[tokio::test]
async fn full_ttl_expiry() {
    let (sim, server) = start("").await;
    // Renewed at half of so short a life.
    sim.settings(json!({ "tokenLifetime": 4, "ticketLifetime": 7200 })).await;
    let person = Person::new(&sim, &server);
    let mut visits = 0;
    // The clock that counts is the server's own, so visits go on until it has renewed.
    while sim.counts().await.get(TOKEN).copied().unwrap_or(0) < 2 {
        let code = if visits == 0 { person.code().await } else { person.code_again().await };
        let answer = person.post_code(&code).await;
        assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
        visits += 1;
        assert!(visits < 20_000, "never renewed");
    }
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains(r#"miandeng_token_refreshes_total{kind="channel_token",trigger="early"}"#),
        "{metrics}"
    );
    assert!(!metrics.contains(r#"outcome="token_rejected""#), "nobody met a dead token: {metrics}");
}

#[tokio::test]
async fn no_single_flight() {
    let (sim, server) = start("").await;
    sim.settings(json!({ "latencyMs": 50 })).await;
    let person = Person::new(&sim, &server);
    let visits = futures_util::future::join_all((0..500).map(|_| person.config())).await;
    assert!(visits.iter().all(|visit| visit.status() == StatusCode::OK));
    let counts = sim.counts().await;
    assert_eq!((counts[TOKEN], counts[TICKET]), (1, 1), "{counts:?}");
}

#[tokio::test]
async fn unbounded_retry() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let errcode = |code: i64| json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } });
    for (fault, redeemed, fetched) in [
        // For ever rejected: one new token, one more try.
        (errcode(40014), 2, 1),
        (errcode(-1), 1, 0),
        (errcode(90018), 1, 0),
        (errcode(40078), 1, 0),
        (json!({ "reply": { "body": "<html>" } }), 1, 0),
        (json!({ "drop": true }), 1, 0),
        (json!({ "delayMs": 10_000 }), 1, 0),
    ] {
        let code = person.code_again().await;
        sim.clear_journal().await;
        let mut for_ever = fault.clone();
        for_ever["endpoint"] = json!(BY_CODE);
        for_ever["times"] = json!(1000);
        sim.fault(for_ever).await;
        assert_ne!(person.post_code(&code).await.status(), StatusCode::OK, "{fault}");
        assert_eq!(person.post_code(&code).await.status(), StatusCode::CONFLICT, "{fault}: sent once more");
        let counts = sim.counts().await;
        let fetches = counts.get(TOKEN).copied().unwrap_or(0);
        assert_eq!((counts[BY_CODE], fetches), (redeemed, fetched), "{fault}: {counts:?}");
        sim.clear_faults().await;
    }
}

#[tokio::test]
async fn ticket_in_the_browser() {
    let (sim, redis) = (Sim::start(2).await, Redis::start().await);
    let server = with_store(&sim, &redis.url()).await;
    fill(&sim, &server).await;
    let mut told = String::new();
    let person = Person::new(&sim, &server);
    let config = person.config().await;
    told.push_str(&format!("{:?}", config.headers()));
    let config = json_of(config).await;
    told.push_str(&config.to_string());
    assert_eq!(person.dd_config(&config).await["ok"], true);
    let (code, report) = (person.code_again().await, report_of(&config, "52013"));
    let (corp, agent) = (CORP, AGENT);
    let requests = [
        person
            .request(Method::POST, "/api/login")
            .json(&json!({ "corpId": corp, "agentId": agent, "code": code })),
        person.request(Method::GET, &format!("/?corpid={corp}&agentid={agent}")),
        person.request(Method::GET, "/api/session"),
        person.request(Method::POST, "/api/token"),
        person.request(Method::GET, "/auth"),
        person.request(Method::GET, "/start"),
        person.request(Method::GET, "/.well-known/jwks.json"),
        person.request(Method::POST, "/api/report").json(&report),
        person
            .request(Method::POST, "/api/login")
            .json(&json!({ "corpId": corp, "agentId": agent, "code": code })),
    ];
    let before = keys_and_values(&redis);
    for request in requests {
        let answer = person.send(request).await;
        told.push_str(&format!("{:?}", answer.headers()));
        told.push_str(&answer.text().await.unwrap());
    }
    let credentials = credentials(&before);
    assert_eq!(credentials.len(), 8, "{before:?}");
    for secret in credentials.iter().map(String::as_str).chain(SECRETS) {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

/// Neither in a key nor, where it is ours and not DingTalk's, in a value.
fn assert_keys_tell_nothing(held: &[(String, String)]) {
    let credentials = credentials(held);
    assert_eq!(credentials.len(), 8, "{held:?}");
    for (key, value) in held {
        for secret in SECRETS {
            assert!(!key.contains(secret) && !value.contains(secret), "{secret} in {key}: {value}");
        }
        for credential in &credentials {
            assert!(!key.contains(credential.as_str()), "{credential} in {key}");
        }
    }
}

#[tokio::test]
async fn secret_in_a_key_of_redis() {
    let (sim, redis) = (Sim::start(2).await, Redis::start().await);
    let server = with_store(&sim, &redis.url()).await;
    fill(&sim, &server).await;
    assert_keys_tell_nothing(&keys_and_values(&redis));
}

#[tokio::test]
async fn secret_in_a_key_of_the_file() {
    let sim = Sim::start(2).await;
    let mut server = with_store(&sim, "embedded:").await;
    fill(&sim, &server).await;
    server.kill();
    let (whole, held) = server.embedded();
    assert!(whole);
    assert_keys_tell_nothing(&held);
    let bytes = std::fs::read(server.state_dir().join("miandeng.redb")).unwrap();
    let bytes = String::from_utf8_lossy(&bytes);
    assert!(SECRETS.iter().all(|secret| !bytes.contains(secret)));
}

/// While the server fetches, its lock runs out and becomes a stranger's: the test writes what the stranger would.
#[tokio::test]
async fn lock_released_or_overwritten_by_a_stranger() {
    const LOCK: &str = "miandeng:lock:{miandeng:channel_token:dingcorp1:123456}";
    const ENTRY: &str = "miandeng:channel_token:dingcorp1:123456";
    for failing in [false, true] {
        let (sim, redis) = (Sim::start(1).await, Redis::start().await);
        let server = Server::start(&sim, |config| *config = config.replace("memory:", &redis.url())).await;
        let mut fault = json!({ "endpoint": TOKEN, "delayMs": 1000 });
        if failing {
            fault["reply"] = json!({ "body": { "errcode": -1, "errmsg": "x" } });
            fault["times"] = json!(3);
        }
        sim.fault(fault).await;
        let person = Person::new(&sim, &server);
        let visit = person.config();
        let strange = async {
            until("a lock", async || !redis.cli(&["get", LOCK]).trim().is_empty()).await;
            assert_eq!(redis.cli(&["set", LOCK, "a stranger"]).trim(), "OK");
        };
        let (visit, ()) = tokio::join!(visit, strange);
        let expected = if failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        assert_eq!(visit.status(), expected);
        assert_eq!(redis.cli(&["get", LOCK]).trim(), "a stranger", "its lock is not ours to give back");
        assert_eq!(
            redis.cli(&["exists", ENTRY]).trim(),
            "0",
            "nor is what it is about to write ours to write"
        );
    }
}
