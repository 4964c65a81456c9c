//! Replicas behind nginx, under load, while parts of the whole go away.

use crate::support::{Nginx, Person, Redis, Server, Sim, free_port};
use reqwest::StatusCode;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const PEOPLE_AT_ONCE: usize = 8;

/// Two replicas that share a Redis, and nginx before them.
async fn fleet(sim: &Sim, redis: &Redis) -> (Nginx, [Server; 2]) {
    let port = free_port();
    let start = || {
        Server::start(sim, |config| {
            let from = config.find("public_url").unwrap();
            let to = from + config[from..].find('\n').unwrap();
            config.replace_range(from..to, &format!("public_url = \"http://127.0.0.1:{port}\""));
            *config = config.replace("memory:", &redis.url());
        })
    };
    let servers = [start().await, start().await];
    let urls = servers.each_ref().map(|server| server.url.as_str());
    (Nginx::before(port, &urls).await, servers)
}

/// Logs people in, eight at a time, `before` and again `after` the `event`, which happens in full flight. A login that
/// fails is tried again `retries` times from its beginning, with a new code; what still fails is counted and told.
async fn under_load(sim: &Sim, url: &str, retries: usize, event: impl AsyncFnOnce()) {
    const BEFORE: usize = 100;
    const IN_ALL: usize = 400;
    let (begun, failures) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (in_flight, mut is_in_flight) = tokio::sync::watch::channel(false);
    let visitor = async || {
        loop {
            match begun.fetch_add(1, Ordering::SeqCst) {
                BEFORE => drop(in_flight.send_replace(true)),
                IN_ALL.. => return,
                _ => {}
            }
            let mut told = String::new();
            let mut ok = false;
            for _ in 0..=retries {
                match attempt(sim, url).await {
                    Ok(()) => {
                        ok = true;
                        break;
                    }
                    Err(error) => told = error,
                }
            }
            if !ok {
                eprintln!("failed: {told}");
                failures.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let visitors = futures_util::future::join_all((0..PEOPLE_AT_ONCE).map(|_| visitor()));
    let event = async {
        is_in_flight.wait_for(|flying| *flying).await.unwrap();
        event().await;
    };
    tokio::join!(visitors, event);
    assert_eq!(failures.into_inner(), 0);
}

/// One whole login by somebody who was never here.
async fn attempt(sim: &Sim, url: &str) -> Result<(), String> {
    let person = Person::at(sim, url);
    let config = person.try_config().await?;
    let accepted = person.dd_config(&config).await;
    if accepted["ok"] != true {
        return Err(format!("dd.config: {accepted}"));
    }
    let login = person.try_post_code(&person.code_again().await).await?;
    match login.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("login: {status} {}", login.text().await.unwrap_or_default())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_stopped_by_sigterm_costs_nobody_a_login() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let (nginx, [mut first, _second]) = fleet(&sim, &redis).await;
    under_load(&sim, &nginx.url, 0, async || {
        Command::new("kill").args(["-TERM", &first.pid().to_string()]).status().unwrap();
        let status = tokio::task::block_in_place(|| first.wait());
        assert!(status.success());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_killed_costs_nobody_more_than_one_retry() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let (nginx, [mut first, _second]) = fleet(&sim, &redis).await;
    under_load(&sim, &nginx.url, 1, async || first.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_restarted_costs_nobody_a_login() {
    let (sim, mut redis) = (Sim::start(1).await, Redis::start().await);
    let (nginx, _servers) = fleet(&sim, &redis).await;
    under_load(&sim, &nginx.url, 0, async || {
        redis.kill();
        sim.post("/_sim/revoke", serde_json::json!({ "what": "tokens" })).await;
        redis.restart().await;
    })
    .await;
    sim.post("/_sim/revoke", serde_json::json!({ "what": "tokens" })).await;
    attempt(&sim, &nginx.url).await.unwrap();
    assert!(redis.cli(&["keys", "*"]).contains("channel_token"), "it is used again");
}
