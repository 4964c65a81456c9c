//! SyncHTTP pushes: how today's third-party applications hear of tickets, authorisations and their ends.

use crate::suites::{
    CORP, MICRO_APP, WINDOW, authorised, error_of, micro_app_login, person, push, push_to, start,
};
use crate::support::{Person, Redis, Server, Sim, json_of};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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

/// Whether `/auth` of the person's application and `/api/session` let the person in; both or neither.
async fn is_in(person: &Person<'_>) -> bool {
    let guard = format!("/auth?corpid={}&agentid={}", person.corp, person.agent);
    let guard = person.send(person.request(Method::GET, &guard)).await.status();
    let session = person.session().await.status();
    // Between the two the news of an end may arrive.
    assert!((guard, session) != (StatusCode::UNAUTHORIZED, StatusCode::OK));
    session == StatusCode::OK
}

async fn log_in(sim: &Sim, person: &Person<'_>) {
    let answer = match person.agent.as_str() {
        WINDOW => person.login().await,
        _ => micro_app_login(sim, person).await,
    };
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    assert!(is_in(person).await);
}

async fn assert_unknown(person: &Person<'_>) {
    let unknown = (StatusCode::NOT_FOUND, "unknown_app".to_owned());
    assert_eq!(error_of(person.config().await).await, unknown);
    assert_eq!(error_of(person.post_code("a-code").await).await, unknown);
}

