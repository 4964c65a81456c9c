//! The binding of `window.dd`, in a browser, against fakes that behave as the versions of the real component do.
//! Each fake is a few lines of JavaScript, so that a reader sees at a glance what the client does.

#![cfg(target_arch = "wasm32")]
// Helpers of tests are tests too, which clippy does not see from their attributes.
#![allow(clippy::unwrap_used)]

use futures_channel::oneshot;
use js_sys::Function;
use miandeng_frontend::{
    dd::{self, CodeRequest, Dd, DdError, Limits, Refusal, Source},
    flow::Event,
};
use miandeng_shared::{AgentId, AppKind, ConfigAnswer, CorpId};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Long enough that nothing in these tests runs into it, short enough to see a test that hangs.
const PATIENT: u32 = 5_000;

/// For the tests that are about time running out.
const SHORT: u32 = 30;

fn run(javascript: &str) -> JsValue {
    Function::new_no_args(javascript).call0(&JsValue::NULL).unwrap()
}

/// What `start` says when it is done.
async fn told<T: 'static>(start: impl FnOnce(Box<dyn FnOnce(T)>)) -> T {
    let (sender, receiver) = oneshot::channel();
    start(Box::new(move |outcome| assert!(sender.send(outcome).is_ok())));
    receiver.await.unwrap()
}

async fn verify(dd: &Dd, config: &ConfigAnswer, limit: u32) -> Result<(), DdError> {
    match Event::verified(told(|done| dd::verify(dd, &dd::options(config), limit, done)).await) {
        Event::Verified(result) => result,
        other => unreachable!("{other:?}"),
    }
}

async fn request_code(dd: &Dd, request: &CodeRequest, limit: u32) -> Result<String, DdError> {
    match Event::code(told(|done| dd::request_code(dd, request, limit, done)).await) {
        Event::Code(result) => result.map(String::from),
        other => unreachable!("{other:?}"),
    }
}

async fn load_from(source: &Source, limits: Limits) -> Result<(), DdError> {
    match Event::loaded(told(|done| dd::load(source, limits, done)).await) {
        Event::Loaded(result) => result,
        other => unreachable!("{other:?}"),
    }
}

async fn load(url: &str, limit: u32) -> Result<(), DdError> {
    let source = Source { url: url.to_owned(), fallback: None };
    load_from(&source, Limits { patience: limit, whole: limit }).await
}

/// Makes `javascript`, an expression, the window's only component.
fn install(javascript: &str) -> Dd {
    forget();
    run(&format!("window.log = []; window.dd = {javascript}"));
    dd::find().unwrap()
}

fn forget() {
    run("delete window.dd; delete window.__dd;");
}

/// What the fake wrote down, joined by spaces.
fn log() -> String {
    run("return window.log.join(' ')").as_string().unwrap()
}

/// A component whose `requestAuthCode` has this body; `p` are the parameters.
fn with_auth_code(body: &str) -> Dd {
    install(&format!(
        "{{ config: function () {{}}, channel: {{ permission: {{ requestAuthCode: function (p) {{ {body} }} }} }} }}"
    ))
}

/// A component whose `dd.error`, `dd.config` and `dd.ready` have these bodies; `f` is the argument.
fn with_config(error: &str, config: &str, ready: &str) -> Dd {
    install(&format!(
        "{{ error: function (f) {{ log.push('error'); {error} }}, config: function (f) {{ log.push('config'); {config} }}, \
           ready: function (f) {{ log.push('ready'); {ready} }} }}"
    ))
}

fn corp() -> CorpId {
    CorpId::new("dingcorp1").unwrap()
}

fn config() -> ConfigAnswer {
    ConfigAnswer {
        corp_id: corp(),
        agent_id: AgentId::new("2147483648123").unwrap(),
        kind: AppKind::Channel,
        jsapi_url: String::new(),
        jsapi_fallback_url: None,
        client_id: None,
        login_url: None,
        simulator: false,
        js_api_list: vec!["channel.permission.requestAuthCode".to_owned()],
        config_type: 1,
        time_stamp: Some("1700000000".to_owned()),
        nonce_str: Some("n".to_owned()),
        signature: Some("s".to_owned()),
        url: Some("http://127.0.0.1/".to_owned()),
    }
}

