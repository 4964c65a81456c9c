//! A place in the document, and a server that is a few lines of JavaScript in place of `fetch`.

// Each test uses a part of it.
#![allow(dead_code)]

use js_sys::{Function, Promise};
use miandeng_shared::{AgentId, CorpId};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

pub fn run(javascript: &str) -> JsValue {
    Function::new_no_args(javascript).call0(&JsValue::NULL).unwrap()
}

/// From now on time flies: what the page waits for takes a hundredth of it.
pub fn hurry() {
    run("if (!window.unhurried) { window.unhurried = window.setTimeout; \
         window.setTimeout = function (then, ms) { return unhurried.call(window, then, ms / 100) } }");
}

/// From now on `fetch` answers with `answer`, the body of a function of `path` (with query) and `method`.
pub fn serve(answer: &str) {
    run(&format!(
        "window.asked = []; \
         window.fetch = function (request) {{ \
             var url = new URL(request.url), path = url.pathname + url.search, method = request.method; \
             asked.push(method + ' ' + path + ' ' + request.credentials); \
             var answer = (function () {{ {answer} }})(); \
             if (!answer) return Promise.reject(new TypeError('Failed to fetch')); \
             return Promise.resolve(new Response(answer[1], {{ status: answer[0], headers: answer[2] || {{}} }})) }}"
    ));
}

pub fn asked() -> Vec<String> {
    run("return asked.join('\\n')").as_string().unwrap().lines().map(str::to_owned).collect()
}

/// Waits for what is no change of the document.
pub async fn until(condition: &str) {
    let promise = run(&format!(
        "return new Promise(function (done) {{ (function look() {{ {condition} ? done() : setTimeout(look, 5) }})() }})"
    ));
    JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap();
}

/// The text of the first element that matches, as soon as there is one.
pub async fn appears(selector: &str) -> String {
    let promise: Promise = run(&format!(
        "return new Promise(function (resolve) {{ \
             var look = function () {{ \
                 var found = document.querySelector('{selector}'); \
                 if (found) {{ observer.disconnect(); resolve(found.textContent) }} }}; \
             var observer = new MutationObserver(look); \
             observer.observe(document.body, {{ childList: true, subtree: true }}); look() }})"
    ))
    .unchecked_into();
    JsFuture::from(promise).await.unwrap().as_string().unwrap()
}

/// A place of its own in the document, gone with the test.
pub fn root() -> HtmlElement {
    run("var old = document.getElementById('root'); if (old) old.remove(); \
         var root = document.createElement('div'); root.id = 'root'; document.body.appendChild(root); return root")
    .unchecked_into()
}

pub fn corp() -> CorpId {
    CorpId::new("dingcorp1").unwrap()
}

pub fn agent() -> AgentId {
    AgentId::new("123456").unwrap()
}

pub const SESSION: &str = r#"{"user":{"corpId":"dingcorp1","agentId":"123456","openId":"o1","unionId":null,"userId":null,
    "contactType":1,"nick":"小明","avatar":null,"newer":[{}]},"expiresAt":"2026-01-01T00:00:00Z","home":"/elsewhere"}"#;
