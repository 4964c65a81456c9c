//! A Redis that fails in every way there is but one: it does not go away.

use crate::support::{Nginx, Person, Redis, Server, Sim, Switch, free_port, json_of, until};
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const KEY: &str = "[session]\nkey = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n\n[store]";

/// The lines that tell of the store.
fn told(servers: &[Server]) -> Vec<String> {
    let is_told = |line: &&str| {
        (line.contains(" WARN ") || line.contains(" INFO "))
            && (line.contains("store") || line.contains("redis"))
    };
    let logs = servers.iter().map(Server::log);
    logs.flat_map(|log| log.lines().filter(is_told).map(str::to_owned).collect::<Vec<_>>()).collect()
}

async fn status(sim: &Sim, url: &str, method: Method, cookie: &str) -> StatusCode {
    let request = sim.http.request(method, format!("{url}/api/session")).header("cookie", cookie);
    request.send().await.unwrap().status()
}

/// Logs in and out until the logout counts, here and on every server.
async fn log_out(sim: &Sim, url: &str, servers: &[Server]) {
    let since = Instant::now();
    let person = Person::at(sim, url);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let cookie = person.cookie_header().unwrap();
    until("a logout", async || status(sim, url, Method::DELETE, &cookie).await == StatusCode::NO_CONTENT)
        .await;
    for server in servers {
        let is_out = async || status(sim, &server.url, Method::GET, &cookie).await != StatusCode::OK;
        until("news of the logout", is_out).await;
    }
    println!("a logout counts everywhere after {:?}", since.elapsed());
}

async fn until_it_is(server: &Server, word: &str) {
    until(word, async || {
        let ready = json_of(reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap()).await;
        ready["status"] == word
    })
    .await;
}

/// Goes on logging people in until `events` are over.
async fn under_load(sim: &Sim, url: &str, events: impl Future<Output = ()>) {
    let over = AtomicBool::new(false);
    let visitor = async || {
        let mut logins = 0;
        while !over.load(Ordering::Relaxed) {
            let login = Person::at(sim, url).login().await;
            let (status, body) = (login.status(), login.text().await.unwrap());
            assert_eq!(status, StatusCode::OK, "{body}");
            logins += 1;
        }
        logins
    };
    let visitors = futures_util::future::join_all((0..4).map(|_| visitor()));
    let events = async {
        events.await;
        over.store(true, Ordering::Relaxed);
    };
    let (logins, ()) = tokio::join!(visitors, events);
    println!("{logins:?} logins meanwhile");
    assert!(logins.iter().all(|logins| *logins > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn k07_a_failover_costs_no_login_and_ten_lines() {
    let at_once = ["--repl-diskless-sync-delay", "0"];
    let (sim, one, two) = (Sim::start(1).await, Redis::with(&at_once).await, Redis::with(&at_once).await);
    let (switch, port) = (Switch::to(one.port()).await, free_port());
    let start = || {
        Server::start(&sim, |config| {
            let from = config.find("public_url").unwrap();
            let to = from + config[from..].find('\n').unwrap();
            config.replace_range(from..to, &format!("public_url = \"http://127.0.0.1:{port}\""));
            *config = config.replace("memory:", &switch.redis_url()).replace("[store]", KEY);
        })
    };
    let servers = [start().await, start().await];
    let nginx = Nginx::before(port, &servers.each_ref().map(|server| server.url.as_str())).await;
    let before = told(&servers).len();
    let follow = async |redis: &Redis, primary: &Redis| {
        redis.cli(&["replicaof", "127.0.0.1", &primary.port().to_string()]);
        let linked = async || redis.cli(&["info", "replication"]).contains("master_link_status:up");
        until("a replica", linked).await;
    };
    follow(&two, &one).await;
    // So that the next logins need the store, or do without.
    let forget = async || drop(sim.post("/_sim/revoke", json!({ "what": "tokens" })).await);
    under_load(&sim, &nginx.url, async {
        log_out(&sim, &nginx.url, &servers).await;
        // The connections stay with the old primary, which is one no more.
        two.cli(&["replicaof", "no", "one"]);
        switch.turn(two.port());
        follow(&one, &two).await;
        forget().await;
        log_out(&sim, &nginx.url, &servers).await;
        // The primary falls silent, and its connections stay open.
        two.freeze();
        for server in &servers {
            server.log_with("the store fails", 1).await;
        }
        one.cli(&["replicaof", "no", "one"]);
        switch.turn(one.port());
        log_out(&sim, &nginx.url, &servers).await;
        two.thaw();
        follow(&two, &one).await;
        one.cli(&["client", "kill", "type", "normal"]);
        forget().await;
        log_out(&sim, &nginx.url, &servers).await;
    })
    .await;
    let lines = told(&servers).split_off(before);
    println!("{}", lines.join("\n"));
    assert!(lines.len() <= 10, "{}: {lines:#?}", lines.len());
    for server in &servers {
        until_it_is(server, "ready").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k07_a_useless_connection_is_given_up_whatever_the_reason() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let servers = [Server::start(&sim, |config| {
        *config = config.replace("memory:", &redis.url()).replace("[store]", KEY);
    })
    .await];
    let server = &servers[0];
    let run = |commands: &[&str]| {
        for command in commands {
            match *command {
                "freeze" => redis.freeze(),
                "thaw" => redis.thaw(),
                _ => drop(redis.cli(&command.split(' ').collect::<Vec<_>>())),
            }
        }
    };
    let nowhere = format!("replicaof 127.0.0.1 {}", free_port());
    let faults: [(&str, &[&str], &[&str]); 8] = [
        ("READONLY", &[&nowhere], &["replicaof no one"]),
        ("MASTERDOWN", &["config set replica-serve-stale-data no", &nowhere], &["replicaof no one"]),
        ("NOREPLICAS", &["config set min-replicas-to-write 1"], &["config set min-replicas-to-write 0"]),
        ("OOM", &["config set maxmemory 1"], &["config set maxmemory 0"]),
        ("NOPERM", &["acl setuser default -@write"], &["acl setuser default +@all"]),
        ("NOPERM of one", &["acl setuser default -xadd"], &["acl setuser default +@all"]),
        ("silent", &["freeze"], &["thaw"]),
        ("paused writes", &["client pause 60000 write"], &["client unpause"]),
    ];
    for (name, fault, mend) in faults {
        println!("{name}");
        let before = told(&servers).len();
        run(fault);
        // Noticed by a server without visitors, too; but for rights to a single command.
        if name != "NOPERM of one" {
            until_it_is(server, "degraded").await;
        }
        let person = Person::new(&sim, server);
        assert_eq!(person.login().await.status(), StatusCode::OK, "{name}");
        let cookie = person.cookie_header().unwrap();
        for _ in 0..20 {
            let refused = status(&sim, &server.url, Method::DELETE, &cookie).await;
            assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE, "{name}");
        }
        run(mend);
        log_out(&sim, &server.url, &servers).await;
        until_it_is(server, "ready").await;
        let lines = told(&servers).split_off(before);
        assert_eq!(lines.len(), 2, "{name}: down and back: {lines:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k07_connections_that_are_cut_again_and_again_are_told_of_once() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let servers = [Server::start(&sim, |config| {
        *config = config.replace("memory:", &redis.url()).replace("[store]", KEY);
    })
    .await];
    let before = told(&servers).len();
    for _ in 0..10 {
        redis.cli(&["client", "kill", "type", "normal"]);
        log_out(&sim, &servers[0].url, &servers).await;
    }
    let lines = told(&servers).split_off(before);
    assert_eq!(lines.len(), 1, "{lines:#?}");
}
