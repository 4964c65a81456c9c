//! Pushes to a suite's callback, and the verdict on its answers.

use dingtalk_simulator::Envelope;
use serde_json::{Value, json};

use crate::desk::{Desk, text};
use crate::isv::{CUSTOMER, Isv, SUITE_KEY, keys};

const TEST_KEY: &str = "suite4xxxxxxxxxxxxxxx";

#[tokio::test]
async fn each_event_is_as_dingtalk_words_it() {
    let isv = Isv::open().await;
    for check in ["check_create_suite_url", "check_update_suite_url"] {
        let event = isv.push("check", json!({ "event": check })).await;
        assert_eq!(isv.last(), (event.clone(), TEST_KEY.to_owned()));
        assert_eq!((&event["EventType"], &event["TestSuiteKey"]), (&json!(check), &json!(TEST_KEY)));
    }
    let first = isv.push("ticket", json!({})).await;
    let second = isv.push("ticket", json!({})).await;
    assert_ne!(first["SuiteTicket"], second["SuiteTicket"]);
    isv.push("authorise", json!({ "corpId": CUSTOMER })).await;
    let nameless = json!({ "corpId": CUSTOMER, "withoutCorpId": true });
    assert!(isv.push("authorise", nameless).await.get("AuthCorpId").is_none());
    isv.push("change_auth", json!({ "corpId": CUSTOMER })).await;
    isv.push("relieve", json!({ "corpId": CUSTOMER })).await;
    isv.push("event", json!({ "event": { "EventType": "org_micro_app_stop", "CorpId": CUSTOMER } })).await;

    let here = isv.shared.lock().unwrap();
    let kinds: Vec<_> = here.events.iter().map(|event| text(&event["EventType"])).collect();
    assert_eq!(
        kinds[2..],
        [
            "suite_ticket",
            "suite_ticket",
            "tmp_auth_code",
            "tmp_auth_code",
            "change_auth",
            "suite_relieve",
            "org_micro_app_stop"
        ]
    );
    for event in [&here.events[4], &here.events[6], &here.events[7]] {
        assert_eq!((&event["AuthCorpId"], &event["SuiteKey"]), (&json!(CUSTOMER), &json!(SUITE_KEY)));
    }
    assert!(here.receivers[2..].iter().all(|receiver| receiver == SUITE_KEY));
}

#[tokio::test]
async fn a_wrong_answer_is_told_from_a_right_one() {
    let isv = Isv::open().await;
    isv.push("ticket", json!({})).await;
    let spoil = |change: fn(&mut crate::isv::Receiver)| change(&mut isv.shared.lock().unwrap());
    let problem = async || {
        let report = isv.control("ticket", json!({})).await;
        assert_eq!(report["ok"], false, "{report}");
        text(&report["problem"])
    };
    spoil(|here| here.status = Some(500));
    assert!(problem().await.contains("500"));
    spoil(|here| (here.status, here.text) = (None, Some("failure".to_owned())));
    assert!(problem().await.contains("\"failure\" and not \"success\""));
    spoil(|here| (here.text, here.receiver) = (None, Some("suitekey2".to_owned())));
    assert!(problem().await.contains("receiver"));
    spoil(|here| (here.receiver, here.spoilt) = (None, true));
    assert!(problem().await.contains("signature"));
    // Only `success` ends a push, and only `Random` a check.
    spoil(|here| (here.spoilt, here.text) = (false, Some("success".to_owned())));
    isv.push("ticket", json!({})).await;
    let check = isv.control("check", json!({})).await;
    assert!(text(&check["problem"]).contains("\"success\""), "{check}");
}

#[tokio::test]
async fn a_push_is_repeated_to_the_byte() {
    let isv = Isv::open().await;
    isv.push("authorise", json!({ "corpId": CUSTOMER })).await;
    isv.push("ticket", json!({})).await;
    isv.push("repeat", json!({ "event": "tmp_auth_code" })).await;
    isv.push("repeat", json!({})).await;
    let sent = isv.shared.lock().unwrap().encrypted.clone();
    assert_eq!((&sent[2], &sent[3]), (&sent[0], &sent[0]), "the last push was itself the repeated one");
    assert_ne!(sent[0], sent[1]);
    let never = isv.desk.request("/_sim/suites/suite1/repeat", &json!({ "event": "change_auth" }));
    assert_eq!(never.send().await.unwrap().status(), 422);
}

#[tokio::test]
async fn an_envelope_is_for_whoever_wants_to_tamper() {
    let isv = Isv::open().await;
    let body = json!({
        "event": { "EventType": "suite_ticket" }, "receiver": "stranger", "timestamp": "1", "nonce": "n",
        "send": false,
    });
    let report = isv.control("event", body).await;
    assert_eq!((&report["ok"], &report["answer"]), (&json!(true), &Value::Null));
    let sent: Envelope = serde_json::from_value(report["sent"].clone()).unwrap();
    assert_eq!((sent.timestamp.as_str(), sent.nonce.as_str()), ("1", "n"));
    assert_eq!(keys().open(&sent).unwrap().receiver, "stranger");
    assert!(text(&report["sent"]["url"]).contains(&format!("signature={}", sent.signature)));
    assert!(isv.shared.lock().unwrap().events.is_empty());
}