async fn metric(server: &Server, event: &str, outcome: &str) -> u64 {
    let text = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    let labels = format!("{{suite=\"main\",event=\"{event}\",outcome=\"{outcome}\"}} ");
    let line =
        text.lines().find_map(|line| line.strip_prefix("miandeng_suite_pushes_total")?.strip_prefix(&labels));
    line.map_or(0, |value| value.parse().unwrap())
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
async fn k02_a_person_who_leaves_the_directory_is_logged_out() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    let leave = |data: Value, item: Value, seq: u64| {
        json!({ "priority": "medium", "items": [
            { "what": "user_leave", "corpId": CORP, "seq": seq, "data": data, "item": item },
        ] })
    };
    let leave = async |data, item, seq| {
        let verdict = sim.post("/_sim/suites/suite1/sync", leave(data, item, seq)).await;
        assert_eq!(verdict["ok"], true, "{verdict}");
    };
    // The id is the item's, or in the data, in several spellings, or that of the person across applications.
    for (seq, data, item) in [
        (10, json!({}), json!({})),
        (20, json!({ "userId": "userid-employee-dingcust1" }), json!({ "biz_id": "1663-35567" })),
        (30, json!({ "userid": "userid-employee-dingcust1" }), json!({ "biz_id": null })),
        (40, json!({ "unionid": "unionid-employee-dingcust1", "userId": "someone-else" }), json!({})),
        (50, json!({ "userIds": ["someone", "userid-employee-dingcust1"] }), json!({ "biz_id": "7001" })),
        (60, json!({ "userIdList": "[\"userid-employee-dingcust1\"]" }), json!({ "biz_id": "7001" })),
        (
            70,
            json!({ "unionEmpExt": { "corpId": CORP, "staffId": "userid-employee-dingcust1" } }),
            json!({ "biz_id": "7001" }),
        ),
        (80, json!({ "syncAction": "User_Leave_Org" }), json!({ "biz_type": 13.0 })),
    ] {
        log_in(&sim, &employee).await;
        log_in(&sim, &follower).await;
        leave(data.clone(), item.clone(), seq).await;
        assert!(!is_in(&employee).await && !is_in(&follower).await, "{data} {item}");
        log_in(&sim, &employee).await;
        leave(data.clone(), item, seq).await;
        assert!(is_in(&employee).await, "the same number again: {data}");
    }
    leave(json!({ "userId": "userid-partner-dingcust1" }), json!({}), 90).await;
    let elsewhere = json!({ "corpId": "dingother", "staffId": "userid-employee-dingcust1" });
    leave(json!({ "unionid": "someone", "unionEmpExt": elsewhere }), json!({}), 100).await;
    sync(&sim, about("user_modify")).await;
    assert!(is_in(&employee).await, "another person");
    let held = json_of(sim.http.get(format!("{}/_sim/suites/suite1", sim.url)).send().await.unwrap()).await;
    let (suite, customer) = (&held, &held["customers"][0]);
    for secret in [&suite["suiteTicket"], &customer["permanentCode"], &customer["chPermanentCode"]] {
        assert!(!server.log().contains(secret.as_str().unwrap()), "{secret} is in the log");
    }
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

#[tokio::test]
async fn k02_what_cannot_be_followed_comes_again_and_is_noticed() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let mut follower = person(&sim, &server, WINDOW);
    follower.name = "partner";
    log_in(&sim, &follower).await;
    let with = |what: &str, item: Value, data: Value| json!({ "what": what, "corpId": CORP, "item": item, "data": data });
    let (broken, none) = (json!({ "biz_data": "{\"syncAction\":" }), json!({}));
    let cases = [
        with("ticket", broken.clone(), none.clone()),
        with("ticket", none.clone(), json!({ "suiteTicket": null })),
        with("auth", broken.clone(), none.clone()),
        with("auth", none.clone(), json!({ "permanent_code": null })),
        with("auth", json!({ "corp_id": "dingother" }), none.clone()),
        with("change", none.clone(), json!({ "syncAction": "org_suite_frozen" })),
        with("stop", broken.clone(), none.clone()),
        with("stop", none.clone(), json!({ "agentId": null })),
        with("org_update", broken.clone(), none.clone()),
        with("user_leave", broken, none.clone()),
        with("order", json!({ "biz_type": null }), none),
    ];
    for (failed, case) in cases.iter().enumerate() {
        let verdict = sent(&sim, json!([case])).await;
        assert_eq!(
            (&verdict["ok"], &verdict["answer"]["text"]),
            (&json!(false), &Value::Null),
            "{case}: {verdict}"
        );
        let log = server.log_with("a push could not be followed", failed + 1).await;
        let lines = log.lines().filter(|line| line.contains("a push could not be followed"));
        assert_eq!(lines.filter(|line| line.contains("ERROR")).count(), failed + 1, "one line each: {case}");
        assert_eq!(metric(&server, "unreadable", "failed").await, failed as u64 + 1, "{case}");
    }
    assert!(is_in(&follower).await);
    // The change of a corporation whose authorisation we have not heard of: it has no code in it.
    sync(&sim, about("relieve")).await;
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": null })).await;
    sent(&sim, about("auth")).await;
    push_to(&sim, &server).await;
    let unheard = json!([{ "what": "change", "corpId": CORP, "data": { "permanent_code": null } }]);
    assert_eq!(sent(&sim, unheard).await["ok"], false);
    // Nothing else is wrong with these, and a change is as good as an authorisation.
    sync(&sim, json!([{ "what": "change", "corpId": CORP }])).await;
    log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
    for harmless in ["order", "org_update", "scope_update", "user_modify"] {
        sync(
            &sim,
            json!([{ "what": harmless, "corpId": CORP, "data": { "corp_name": null, "userid": null } }]),
        )
        .await;
    }
    assert_eq!(sent(&sim, json!([])).await["ok"], true);
}

#[tokio::test]
async fn k02_one_bad_item_does_not_keep_the_others_from_being_followed() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    log_in(&sim, &employee).await;
    log_in(&sim, &follower).await;
    let verdict = sent(
        &sim,
        json!([
            { "what": "ticket" },
            { "what": "stop", "corpId": CORP, "item": { "biz_data": "none" } },
            { "what": "remove", "corpId": CORP, "window": true },
        ]),
    )
    .await;
    assert_eq!(verdict["ok"], false, "{verdict}");
    assert!(!is_in(&follower).await && is_in(&employee).await, "the good ones are followed");
    assert_eq!(
        (metric(&server, "suite_ticket", "ok").await, metric(&server, "micro_app", "ok").await),
        (2, 1)
    );
    // All of them come again.
    let again = sim.post("/_sim/suites/suite1/retry", json!({})).await;
    assert_eq!(again["reports"][0]["ok"], false, "{again}");
    assert_eq!(
        (metric(&server, "suite_ticket", "old").await, metric(&server, "micro_app", "old").await),
        (1, 1)
    );
    assert!(is_in(&employee).await);
}

