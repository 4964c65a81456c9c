//! The client's part in opening a link, run by Node with as much of a browser around it as it asks for.

use serde_json::{Value, json};

use crate::node;

const SCRIPT: &str = include_str!("../../../assets/wecom.js");

const HARNESS: &str = r"
import { readFileSync } from 'node:fs';
const { script, hash, name, depth, twice } = JSON.parse(readFileSync(0, 'utf8'));
const went = [];
const dataset = { person: 'customer', client: 'wechat', ...(twice ? { twice: '' } : {}) };
const main = { dataset, appendChild: (child) => child };
const document = { getElementById: () => main, createElement: () => ({}) };
const search = '?appid=ww0123456789abcdef&state=abc';
const location = { hash, search, pathname: '/connect/oauth2/authorize', replace: (to) => went.push(to) };
const window = { name };
const top = depth === 0 ? window : {};
const parent = depth === 0 ? window : depth === 1 ? top : {};
new Function('window', 'document', 'location', 'parent', 'top', script)(window, document, location, parent, top);
setTimeout(() => console.log(JSON.stringify({ went, refused: dataset.refused ?? null })), 60);
";

/// How deep in frames the page lies, and what its frame is called.
fn open(hash: &str, name: &str, depth: u8, twice: bool) -> Value {
    let input = json!({ "script": SCRIPT, "hash": hash, "name": name, "depth": depth, "twice": twice });
    node::run(HARNESS, &input)
}

#[test]
fn a_link_with_the_sign_is_asked_for_once_more_with_an_identity() {
    for (name, depth) in [("", 0), ("anything", 0), ("wecom-sim:customer:wechat", 1)] {
        let told = open("#wechat_redirect", name, depth, false);
        let went = told["went"].as_array().unwrap();
        assert_eq!((went.len(), &told["refused"]), (1, &Value::Null), "{name} {depth}");
        let to = went[0].as_str().unwrap();
        let from = "/connect/oauth2/authorize?appid=ww0123456789abcdef&state=abc&uin=customer&devicetype=wechat&key=";
        assert!(to.starts_with(from) && to.contains("&pass_ticket="), "{to}");
        assert!(to.ends_with("#wechat_redirect"), "what follows inherits it: {to}");
    }
}

#[test]
fn a_link_without_the_sign_or_within_a_page_goes_nowhere() {
    let phone = "wecom-sim:customer:wechat";
    for (hash, name, depth, why) in [
        ("", "", 0, "fragment"),
        ("#", "", 0, "fragment"),
        ("#wechat_redirect=1", "", 0, "fragment"),
        ("#WECHAT_REDIRECT", "", 0, "fragment"),
        ("#next=/a", phone, 1, "fragment"),
        ("#wechat_redirect", "", 1, "frame"),
        ("#wechat_redirect", "dingtalk-sim:employee:ios", 1, "frame"),
        ("#wechat_redirect", phone, 2, "frame"),
    ] {
        let told = open(hash, name, depth, false);
        assert_eq!(told, json!({ "went": [], "refused": why }), "{hash} {name} {depth}");
    }
}

#[test]
fn a_double_request_is_the_same_one_twice() {
    let told = open("#wechat_redirect", "", 0, true);
    let went = told["went"].as_array().unwrap();
    assert_eq!(went.len(), 2);
    assert_eq!(went[0], went[1], "the same key, so the same code");
}