#[tokio::test]
async fn pushes_are_journalled_and_carry_the_simulator_s_time() {
    let isv = Isv::open().await;
    isv.desk.set("clock", json!({ "advanceSeconds": 86_400 })).await;
    let ticket = text(&isv.push("ticket", json!({})).await["SuiteTicket"]);
    let clock = isv.desk.get("/_sim/clock").await["nowMs"].as_u64().unwrap();
    let report = isv.control("ticket", json!({})).await;
    let stamped = text(&report["sent"]["timestamp"]).parse::<u64>().unwrap();
    assert!((clock..clock + 60_000).contains(&stamped), "{stamped} and {clock}");

    let journal = isv.desk.journal().await;
    assert_eq!(journal["pushCounts"], json!({ "push/suite_ticket": 2 }));
    let first = &journal["calls"][0];
    let noted = ["kind", "endpoint", "method", "status", "errcode"].map(|field| first[field].clone());
    assert_eq!(noted, [json!("push"), json!("push/suite_ticket"), json!("POST"), json!(200), json!(0)]);
    assert_eq!(first["params"]["SuiteKey"], SUITE_KEY);
    assert!(!journal.to_string().contains(&ticket), "a ticket is a secret");
}

#[tokio::test]
async fn without_a_callback_nobody_hears_of_it() {
    let desk = Desk::open().await;
    let report = desk.set("suites/suite2/ticket", json!({})).await;
    assert!(text(&report["problem"]).contains("callbackUrl"), "{report}");
    let suite = desk.get("/_sim/suites/suite2").await;
    assert_eq!(suite["suiteTicket"], report["event"]["SuiteTicket"], "it counts all the same");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let put = async |url: &str| {
        let request = desk.http.put(desk.at("/_sim/suites/suite2"));
        request.body(json!({ "callbackUrl": url }).to_string()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(put(&closed).await, 200);
    let report = desk.set("suites/suite2/ticket", json!({})).await;
    assert!(text(&report["problem"]).contains("could not be reached"), "{report}");
    assert_eq!(desk.journal().await["calls"][0]["subCode"], "noAnswer");
    for elsewhere in ["http://example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/", "callback"] {
        assert_eq!(put(elsewhere).await, 422, "{elsewhere}");
    }
}

#[tokio::test]
async fn synchttp_pushes_have_the_form_of_the_published_samples() {
    let isv = Isv::open().await;
    let suite = isv.suite_token().await;
    let items = json!([{ "what": "auth", "corpId": CUSTOMER }, { "what": "ticket", "asObject": true }]);
    let event = isv.push("sync", json!({ "items": items })).await;
    assert_eq!((&event["EventType"], isv.last().1), (&json!("SYNC_HTTP_PUSH_HIGH"), SUITE_KEY.to_owned()));
    let (auth, ticket) = (&event["bizData"][0], &event["bizData"][1]);
    assert_eq!((&auth["biz_type"], &auth["corp_id"]), (&json!(4), &json!(CUSTOMER)), "{auth}");
    assert_eq!(
        (&auth["subscribe_id"], &auth["biz_id"]),
        (&json!("14999001_0"), &json!("14999001")),
        "{auth}"
    );
    let data: Value = serde_json::from_str(&text(&auth["biz_data"])).unwrap();
    assert_eq!(
        (&data["syncAction"], &data["auth_corp_info"]["corpid"]),
        (&json!("org_suite_auth"), &json!(CUSTOMER))
    );
    assert_eq!(data["auth_info"]["agent"][0]["agentid"], 700_001, "{data}");
    assert!(ticket["biz_data"]["suiteTicket"].is_string(), "{ticket}");
    assert!(text(&data["syncSeq"]) < text(&ticket["biz_data"]["syncSeq"]), "they count");
    // The codes are good at once, and nothing is left to activate.
    isv.corp_token(&suite, &text(&data["permanent_code"])).await;
    isv.channel_token(&suite, &text(&data["ch_permanent_code"])).await;
    let changed = json!({ "items": [{
        "what": "stop", "corpId": CUSTOMER, "window": true, "seq": 7, "item": { "biz_type": "7", "id": null },
    }], "priority": "medium" });
    let event = isv.push("sync", changed).await;
    let stop = &event["bizData"][0];
    let data: Value = serde_json::from_str(&text(&stop["biz_data"])).unwrap();
    assert_eq!(event["EventType"], "SYNC_HTTP_PUSH_MEDIUM");
    assert_eq!((&stop["biz_type"], stop.get("id"), &data["syncSeq"]), (&json!("7"), None, &json!(7)));
    assert_eq!(
        (&data["syncAction"], &data["agentId"]),
        (&json!("org_micro_app_stop"), &json!(3_000_000_000_001_u64))
    );
}

#[tokio::test]
async fn a_synchttp_push_that_is_not_acknowledged_comes_again() {
    let isv = Isv::open().await;
    let waiting = async || isv.desk.get("/_sim/suites/suite1").await["unacknowledged"].clone();
    isv.shared.lock().unwrap().status = Some(500);
    let items = json!({ "items": [{ "what": "ticket" }] });
    assert_eq!(isv.control("sync", items.clone()).await["ok"], false);
    isv.control("sync", items).await;
    isv.control("ticket", json!({})).await;
    assert_eq!(waiting().await, 2, "the classic one is not repeated");
    assert_eq!(isv.control("retry", json!({})).await["reports"][1]["ok"], false);
    assert_eq!(waiting().await, 2);
    isv.shared.lock().unwrap().status = None;
    let again = isv.control("retry", json!({})).await["reports"].clone();
    assert_eq!((&again[0]["ok"], &again[1]["ok"], waiting().await), (&json!(true), &json!(true), json!(0)));
    let here = isv.shared.lock().unwrap();
    assert_eq!(here.events[0], here.events[5], "the same event");
    assert_ne!(here.encrypted[0], here.encrypted[5], "sealed anew");
}
