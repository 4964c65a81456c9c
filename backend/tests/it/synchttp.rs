//! SyncHTTP pushes: how today's third-party applications hear of tickets, authorisations and their ends.

mod ends;
mod failing;
mod late;

use crate::suites::{
    CORP, MICRO_APP, WINDOW, assert_unknown, authorised, error_of, is_in, log_in, micro_app_login, person,
    push, push_to, start,
};
use crate::support::{Person, Redis, Server, Sim, json_of, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// One push with these items, whatever becomes of it.
async fn sent(sim: &Sim, items: Value) -> Value {
    sim.post("/_sim/suites/suite1/sync", json!({ "items": items })).await
}

/// One push that has to be acknowledged; the `syncSeq` of its last item.
async fn sync(sim: &Sim, items: Value) -> Value {
    let verdict = sent(sim, items.clone()).await;
    assert_eq!(verdict["ok"], true, "{items}: {verdict}");
    let last = verdict["event"]["bizData"].as_array().unwrap().last().unwrap()["biz_data"].clone();
    let data: Value = last.as_str().map_or(last.clone(), |text| serde_json::from_str(text).unwrap());
    data["syncSeq"].clone()
}

fn about(what: &str) -> Value {
    json!([{ "what": what, "corpId": CORP }])
}

async fn metric(server: &Server, event: &str, outcome: &str) -> u64 {
    let text = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    let labels = format!("{{suite=\"main\",event=\"{event}\",outcome=\"{outcome}\"}} ");
    let line =
        text.lines().find_map(|line| line.strip_prefix("miandeng_suite_pushes_total")?.strip_prefix(&labels));
    line.map_or(0, |value| value.parse().unwrap())
}

async fn until_out(person: &Person<'_>) {
    until("the end of a session", async || !is_in(person).await).await;
}

async fn a_whole_life(store: &str) {
    let sim = Sim::start(2).await;
    let mut server = start(&sim, store).await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    let (follower, employee) = (person(&sim, &server, WINDOW), person(&sim, &server, MICRO_APP));
    assert_unknown(&follower).await;
    let first = sync(&sim, about("auth")).await;
    assert_eq!(
        sim.total().await,
        0,
        "everything is in the push: DingTalk is not asked, and not kept waiting"
    );
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
    let counts = sim.counts().await;
    for none in ["/service/get_permanent_code", "/service/activate_suite"] {
        assert_eq!(counts.get(none), None, "{counts:?}");
    }

    // The micro-app is taken out and comes back, in a push that holds more, and whose data are objects.
    let change = |micro_app: bool| {
        json!([
            { "what": "user_modify", "corpId": CORP, "asObject": true },
            { "what": "change", "corpId": CORP, "microApp": micro_app, "asObject": true },
            { "what": "ticket", "asObject": true },
            { "what": "order", "corpId": CORP },
        ])
    };
    sync(&sim, change(false)).await;
    assert!(
        !is_in(&employee).await && is_in(&follower).await,
        "an application that is gone ends its sessions"
    );
    assert_unknown(&person(&sim, &server, MICRO_APP)).await;
    sync(&sim, change(true)).await;
    assert!(!is_in(&employee).await, "what has ended stays so");
    log_in(&sim, &employee).await;

    // One application is stopped and restored.
    let window = |what: &str, seq: Option<&Value>| json!([{ "what": what, "corpId": CORP, "window": true, "seq": seq }]);
    let stop = sync(&sim, window("stop", None)).await;
    assert!(!is_in(&follower).await && is_in(&employee).await);
    assert_unknown(&person(&sim, &server, WINDOW)).await;
    server.kill_and_start_again().await;
    assert!(!is_in(&follower).await && is_in(&employee).await, "through a restart");
    assert_unknown(&person(&sim, &server, WINDOW)).await;
    sync(&sim, about("change")).await;
    assert_unknown(&person(&sim, &server, WINDOW)).await;
    let restored = sync(&sim, window("restore", None)).await;
    log_in(&sim, &follower).await;
    // Old and doubled numbers have no effect, whatever the time that stands beside them.
    for (what, seq) in [("stop", &stop), ("restore", &restored), ("remove", &stop)] {
        sync(&sim, window(what, Some(seq))).await;
        assert!(is_in(&follower).await, "{what} {seq}");
        sync(&sim, json!([{ "what": "restore", "corpId": CORP, "window": true, "seq": seq }])).await;
    }
    log_in(&sim, &person(&sim, &server, WINDOW)).await;
    assert!(metric(&server, "micro_app", "old").await >= 3);

    sync(&sim, about("relieve")).await;
    for person in [&follower, &employee] {
        assert!(!is_in(person).await, "its sessions are over");
        assert_unknown(person).await;
    }
    server.kill_and_start_again().await;
    assert_unknown(&follower).await;
    // The authorisation comes late, or again: it is older than its end.
    let old = json!([{ "what": "auth", "corpId": CORP, "seq": first }]);
    sync(&sim, old).await;
    assert_unknown(&person(&sim, &server, MICRO_APP)).await;
    sync(&sim, about("auth")).await;
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
    sync(&sim, about("org_update")).await;
    assert!(is_in(&follower).await);
    sync(&sim, about("org_remove")).await;
    assert!(!is_in(&follower).await && !is_in(&employee).await);
    assert_unknown(&follower).await;
    let log = server.log();
    let held = json_of(sim.http.get(format!("{}/_sim/suites/suite1", sim.url)).send().await.unwrap()).await;
    assert!(!log.contains(held["suiteTicket"].as_str().unwrap()), "a ticket in the log");
}

#[tokio::test]
async fn k02_a_suite_lives_by_synchttp_pushes_alone() {
    a_whole_life("embedded:").await;
}

#[tokio::test]
async fn k02_a_suite_lives_by_synchttp_pushes_alone_on_redis() {
    let redis = Redis::start().await;
    a_whole_life(&redis.url()).await;
}

#[tokio::test]
async fn k02_classic_events_and_synchttp_pushes_are_one_story() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let follower = person(&sim, &server, WINDOW);
    log_in(&sim, &follower).await;
    // The same authorisation once more, pushed the other way: nothing is bought again, and no session ends.
    sim.clear_journal().await;
    let seq = sync(&sim, about("auth")).await;
    sync(&sim, json!([{ "what": "auth", "corpId": CORP, "seq": seq }])).await;
    assert!(is_in(&follower).await);
    assert_eq!(sim.total().await, 0, "{:?}", sim.counts().await);
    // Classic events of one application and of a person who leaves.
    let event = |event: Value| json!({ "event": event });
    let agent: u64 = WINDOW.parse().unwrap();
    let app = |name: &str| {
        event(
            json!({ "EventType": name, "AgentId": agent, "AppId": 1001, "AuthCorpId": CORP, "SuiteKey": "suitekey1" }),
        )
    };
    for end in ["org_micro_app_stop", "org_micro_app_remove"] {
        push(&sim, "event", app(end)).await;
        assert!(!is_in(&follower).await, "{end}");
        assert_unknown(&follower).await;
        push(&sim, "event", app("org_micro_app_restore")).await;
        log_in(&sim, &follower).await;
    }
    let left = json!({ "EventType": "user_leave_org", "CorpId": CORP, "UserId": ["someone", "userid-employee-dingcust1"] });
    push(&sim, "event", event(left)).await;
    assert!(!is_in(&follower).await, "a person who left the enterprise");
    log_in(&sim, &follower).await;
    // An end by one way, an authorisation by the other, and the end again.
    let end = sync(&sim, about("relieve")).await;
    assert!(!is_in(&follower).await);
    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    log_in(&sim, &follower).await;
    let data = json!({ "syncAction": "org_suite_relieve", "syncSeq": end }).to_string();
    let again = json!({ "EventType": "SYNC_HTTP_PUSH_HIGH", "bizData": [
        { "biz_type": "4", "corp_id": CORP, "subscribe_id": "14999001_0", "biz_data": data },
    ] });
    push(&sim, "event", event(again)).await;
    assert!(is_in(&follower).await, "a doubled number");
    push(&sim, "relieve", json!({ "corpId": CORP })).await;
    assert!(!is_in(&follower).await);
    let dissolved = json!({ "EventType": "org_remove", "CorpId": CORP });
    push(&sim, "event", event(dissolved)).await;
    assert_unknown(&follower).await;
}

#[tokio::test]
async fn k02_the_first_ticket_heals_what_failed_for_want_of_it() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, about("auth")).await;
    let (follower, employee) = (person(&sim, &server, WINDOW), person(&sim, &server, MICRO_APP));
    assert_unknown(&follower).await;
    assert!(micro_app_login(&sim, &employee).await.status().is_server_error());
    sync(&sim, json!([{ "what": "ticket" }])).await;
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
}

#[tokio::test]
async fn k02_a_push_may_be_long() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    let long = json!({ "extension": "x".repeat(400_000) });
    sync(
        &sim,
        json!([{ "what": "auth", "corpId": CORP }, { "what": "user_modify", "corpId": CORP, "data": long }]),
    )
    .await;
    log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
}