fn refused(code: Option<&str>, message: &str) -> DdError {
    DdError::Refused(Refusal { code: code.map(str::to_owned), message: message.to_owned() })
}

async fn ask(dd: &Dd, limit: u32) -> Result<String, DdError> {
    let request = CodeRequest { corp_id: corp(), client_id: None };
    request_code(dd, &request, limit).await
}

// ---- the login code ----

#[wasm_bindgen_test]
async fn a_code_by_callback() {
    let dd =
        with_auth_code("log.push(p.corpId); setTimeout(function () { p.onSuccess({ code: 'abc' }) }, 0)");
    assert_eq!(ask(&dd, PATIENT).await, Ok("abc".to_owned()));
    assert_eq!(log(), "dingcorp1");
}

#[wasm_bindgen_test]
async fn a_code_within_the_call() {
    let dd = with_auth_code("p.onSuccess({ code: 'abc' })");
    assert_eq!(ask(&dd, PATIENT).await, Ok("abc".to_owned()));
}

#[wasm_bindgen_test]
async fn a_code_by_promise_alone() {
    let dd = with_auth_code("return Promise.resolve({ code: 'abc' })");
    assert_eq!(ask(&dd, PATIENT).await, Ok("abc".to_owned()));
}

#[wasm_bindgen_test]
async fn a_code_by_both() {
    let dd = with_auth_code("p.onSuccess({ code: 'abc' }); return Promise.resolve({ code: 'abc' })");
    assert_eq!(ask(&dd, PATIENT).await, Ok("abc".to_owned()));
}

#[wasm_bindgen_test]
async fn the_first_answer_counts() {
    for (body, expected) in [
        (
            "p.onSuccess({ code: 'a' }); p.onSuccess({ code: 'b' }); p.onFail({ errorCode: 3 })",
            Ok("a".to_owned()),
        ),
        (
            "p.onFail({ errorCode: 7, errorMessage: 'm' }); p.onSuccess({ code: 'b' })",
            Err(refused(Some("7"), "m")),
        ),
        ("p.onCancel(); p.onFail({ errorCode: 3 })", Err(DdError::Cancelled)),
    ] {
        assert_eq!(ask(&with_auth_code(body), PATIENT).await, expected, "{body}");
    }
}

#[wasm_bindgen_test]
async fn every_form_of_failure() {
    for (body, expected) in [
        // Android, and iOS from 2.15 on: the whole answer; codes are numbers or strings.
        ("p.onFail({ errorCode: 3, errorMessage: 'no' })", refused(Some("3"), "no")),
        ("p.onFail({ errorCode: '3', errorMessage: 'no' }, '3')", refused(Some("3"), "no")),
        // iOS up to 2.13: the result, which may be missing, and the code beside it.
        ("p.onFail(undefined, '7')", refused(Some("7"), "")),
        ("p.onFail(undefined, 7)", refused(Some("7"), "")),
        ("p.onFail('no')", refused(None, "no")),
        ("p.onFail()", refused(None, "")),
        ("p.onFail(new Error('broken'))", refused(None, "broken")),
        // Cancelled: by its own callback, or by code where the platform has no such callback.
        ("p.onCancel()", DdError::Cancelled),
        ("p.onFail({ errorCode: -1, errorMessage: 'x' })", DdError::Cancelled),
        ("p.onFail(undefined, '-1')", DdError::Cancelled),
        // On a PC the promise is rejected and no callback is called.
        ("return Promise.reject({ errorCode: 4050, errorMessage: 'pc' })", refused(Some("4050"), "pc")),
        ("throw new Error('dead')", refused(None, "dead")),
        ("throw undefined", refused(None, "")),
        ("p.onSuccess({})", refused(None, "no code in DingTalk's answer")),
        ("p.onSuccess()", refused(None, "no code in DingTalk's answer")),
        ("p.onSuccess({ code: 'a b' })", refused(None, "no code in DingTalk's answer")),
    ] {
        assert_eq!(ask(&with_auth_code(body), PATIENT).await, Err(expected), "{body}");
    }
}

#[wasm_bindgen_test]
async fn silence_ends_in_time_and_a_late_answer_is_harmless() {
    let dd = with_auth_code("window.late = p");
    assert_eq!(ask(&dd, SHORT).await, Err(DdError::Timeout));
    run("late.onSuccess({ code: 'abc' }); late.onFail({}); late.onCancel(); late.onSuccess({ code: 'abc' })");
}

