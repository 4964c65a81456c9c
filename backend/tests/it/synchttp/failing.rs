//! Pushes that cannot be followed, or not at once: none is lost.

use super::*;
use crate::support::until;

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

/// A change whose list has ids under no known name says nothing of the applications: DingTalk does.
#[tokio::test]
async fn k02_a_list_that_cannot_be_read_locks_nobody_out() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let (follower, employee) = (person(&sim, &server, WINDOW), person(&sim, &server, MICRO_APP));
    log_in(&sim, &follower).await;
    log_in(&sim, &employee).await;
    for (item, calls) in [
        (json!({ "agent_id": MICRO_APP }), 0),
        (json!({ "AgentId": 700001 }), 0),
        (json!({ "appid": 12345 }), 1),
        (json!({ "agentid": { "value": MICRO_APP } }), 1),
        (json!(null), 1),
    ] {
        sim.clear_journal().await;
        let lists =
            json!({ "auth_info": { "agent": [item] }, "channel_auth_info": { "channelAgent": [WINDOW] } });
        sync(&sim, json!([{ "what": "change", "corpId": CORP, "data": lists }])).await;
        assert_eq!(sim.counts().await.get("/service/get_auth_info").copied().unwrap_or(0), calls, "{item}");
        assert!(is_in(&follower).await && is_in(&employee).await, "{item}");
        log_in(&sim, &person(&sim, &server, MICRO_APP)).await;
    }
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
        until(&format!("an acknowledgement of {items}"), async || retry().await == (1, 1)).await;
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
