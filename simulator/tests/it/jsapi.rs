//! The simulator's JSAPI in each client, run by Node with as much of a browser around it as it asks for.

use serde_json::{Value, json};

use crate::node;

const SCRIPT: &str = include_str!("../../assets/dingtalk.js");

/// Runs the script in a window of this name against one answer for every native call, configures, asks for a channel
/// code, and tells all that was sent and said.
fn run(name: &str, answer: &Value) -> Value {
    node::run(HARNESS, &json!({ "script": SCRIPT, "name": name, "answer": answer.to_string() }))
}

const HARNESS: &str = r"
import { readFileSync } from 'node:fs';
const { script, name, answer } = JSON.parse(readFileSync(0, 'utf8'));
const sent = [], said = [];
const show = (value) => (value instanceof Error ? value.message : value);
const note = (what) => (...values) => said.push([what, ...values.map(show)]);
const location = { href: 'http://127.0.0.1/now' };
const window = { name };
class XMLHttpRequest {
  open(method, url) { this.url = url; }
  setRequestHeader() {}
  send(body) {
    sent.push({ url: this.url, body: JSON.parse(body) });
    this.responseText = answer;
    setTimeout(() => this.onload());
  }
}
const document = { currentScript: { src: 'http://127.0.0.1:1/jsapi/dingtalk.js' } };
const performance = { getEntriesByType: () => [{ name: 'http://127.0.0.1/entry' }] };
new Function('window', 'document', 'location', 'performance', 'XMLHttpRequest', script)(window, document, location, performance, XMLHttpRequest);
const { dd } = window;
dd.error(note('error'));
dd.config({ corpId: 'c' });
const asked = { corpId: 'c', onSuccess: note('success'), onFail: note('fail'), onCancel: note('cancel') };
dd.channel.permission.requestAuthCode(asked).then(note('resolved'), note('rejected'));
setTimeout(() => {
  const { ios, android, pc, env } = dd;
  console.log(JSON.stringify({ ios, android, pc, platform: env.platform, sent, said }));
}, 50);
";

fn words(told: &Value, what: &str) -> Vec<Value> {
    let said = told["said"].as_array().unwrap();
    said.iter().filter(|one| one[0] == what).map(|one| one[1].clone()).collect()
}

#[test]
fn the_window_s_name_says_who_holds_which_phone() {
    for (name, person, client, url) in [
        ("dingtalk-sim:partner:ios", json!("partner"), "ios", "now"),
        ("dingtalk-sim:partner:android", json!("partner"), "android", "entry"),
        ("dingtalk-sim:partner:pc", json!("partner"), "pc", "now"),
        ("dingtalk-sim:partner", json!("partner"), "android", "entry"),
        ("dingtalk-sim:partner:symbian", json!("partner"), "android", "entry"),
        ("dingtalk-sim::ios", Value::Null, "ios", "now"),
        ("something else", Value::Null, "android", "entry"),
    ] {
        let told = run(name, &json!({ "ok": true, "code": "c0de" }));
        assert_eq!(told["platform"], client, "{name}");
        for (flag, owner) in [("ios", "ios"), ("android", "android"), ("pc", "pc")] {
            assert_eq!(told[flag], client == owner, "{name}: dd.{flag}");
        }
        let call = &told["sent"][0];
        assert_eq!(call["url"], "http://127.0.0.1:1/_sim/native/requestJsApis");
        assert_eq!((&call["body"]["person"], &call["body"]["client"]), (&person, &json!(client)), "{name}");
        assert_eq!(call["body"]["url"], format!("http://127.0.0.1/{url}"), "{name}");
    }
}

#[test]
fn codes_are_text_on_ios_and_numbers_on_android() {
    let refusal = json!({ "errorCode": 3, "errorMessage": "no" });
    for (client, code) in [("ios", json!("3")), ("android", json!(3))] {
        let told = run(&format!("dingtalk-sim:employee:{client}"), &refusal);
        for channel in ["error", "fail", "rejected"] {
            assert_eq!(
                words(&told, channel),
                [json!({ "errorCode": code, "errorMessage": "no" })],
                "{channel}"
            );
        }
    }
}

#[test]
fn a_cancel_has_a_channel_of_its_own_on_ios() {
    let cancel = json!({ "errorCode": -1, "errorMessage": "cancelled" });
    for (client, channel, other) in [("ios", "cancel", "fail"), ("android", "fail", "cancel")] {
        let told = run(&format!("dingtalk-sim:employee:{client}"), &cancel);
        assert_eq!((words(&told, channel).len(), words(&told, other).len()), (1, 0), "{told}");
        assert_eq!(words(&told, "rejected").len(), 1);
    }
}

#[test]
fn on_a_computer_the_channel_api_does_not_exist() {
    let told = run("dingtalk-sim:employee:pc", &json!({ "ok": true }));
    assert_eq!(words(&told, "rejected")[0]["errorCode"], 4050);
    assert!(words(&told, "fail").is_empty(), "as recorded of 3.2.9");
    assert_eq!(told["sent"].as_array().unwrap().len(), 1, "only dd.config was sent");
}

#[test]
fn outside_dingtalk_nothing_is_sent() {
    let told = run("dingtalk-sim:employee:browser", &json!({ "ok": true }));
    assert_eq!((&told["platform"], &told["sent"]), (&json!("notInDingTalk"), &json!([])));
    for channel in ["error", "rejected"] {
        let said = words(&told, channel)[0].as_str().unwrap().to_owned();
        assert!(said.contains("ERROR 4040") && said.contains("notInDingTalk"), "{said}");
    }
    assert!(words(&told, "fail").is_empty());
}