#[wasm_bindgen_test]
async fn missing_parts_are_named() {
    for (component, missing) in [
        ("{ config: function () {} }", "dd.channel"),
        ("{ config: function () {}, channel: null }", "dd.channel"),
        ("{ config: function () {}, channel: {} }", "dd.channel.permission"),
        ("{ config: function () {}, channel: { permission: {} } }", "dd.channel.permission.requestAuthCode"),
        (
            "{ config: function () {}, channel: { permission: { requestAuthCode: 1 } } }",
            "dd.channel.permission.requestAuthCode",
        ),
        ("{ config: function () {}, get channel() { throw 1 } }", "dd.channel"),
    ] {
        assert_eq!(ask(&install(component), PATIENT).await, Err(DdError::Missing(missing)), "{component}");
    }
}

#[wasm_bindgen_test]
async fn the_call_belongs_to_its_object() {
    let dd = install(
        "{ config: function () {}, channel: { permission: { code: 'mine', \
           requestAuthCode: function (p) { p.onSuccess({ code: this.code }) } } } }",
    );
    assert_eq!(ask(&dd, PATIENT).await, Ok("mine".to_owned()));
}

#[wasm_bindgen_test]
async fn todays_applications_ask_by_client_id_or_as_the_client_can() {
    const NEW: &str = "requestAuthCode: function (p) { log.push('new ' + p.corpId + ' ' + p.clientId); NEW }";
    const OLD: &str = "runtime: { permission: { requestAuthCode: function (p) { log.push('old ' + p.corpId); p.onSuccess({ code: 'old' }) } } }";
    let request = CodeRequest { corp_id: corp(), client_id: Some("dingkey".to_owned()) };
    let absent = "return Promise.reject({ errorCode: '1', errorMessage: 'no such API' })";
    for (new, expected, calls) in [
        ("p.success({ code: 'new' })", Ok("new".to_owned()), "new dingcorp1 dingkey"),
        (absent, Ok("old".to_owned()), "new dingcorp1 dingkey old dingcorp1"),
        (
            "p.fail({ errorCode: 3, errorMessage: 'no' })",
            Err(refused(Some("3"), "no")),
            "new dingcorp1 dingkey",
        ),
    ] {
        let dd = install(&format!("{{ config: function () {{}}, {}, {OLD} }}", NEW.replace("NEW", new)));
        assert_eq!(request_code(&dd, &request, PATIENT).await, expected);
        assert_eq!(log(), calls);
    }
    let dd = install(&format!("{{ config: function () {{}}, {OLD} }}"));
    assert_eq!(request_code(&dd, &request, PATIENT).await, Ok("old".to_owned()));
}

// ---- dd.config ----

#[wasm_bindgen_test]
async fn error_then_config_then_ready_each_once() {
    let dd = with_config("", "window.given = JSON.stringify(f)", "setTimeout(f, 0)");
    assert_eq!(verify(&dd, &config(), PATIENT).await, Ok(()));
    assert_eq!(log(), "error config ready");
    assert_eq!(
        run("return given").as_string().unwrap(),
        r#"{"agentId":"2147483648123","corpId":"dingcorp1","timeStamp":"1700000000","nonceStr":"n","signature":"s","type":1,"jsApiList":["channel.permission.requestAuthCode"]}"#
    );
}