#[tokio::test]
async fn k02_a_store_that_is_down_loses_no_push() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    // As a primary whose replicas are gone: it answers, and takes nothing.
    let takes = |replicas: &str| redis.cli(&["config", "set", "min-replicas-to-write", replicas]);
    let (here, there) = (start(&sim, &redis.url()).await, start(&sim, &redis.url()).await);
    push_to(&sim, &here).await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    let retry = async || {
        let reports = sim.post("/_sim/suites/suite1/retry", json!({})).await["reports"].clone();
        let acknowledged = reports.as_array().unwrap().iter().filter(|report| report["ok"] == true).count();
        (reports.as_array().unwrap().len(), acknowledged)
    };
    let follower = person(&sim, &here, WINDOW);
    let elsewhere = person(&sim, &there, MICRO_APP);
    for items in [about("auth"), json!([{ "what": "stop", "corpId": CORP }]), about("relieve"), about("auth")]
    {
        takes("1");
        let failed = sent(&sim, items.clone()).await;
        assert_eq!(
            (&failed["ok"], &failed["answer"]["status"]),
            (&json!(false), &json!(503)),
            "{items} {failed}"
        );
        assert_eq!(retry().await, (1, 0), "and is no less pushed again the second time");
        takes("0");
        let patience = Instant::now() + Duration::from_secs(20);
        while retry().await != (1, 1) {
            assert!(Instant::now() < patience, "{items} is not acknowledged");
        }
        match items[0]["what"].as_str().unwrap() {
            "auth" => {
                log_in(&sim, &follower).await;
                log_in(&sim, &elsewhere).await;
            }
            "stop" => {
                assert!(is_in(&follower).await);
                until_out(&elsewhere).await;
            }
            _ => {
                assert!(!is_in(&follower).await);
                assert_unknown(&follower).await;
            }
        }
    }
}

/// What has to be seen everywhere within two seconds.
async fn until_out(person: &Person<'_>) {
    let started = Instant::now();
    while is_in(person).await {
        assert!(started.elapsed() < Duration::from_secs(2), "the session does not end");
        tokio::task::yield_now().await;
    }
}

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
async fn k02_what_a_push_leaves_open_is_asked() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let (follower, employee) = (person(&sim, &server, WINDOW), person(&sim, &server, MICRO_APP));
    // Whether there is a window, and which, is not in the push.
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
    assert_eq!(sim.counts().await["/service/get_auth_info"], 1, "{:?}", sim.counts().await);
    // Not one that asking again would heal.
    let missing = json!({ "errcode": 60011, "errmsg": "管理员权限不正确" });
    sim.reply("/service/get_auth_info", 1, missing).await;
    let verdict =
        sent(&sim, json!([{ "what": "change", "corpId": CORP, "window": false, "microApp": false }])).await;
    assert_eq!(verdict["ok"], false, "a window may be gone, and is not known to be: {verdict}");
    assert!(!is_in(&employee).await, "what the push does say counts at once");
    let again = sim.post("/_sim/suites/suite1/retry", json!({})).await;
    assert_eq!(again["reports"][0]["ok"], true, "{again}");
    assert!(!is_in(&follower).await);
    assert_unknown(&follower).await;
    // Without a list DingTalk is asked for both, and with one of each for none.
    let lists = json!({ "auth_info": { "agent": [{ "agentid": MICRO_APP }] }, "channel_auth_info": { "channelAgent": [WINDOW] } });
    for (data, calls) in [(json!({ "auth_info": null }), 1), (json!({ "auth_info": "{" }), 1), (lists, 0)] {
        sim.clear_journal().await;
        sync(
            &sim,
            json!([{ "what": "change", "corpId": CORP, "window": true, "microApp": true, "data": data }]),
        )
        .await;
        assert_eq!(sim.counts().await.get("/service/get_auth_info").copied().unwrap_or(0), calls, "{data}");
        log_in(&sim, &person(&sim, &server, WINDOW)).await;
        log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
        sync(&sim, json!([{ "what": "change", "corpId": CORP, "window": false, "microApp": false }])).await;
    }
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

