//! Which calls of the journal the panel shows as one login.

use serde_json::{Value, json};

use crate::node;

const SCRIPT: &str = include_str!("../../assets/ui/logins.js");

const HARNESS: &str = r"
import { readFileSync } from 'node:fs';
const { script, calls, openings, now } = JSON.parse(readFileSync(0, 'utf8'));
const { logins, total } = await import('data:text/javascript,' + encodeURIComponent(script));
const groups = logins(calls, openings);
console.log(JSON.stringify(groups.map((group) => ({ seqs: group.calls.map((call) => call.seq), ...total(group, now) }))));
";

const CONFIG: &str = "native/requestJsApis";
const IDENTITY: &str = "/channel/user/get_by_code";

/// A call of 10 ms, answered with this code.
fn call(seq: u64, at: u64, endpoint: &str, errcode: Value) -> Value {
    let kind = match endpoint.split('/').next() {
        Some("native") => "native",
        Some("push") => "push",
        _ => "oapi",
    };
    let params = if kind == "native" { json!({ "person": "partner", "client": "ios" }) } else { json!({}) };
    json!({ "seq": seq, "atMs": at, "tookMs": 10, "kind": kind, "endpoint": endpoint, "status": 200,
        "errcode": errcode, "fault": false, "params": params })
}

fn grouped(calls: &[Value], openings: &[u64], now: u64) -> Vec<Value> {
    let input = json!({ "script": SCRIPT, "calls": calls, "openings": openings, "now": now });
    serde_json::from_value(node::run(HARNESS, &input)).unwrap()
}

fn seqs(groups: &[Value]) -> Value {
    groups.iter().map(|group| group["seqs"].clone()).collect()
}

#[test]
fn a_pause_an_opening_and_a_page_after_the_login_begin_another() {
    let ok = json!(0);
    let calls = [
        call(1, 1000, CONFIG, ok.clone()),
        call(2, 2900, IDENTITY, ok.clone()),
        call(3, 3000, "/gettoken", ok.clone()),
        call(4, 3100, CONFIG, ok.clone()),
        call(5, 3200, IDENTITY, ok.clone()),
        call(6, 5300, "/gettoken", ok.clone()),
        call(7, 5400, CONFIG, ok.clone()),
    ];
    assert_eq!(seqs(&grouped(&calls, &[], 6000)), json!([[1, 2, 3], [4, 5], [6, 7]]));
    assert_eq!(seqs(&grouped(&calls, &[0, 2, 6], 6000)), json!([[1, 2], [3, 4, 5], [6], [7]]));
}

#[test]
fn a_link_opened_after_the_login_begins_another_and_its_repetition_does_not() {
    let link = |seq, at, uin: Option<&str>| {
        let params = uin.map_or(json!({}), |uin| json!({ "uin": uin, "devicetype": "wechat" }));
        json!({ "seq": seq, "atMs": at, "tookMs": 1, "kind": "link", "endpoint": "/connect/oauth2/authorize",
            "status": 302, "errcode": 0, "fault": false, "params": params })
    };
    let server = |seq, at, name: &str| {
        json!({ "seq": seq, "atMs": at, "tookMs": 1, "kind": "qyapi", "endpoint": format!("/cgi-bin/{name}"),
            "status": 200, "errcode": 0, "fault": false, "params": {} })
    };
    let calls = [
        link(1, 0, None),
        link(2, 10, Some("customer")),
        server(3, 20, "gettoken"),
        server(4, 30, "auth/getuserinfo"),
        link(5, 40, Some("customer")),
        link(6, 100, None),
        link(7, 110, Some("customer")),
        server(8, 120, "auth/getuserinfo"),
    ];
    let groups = grouped(&calls, &[], 200);
    assert_eq!(seqs(&groups), json!([[1, 2, 3, 4, 5], [6, 7, 8]]));
    let counted =
        ["calls", "oapi", "native", "wecom", "person", "client"].map(|name| groups[1][name].clone());
    assert_eq!(counted.as_slice(), json!([3, 1, 2, true, "customer", "wechat"]).as_array().unwrap());
    assert_eq!(groups[1]["failed"], false);
}

#[test]
fn a_push_after_a_login_is_none_of_it() {
    let ok = json!(0);
    let calls = [
        call(1, 0, CONFIG, ok.clone()),
        call(2, 100, IDENTITY, ok.clone()),
        call(3, 200, "push/tmp_auth_code", ok.clone()),
        call(4, 210, "/service/get_permanent_code", ok),
    ];
    let groups = grouped(&calls, &[], 300);
    assert_eq!(seqs(&groups), json!([[1, 2], [3, 4]]));
    let counted = ["calls", "oapi", "native", "pushes"].map(|name| groups[1][name].clone());
    assert_eq!(counted, [2, 1, 0, 1]);
}

#[test]
fn a_refused_page_that_comes_back_is_the_same_login() {
    let calls =
        [call(1, 0, CONFIG, json!(52013)), call(2, 100, CONFIG, json!(0)), call(3, 200, IDENTITY, json!(0))];
    let groups = grouped(&calls, &[], 300);
    assert_eq!(seqs(&groups), json!([[1, 2, 3]]));
    assert_eq!(
        (&groups[0]["failed"], &groups[0]["ms"], &groups[0]["native"]),
        (&json!(false), &json!(210), &json!(2))
    );
    assert_eq!((&groups[0]["person"], &groups[0]["client"]), (&json!("partner"), &json!("ios")));
    assert_eq!(groups[0]["bad"][0]["errcode"], 52013);
}

#[test]
fn waiting_silent_and_refused_are_told_apart() {
    let mut open = call(1, 1000, IDENTITY, Value::Null);
    open["status"] = Value::Null;
    open["tookMs"] = Value::Null;
    let mut dropped = open.clone();
    dropped["tookMs"] = json!(5);
    let html = call(1, 1000, IDENTITY, Value::Null);
    let quiet = call(1, 1000, CONFIG, Value::Null);
    let of = |one: &Value, now: u64| {
        let sum = grouped(std::slice::from_ref(one), &[], now).remove(0);
        let bad = sum["bad"].as_array().unwrap().len();
        (sum["waiting"] == true, sum["silent"].as_u64().unwrap(), bad, sum["failed"] == true)
    };
    assert_eq!(of(&open, 1500), (true, 0, 0, false));
    assert_eq!(of(&open, 60_000), (false, 1, 0, true), "nobody waits that long");
    assert_eq!(of(&dropped, 1500), (false, 1, 0, true));
    assert_eq!(
        of(&quiet, 1500),
        (false, 1, 0, true),
        "the native side answers, but says nothing to the page"
    );
    assert_eq!(of(&html, 1500), (false, 0, 1, true));
}