#[wasm_bindgen_test]
async fn a_refused_config_in_every_form() {
    const MESSAGE: &str = "Code:52013 - Message:签名校验失败,url:[http://h/a],ticketList:[t]";
    for (argument, code) in [
        // Version 1, then 2 and 3 on iOS and on Android.
        ("{ message: '权限校验失败 MSG', errorCode: 3 }", Some("3")),
        ("{ errorMessage: 'MSG', errorCode: '3' }", Some("3")),
        ("{ errorMessage: 'MSG', errorCode: 3 }", Some("3")),
        ("new Error('MSG')", None),
    ] {
        let fail = format!("setTimeout(function () {{ f({}) }}, 0)", argument.replace("MSG", MESSAGE));
        let error = verify(&with_config(&fail, "", ""), &config(), PATIENT).await.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.code.as_deref(), code, "{argument}");
        assert_eq!(refusal.platform_code(), Some("52013"), "{argument}");
        assert_eq!(refusal.quoted_url(), Some("http://h/a"), "{argument}");
    }
    // What no version is known to say: the number is found wherever it stands.
    for argument in [
        "'MSG'",
        "{ error: { errorCode: 3, errorMessage: 'MSG' } }",
        "{ errMsg: 'MSG', code: 3 }",
        "{ errorCode: 52013, errorMessage: '权限校验失败' }",
        "{ errorCode: '52013' }",
        "JSON.stringify({ errorCode: 3, errorMessage: 'MSG' })",
    ] {
        let fail = format!("setTimeout(function () {{ f({}) }}, 0)", argument.replace("MSG", MESSAGE));
        let error = verify(&with_config(&fail, "", ""), &config(), PATIENT).await.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.platform_code(), Some("52013"), "{argument}");
        assert_eq!(refusal.in_short(), "52013", "{argument}");
        assert!(!refusal.without_tickets().contains("[t]"), "{argument}");
    }
    // A bridge that does not come up.
    let dd = with_config("setTimeout(function () { f(undefined) }, 0)", "", "");
    assert_eq!(verify(&dd, &config(), PATIENT).await, Err(refused(None, "")));
}

#[wasm_bindgen_test]
async fn a_config_that_throws_or_says_nothing() {
    let dd = with_config("", "throw new Error('init called twice')", "f()");
    assert_eq!(verify(&dd, &config(), PATIENT).await, Err(refused(None, "init called twice")));
    assert_eq!(log(), "error config", "a config that threw is not waited for");
    let dd = with_config("", "", "");
    assert_eq!(verify(&dd, &config(), SHORT).await, Err(DdError::Timeout));
    let incomplete = install("{ config: function () {} }");
    assert!(matches!(verify(&incomplete, &config(), PATIENT).await, Err(DdError::Refused(_))));
}

// ---- loading ----

fn data_url(mime: &str, content: &str) -> String {
    format!("data:{mime},{}", js_sys::encode_uri_component(content))
}

#[wasm_bindgen_test]
async fn the_script_is_loaded() {
    forget();
    let url = data_url("text/javascript", "window.dd = { config: function () {} }");
    assert!(load(&url, PATIENT).await.is_ok());
}

#[wasm_bindgen_test]
async fn the_spare_name_serves_where_an_element_has_taken_the_first() {
    forget();
    run("var e = document.createElement('p'); e.id = 'dd'; document.body.appendChild(e)");
    assert!(dd::find().is_none(), "an element is not the component");
    let url = data_url("text/javascript", "window.__dd = { config: function () {} }");
    assert!(load(&url, PATIENT).await.is_ok());
    run("document.getElementById('dd').remove()");
}

#[wasm_bindgen_test]
async fn a_component_that_is_there_is_not_loaded_again() {
    install("{ config: function () {} }");
    assert!(load("http://127.0.0.1:1/none.js", PATIENT).await.is_ok());
}

#[wasm_bindgen_test]
async fn html_in_place_of_the_script() {
    forget();
    // The syntax error reaches window.onerror, and onload fires all the same.
    run("window.hush = function (e) { e.preventDefault() }; window.addEventListener('error', window.hush)");
    let url = data_url("text/javascript", "<!DOCTYPE html><title>404</title>");
    let loaded = load(&url, PATIENT).await;
    run("window.removeEventListener('error', window.hush)");
    assert_eq!(loaded, Err(DdError::Missing("dd.config")));
}

#[wasm_bindgen_test]
async fn a_script_without_the_function() {
    forget();
    let url = data_url("text/javascript", "window.dd = { config: 'no function' }");
    assert_eq!(load(&url, PATIENT).await, Err(DdError::Missing("dd.config")));
}

#[wasm_bindgen_test]
async fn a_script_that_does_not_load() {
    forget();
    let loaded = load("http://127.0.0.1:1/none.js", PATIENT).await;
    assert!(matches!(loaded, Err(DdError::Refused(_))), "{loaded:?}");
    let left = run("return document.querySelectorAll('script[src$=\"none.js\"]').length");
    assert_eq!(left, 0, "a script that failed is taken away");
}