/// A penetration test's finding 8, by the classic events and by pushes.
#[tokio::test]
async fn p08_an_application_that_is_taken_away_ends_its_sessions() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    log_in(&sim, &employee).await;
    log_in(&sim, &follower).await;
    for (gone, stays, left) in [
        (&follower, &employee, json!({ "corpId": CORP, "window": false, "microApp": true })),
        (&employee, &follower, json!({ "corpId": CORP, "window": true, "microApp": false })),
    ] {
        log_in(&sim, gone).await;
        push(&sim, "change_auth", left).await;
        assert!(!is_in(gone).await && is_in(stays).await, "{}", gone.agent);
        let token = gone.send(gone.request(Method::POST, "/api/token")).await;
        assert_eq!(token.status(), StatusCode::UNAUTHORIZED);
        push(&sim, "change_auth", json!({ "corpId": CORP, "window": true, "microApp": true })).await;
        assert!(!is_in(gone).await, "for good");
        log_in(&sim, gone).await;
    }
}

/// Nor does it take a push: what a visitor's question brings to light counts as well.
#[tokio::test]
async fn p08_an_application_that_is_found_to_be_gone_ends_its_sessions() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    log_in(&sim, &employee).await;
    log_in(&sim, &follower).await;
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": null })).await;
    sim.post("/_sim/suites/suite1/change_auth", json!({ "corpId": CORP, "window": false, "microApp": true }))
        .await;
    assert!(is_in(&follower).await, "nothing has been heard");
    assert_unknown(&person(&sim, &server, "77")).await;
    assert!(!is_in(&follower).await && is_in(&employee).await);
}

#[tokio::test]
async fn p08_an_application_that_leaves_the_configuration_opens_nothing() {
    let sim = Sim::start(2).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    assert!(is_in(&person).await);
    server.kill();
    let config = std::fs::read_to_string(server.config_file()).unwrap();
    std::fs::write(server.config_file(), config.replace("dingcorp1", "dingcorp2")).unwrap();
    server.start_again().await;
    assert!(!is_in(&person).await);
    let token = person.send(person.request(Method::POST, "/api/token")).await;
    assert_eq!(token.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a03_one_deadline_is_for_all_suites() {
    let sim = Sim::start(1).await;
    let suite2 = crate::support::SUITE.replace("main", "other").replace("suitekey1", "suitekey2");
    let suite2 = suite2.replace("of-suite1", "of-suite2").replace("suite1callback", "suite2callback");
    let server = Server::start(&sim, |config| {
        crate::suites::without_apps(config);
        config.push_str(&suite2);
        *config = config.replace("\"2s\"", "\"20s\"");
    })
    .await;
    push_to(&sim, &server).await;
    let callback = format!("{}/dingtalk/suites/other/callback", server.url);
    sim.put("/_sim/suites/suite2", json!({ "callbackUrl": callback })).await;
    for suite in ["suite1", "suite2"] {
        for (what, body) in [("ticket", json!({})), ("authorise", json!({ "corpId": CORP }))] {
            let verdict = sim.post(&format!("/_sim/suites/{suite}/{what}"), body).await;
            assert_eq!(verdict["ok"], true, "{verdict}");
        }
    }
    log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
    sim.fault(json!({ "endpoint": "/service/get_auth_info", "times": 9, "delayMs": 20_000 })).await;
    let started = Instant::now();
    let answer = error_of(person(&sim, &server, "78").config().await).await;
    let took = started.elapsed();
    assert_eq!(answer.0, StatusCode::GATEWAY_TIMEOUT, "{answer:?}");
    assert!(took < Duration::from_secs(8), "a suite after the other: {took:?}");
}
