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