#[wasm_bindgen_test]
async fn a_script_that_never_answers() {
    forget();
    // Nothing is so slow as an address that does not exist; 192.0.2.0/24 is reserved for documentation.
    let loaded = load("http://192.0.2.1/slow.js", SHORT).await;
    assert!(loaded.is_err(), "{loaded:?}");
}

// ---- a copy elsewhere ----

/// An address that never answers, and what stands at the copy.
fn with_copy(url: &str, copy: &str) -> Source {
    Source { url: url.to_owned(), fallback: Some(copy.to_owned()) }
}

const COMPONENT: &str = "window.dd = { config: function () {} }";

#[wasm_bindgen_test]
async fn a_copy_serves_where_the_first_does_not_come() {
    let limits = Limits { patience: SHORT, whole: PATIENT };
    let copy = data_url("text/javascript", COMPONENT);
    let html = data_url("text/javascript", "<!DOCTYPE html><title>404</title>");
    run("window.hush = function (e) { e.preventDefault() }; window.addEventListener('error', window.hush)");
    for first in ["http://192.0.2.1/slow.js", "http://127.0.0.1:1/none.js", &html] {
        forget();
        let loaded = load_from(&with_copy(first, &copy), limits).await;
        assert!(loaded.is_ok(), "{first}: {loaded:?}");
    }
    run("window.removeEventListener('error', window.hush)");
}

#[wasm_bindgen_test]
async fn a_first_that_comes_late_counts_all_the_same() {
    forget();
    // The copy does not come either; meanwhile the first does, as a script of the network would.
    let source = with_copy("http://192.0.2.1/slow.js", "http://192.0.2.1/copy.js");
    let limits = Limits { patience: SHORT, whole: PATIENT };
    run("window.appended = []; window.append = document.head.appendChild; \
         document.head.appendChild = function (script) { appended.push(script); \
             if (appended.length === 2) setTimeout(function () { window.dd = { config: function () {} }; appended[0].onload() }, 0); \
             return append.call(document.head, script) }");
    let loaded = load_from(&source, limits).await;
    run("document.head.appendChild = append");
    assert!(loaded.is_ok(), "{loaded:?}");
}

#[wasm_bindgen_test]
async fn where_neither_comes_the_wait_ends() {
    forget();
    let source = with_copy("http://192.0.2.1/slow.js", "http://192.0.2.1/copy.js");
    let loaded = load_from(&source, Limits { patience: SHORT, whole: SHORT }).await;
    assert!(loaded.is_err(), "{loaded:?}");
}

// ---- the document's own script ----

/// Writes a script element as the server does, and keeps it from loading.
fn document_asks_for(url: &str) {
    forget();
    run(&format!(
        "var old = document.getElementById('jsapi'); if (old) old.remove(); \
         var script = document.createElement('script'); script.id = 'jsapi'; script.type = 'text/plain'; \
         script.setAttribute('src', '{url}'); document.head.appendChild(script)"
    ));
}

#[wasm_bindgen_test]
async fn the_documents_own_script_is_waited_for_and_not_asked_for_twice() {
    let url = data_url("text/javascript", COMPONENT);
    document_asks_for(&url);
    // The document is still loading, as far as the page can tell.
    run("Object.defineProperty(document, 'readyState', { configurable: true, value: 'interactive' }); \
         setTimeout(function () { window.dd = { config: function () {} }; \
             document.getElementById('jsapi').onload() }, 10)");
    let before = run("return document.scripts.length").as_f64();
    assert!(load(&url, PATIENT).await.is_ok());
    assert_eq!(run("return document.scripts.length").as_f64(), before);
    run("delete document.readyState; document.getElementById('jsapi').remove()");
}

#[wasm_bindgen_test]
async fn the_documents_own_script_that_has_failed_before_is_not_waited_for() {
    let url = "http://127.0.0.1:1/none.js";
    document_asks_for(url);
    assert!(load(url, PATIENT).await.is_err(), "the document is complete, and the component is not there");
    // One of another address is not what is meant.
    document_asks_for("/other.js");
    assert!(load(&data_url("text/javascript", COMPONENT), PATIENT).await.is_ok());
    run("document.getElementById('jsapi').remove()");
}
