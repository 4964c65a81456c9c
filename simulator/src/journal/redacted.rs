//! What the journal shows of a call's parameters.

use serde_json::{Map, Value};

use crate::call::{Call, text};

const LONGEST_TEXT: usize = 300;

/// Parameters that are shown as they are. Every other value is cut, and an unforeseen secret with it.
const PLAIN: [&str; 41] = [
    "corpid",
    "corpId",
    "agentid",
    "agentId",
    "appkey",
    "openid",
    "unionid",
    "offset",
    "size",
    "type",
    "lang",
    "person",
    "namespace",
    "url",
    "page",
    "timeStamp",
    "nonceStr",
    "jsApiList",
    "appId",
    "language",
    "client",
    "suite_key",
    "suiteKey",
    "accessKey",
    "auth_corpid",
    "authCorpId",
    // of WeCom's links and calls
    "appid",
    "redirect_uri",
    "response_type",
    "scope",
    "login_type",
    "uin",
    "devicetype",
    "userid",
    "consent",
    "err_type",
    // of pushed events
    "EventType",
    "SuiteKey",
    "TestSuiteKey",
    "AuthCorpId",
    "TimeStamp",
];

pub fn redacted(call: &Call) -> Map<String, Value> {
    let from_query =
        call.query.iter().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())));
    // What `dd.config` was called with lies one level deeper.
    let inner = call.body.get("params").and_then(Value::as_object);
    let outer = call.body.iter().filter(|(name, _)| inner.is_none() || *name != "params");
    let from_body =
        outer.chain(inner.into_iter().flatten()).map(|(name, value)| (name.clone(), value.clone()));
    from_query
        .chain(from_body)
        .take(50)
        .map(|(name, value)| (shortened(&name), shown(&name, value)))
        .collect()
}

fn shown(name: &str, value: Value) -> Value {
    if !PLAIN.contains(&name) {
        let text = text(&value).unwrap_or_default();
        // A value hardly longer than what is shown of it would not be hidden at all.
        let shown = if text.chars().count() > 8 { text.chars().take(4).collect() } else { String::new() };
        return Value::String(format!("{shown}…"));
    }
    match value {
        Value::String(text) => Value::String(shortened(&text)),
        Value::Array(items) => {
            Value::Array(items.into_iter().take(20).map(|item| shown(name, item)).collect())
        }
        Value::Object(_) => Value::String("{…}".to_owned()),
        scalar => scalar,
    }
}

pub fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}
