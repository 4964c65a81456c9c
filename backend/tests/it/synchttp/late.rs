//! Pushes that come late, twice, or to another replica.

use super::*;

#[tokio::test]
async fn k02_what_one_replica_hears_counts_on_the_other() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let here = start(&sim, &redis.url()).await;
    let there = start(&sim, &redis.url()).await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let (follower, employee) = (person(&sim, &here, WINDOW), person(&sim, &here, MICRO_APP));
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
    let stop = sync(&sim, json!([{ "what": "stop", "corpId": CORP, "window": true }])).await;
    until_out(&follower).await;
    assert!(is_in(&employee).await);
    // A code is looked at with what the store says now, not with what was true a moment ago.
    let code = follower.code_again().await;
    let answer = error_of(follower.post_code(&code).await).await;
    assert_ne!(answer.0, StatusCode::OK, "{answer:?}");
    sync(&sim, json!([{ "what": "restore", "corpId": CORP, "window": true }])).await;
    // The old push, repeated to the other replica.
    push_to(&sim, &here).await;
    sync(&sim, json!([{ "what": "stop", "corpId": CORP, "window": true, "seq": stop }])).await;
    sim.post(
        "/_sim/suites/suite1/sync",
        json!({ "items": [{ "what": "restore", "corpId": CORP, "window": true }] }),
    )
    .await;
    log_in(&sim, &person(&sim, &there, WINDOW)).await;
    push_to(&sim, &there).await;
    sync(&sim, about("relieve")).await;
    until_out(&employee).await;
}

#[tokio::test]
async fn k02_a_stop_outlives_a_change_and_no_authorisation() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "embedded:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    let stop = json!([{ "what": "stop", "corpId": CORP }]);
    for end in ["relieve", "org_remove", "auth"] {
        sync(&sim, about("auth")).await;
        log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
        sync(&sim, stop.clone()).await;
        sync(&sim, about("change")).await;
        assert_unknown(&person(&sim, &server, MICRO_APP)).await;
        sync(&sim, about(end)).await;
        if end != "auth" {
            sync(&sim, about("auth")).await;
        }
        log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
        sync(&sim, about("relieve")).await;
    }
    // One that was not acknowledged at its time, and comes after the authorisation that made an end of it.
    sync(&sim, about("auth")).await;
    let employee = person(&sim, &server, MICRO_APP);
    log_in(&sim, &employee).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let late = json!({ "gmt_modified": now - 60_000 });
    let number = json!({ "syncSeq": null });
    sync(&sim, json!([{ "what": "stop", "corpId": CORP, "item": late, "data": number }])).await;
    assert!(is_in(&employee).await);
}

/// A push that was not acknowledged at its time comes again, after what has happened since.
#[tokio::test]
async fn k02_an_authorisation_that_comes_late_undoes_no_withdrawal() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "embedded:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    let now =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    for end in ["stop", "remove", "org_remove", "relieve"] {
        sync(&sim, about("auth")).await;
        log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
        sync(&sim, json!([{ "what": end, "corpId": CORP }])).await;
        assert_unknown(&person(&sim, &server, MICRO_APP)).await;
        let (late, number) = (json!({ "gmt_modified": now() - 5_000 }), json!({ "syncSeq": null }));
        sync(&sim, json!([{ "what": "auth", "corpId": CORP, "item": late, "data": number }])).await;
        assert_unknown(&person(&sim, &server, MICRO_APP)).await;
        sync(&sim, about("relieve")).await;
    }
}
