//! Tokens and tickets that outlive a process, and replicas that share them.

use crate::support::{Person, Redis, Server, Sim, json_of, report_of};
use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const CORP_TOKEN: &str = "/gettoken";

#[tokio::test]
async fn a_restart_and_a_kill_cost_no_token() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    let mode = std::fs::metadata(server.state_dir().join("miandeng.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let early = Person::new(&sim, &server).login().await;
    let cookie = early.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    for _ in 0..2 {
        sim.clear_journal().await;
        server.kill_and_start_again().await;
        let session = sim.http.get(format!("{}/api/session", server.url)).header("cookie", &cookie);
        assert_eq!(
            session.send().await.unwrap().status(),
            StatusCode::OK,
            "the session's key outlives the process"
        );
        assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
        assert_eq!(sim.total().await, 2, "{:?}", sim.counts().await);
    }
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    sim.clear_journal().await;
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    let counts = sim.counts().await;
    assert_eq!(
        (counts[TOKEN], counts[CORP_TOKEN]),
        (1, 1),
        "a dead token does not come back from the file: {counts:?}"
    );
}

#[tokio::test]
async fn the_file_belongs_to_one_process() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let config = std::fs::read_to_string(server.config_file()).unwrap();
    let (listen, ops) = (crate::support::free_port(), crate::support::free_port());
    let other = server.config_file().with_file_name("other.toml");
    let config = config
        .replacen(
            &format!("listen = \"127.0.0.1:{}\"", server.url.rsplit(':').next().unwrap()),
            &format!("listen = \"127.0.0.1:{listen}\""),
            1,
        )
        .replacen(
            &format!("ops_listen = \"127.0.0.1:{}\"", server.ops_url.rsplit(':').next().unwrap()),
            &format!("ops_listen = \"127.0.0.1:{ops}\""),
            1,
        );
    std::fs::write(&other, config).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["serve", "--config"])
        .arg(&other)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("state_dir"), "{said}");
}

/// `count` servers on one Redis.
async fn replicas(sim: &Sim, redis: &Redis, count: usize, corps: usize) -> Vec<Server> {
    let start = |_| {
        // Two thousand people, four servers and DingTalk share two cores here, so no time is spent on a log at its fullest.
        Server::start_in(vec![("RUST_LOG".to_owned(), "info".to_owned())], sim, |config| {
            *config = config.replace("memory:", &redis.url()).replace("\"6s\"", "\"10s\"");
            for n in 2..=corps {
                config.push_str(&format!(
                    "[[apps]]\ncorp_id = \"dingcorp{n}\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
                     channel_secret = \"channel-secret-of-dingcorp{n}\"\ncorp_secret = \"corp-secret-of-dingcorp{n}\"\n"
                ));
            }
        })
    };
    futures_util::future::join_all((0..count).map(start)).await
}

async fn log_in_again(person: &Person<'_>) -> reqwest::Response {
    let code = person.code_again().await;
    person.post_code(&code).await
}

/// Logs them in, so many at a time that two cores answer each of them before the server gives up on it.
async fn all_ok(logins: impl Iterator<Item: Future<Output = reqwest::Response>>) {
    let mut logins = stream::iter(logins).buffer_unordered(200);
    while let Some(login) = logins.next().await {
        if login.status() != StatusCode::OK {
            panic!("{} {}", login.status(), login.text().await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_first_visits_on_four_replicas_cost_one_fetch_per_corp() {
    let (sim, redis) = (Sim::start(10).await, Redis::start().await);
    let servers = replicas(&sim, &redis, 4, 10).await;
    sim.settings(json!({ "latencyMs": 20 })).await;
    let corps: Vec<String> = (1..=10).map(|n| format!("dingcorp{n}")).collect();
    let people: Vec<Person<'_>> = (0..2000)
        .map(|i| {
            let mut person = Person::new(&sim, &servers[i % 4]);
            person.corp.clone_from(&corps[(i / 4) % 10]);
            person
        })
        .collect();
    all_ok(people.iter().map(Person::login)).await;
    let counts = sim.counts().await;
    assert_eq!((counts[TOKEN], counts[TICKET], counts[CORP_TOKEN]), (10, 10, 10), "{counts:?}");
    for server in &servers {
        let log = server.log();
        let told: Vec<&str> = log.lines().filter(|line| line.contains("the store")).collect();
        assert!(told.is_empty(), "{told:#?}");
    }

    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    sim.clear_journal().await;
    all_ok(people.iter().map(log_in_again)).await;
    let counts = sim.counts().await;
    assert_eq!((counts[TOKEN], counts[CORP_TOKEN]), (10, 10), "one more fetch each: {counts:?}");

    let cookie = people[0].cookie_header().unwrap();
    for server in &servers {
        let session = sim.http.get(format!("{}/api/session", server.url)).header("cookie", &cookie);
        assert_eq!(
            session.send().await.unwrap().status(),
            StatusCode::OK,
            "replicas share the session's key"
        );
    }
    let keys = redis.cli(&["keys", "*"]);
    assert!(keys.contains("miandeng:channel_token:dingcorp1:123456") && !keys.contains("secret"), "{keys}");
    assert!(!keys.contains("lock:"), "every lock was given back: {keys}");
}

#[tokio::test]
async fn redis_may_die_and_come_back() {
    let (sim, mut redis) = (Sim::start(1).await, Redis::start().await);
    let servers = replicas(&sim, &redis, 2, 1).await;
    let everybody = async |expected: &str| {
        for server in &servers {
            let login = Person::new(&sim, server).login().await;
            assert_eq!(login.status(), StatusCode::OK, "{expected}");
        }
    };
    everybody("with Redis").await;
    redis.kill();
    everybody("from process memory").await;
    sim.post("/_sim/revoke", json!({ "what": "all" })).await;
    let page = Person::new(&sim, &servers[0]);
    let refused = json_of(page.config().await).await;
    assert!(page.dd_config(&refused).await["errorMessage"].is_string());
    let report = report_of(&refused, "52011");
    page.request(reqwest::Method::POST, "/api/report").json(&report).send().await.unwrap();
    assert_eq!(page.login().await.status(), StatusCode::OK, "fetched without Redis");
    let ready = json_of(reqwest::get(format!("{}/readyz", servers[0].ops_url)).await.unwrap()).await;
    assert_eq!(ready["status"], "degraded");
    servers[0].log_with("going on from process memory", 1).await;
    let metrics =
        reqwest::get(format!("{}/metrics", servers[0].ops_url)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("miandeng_store_errors_total"), "{metrics}");

    redis.restart().await;
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    assert_eq!(page.post_code(&page.code_again().await).await.status(), StatusCode::OK);
    assert!(redis.cli(&["keys", "*"]).contains("channel_token"), "it is used again");
    servers[0].log_with("the store is back", 1).await;
}
