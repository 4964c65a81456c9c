//! `<AutoLogin>` as another Leptos application uses it, in a browser, against a server that is a few lines of
//! JavaScript in place of `fetch`.

#![cfg(target_arch = "wasm32")]
// Helpers of tests are tests too, which clippy does not see from their attributes.
#![allow(clippy::unwrap_used)]

mod support;

use leptos::prelude::*;
use miandeng_frontend::{AutoLogin, LoggedIn};
use support::{SESSION, agent, appears, asked, corp, hurry, root, run, serve};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[component]
fn App() -> impl IntoView {
    let logged_in = expect_context::<LoggedIn>();
    view! { <p class="app">{logged_in.user.nick} " until " {logged_in.expires_at}</p> }
}

#[wasm_bindgen_test]
async fn an_application_wraps_itself() {
    serve(&format!("return [200, {SESSION:?}]"));
    let page = mount_to(root(), || {
        view! { <AutoLogin corp_id=corp() agent_id=agent()><App /></AutoLogin> }
    });
    assert_eq!(appears("#root .app").await, "小明 until 2026-01-01T00:00:00Z");
    // `home` is for a page that has nothing to show; this one stays.
    assert_eq!(asked().len(), 1);
    assert!(
        asked()[0].starts_with("GET /")
            && asked()[0].ends_with("api/session?corpid=dingcorp1&agentid=123456 same-origin"),
        "{:?}",
        asked()
    );
    drop(page);
}

#[wasm_bindgen_test]
async fn a_server_elsewhere_gets_its_cookies() {
    serve(&format!("return [200, {SESSION:?}]"));
    let page = mount_to(root(), || {
        view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="https://h5.example.com/_miandeng"><App /></AutoLogin> }
    });
    appears("#root .app").await;
    assert_eq!(asked(), ["GET /_miandeng/api/session?corpid=dingcorp1&agentid=123456 include"]);
    drop(page);
}

#[wasm_bindgen_test]
async fn an_address_without_application() {
    serve("return null");
    let page = mount_to(root(), || view! { <AutoLogin /> });
    appears("#root [role=alert] h1").await;
    assert_eq!(appears("#root #error-code").await, "link_incomplete");
    assert!(asked().is_empty());
    drop(page);
}

#[wasm_bindgen_test]
async fn outside_dingtalk_nothing_is_signed() {
    serve(
        r#"return path.indexOf('session') > 0
            ? [401, '{"error":{"code":"no_session","message":"","hint":"","upstream":null}}']
            : [200, '{"corpId":"dingcorp1","agentId":"123456","kind":"channel","jsapiUrl":"/x.js","clientId":null,"simulator":false,"jsApiList":["a","b"],"type":1,"timeStamp":null,"nonceStr":null,"signature":null,"url":null}']"#,
    );
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    assert_eq!(appears("#root #error-code").await, "not_in_dingtalk");
    assert_eq!(
        asked(),
        [
            "GET /m/api/session?corpid=dingcorp1&agentid=123456 same-origin",
            "GET /m/api/config?corpid=dingcorp1&agentid=123456&sign=0 same-origin"
        ]
    );
    drop(page);
}

#[wasm_bindgen_test]
async fn what_the_server_may_answer_besides() {
    hurry();
    for (answer, code, detail) in [
        ("return null", "network", "Failed to fetch"),
        ("return [200, '<!DOCTYPE html>']", "unexpected", "status: 200"),
        ("return [200, '{}']", "unexpected", "status: 200"),
        ("return [200, '[]']", "unexpected", "status: 200"),
        ("return [200, 'null']", "unexpected", "status: 200"),
        (r#"return [200, '{"user":{"corpId":"a b"},"expiresAt":"x"}']"#, "unexpected", "status: 200"),
        ("return [504, '<html>']", "request_timeout", "status: 504"),
        (
            r#"return [503, '{"error":{"code":"platform_busy","message":"","hint":"","upstream":{"code":"-1","subCode":null,"requestId":"r"}}}', { 'Retry-After': '7' }]"#,
            "platform_busy",
            "request id: r",
        ),
        (
            r#"return [403, '{"error":{"code":"cross_site","message":"这台服务器","hint":"不认识这个 Cookie","upstream":null}}']"#,
            "cross_site",
            "status: 403",
        ),
    ] {
        serve(answer);
        let page =
            mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
        assert_eq!(appears("#root #error-code").await, code, "{answer}");
        let tries = match code {
            "cross_site" => 1,
            "unexpected" => 3,
            _ => 4,
        };
        assert_eq!(asked().len(), tries, "{answer}");
        let details = appears("#root pre").await;
        assert!(details.contains(detail), "{answer}: {details}");
        let alert = appears("#root [role=alert]").await;
        assert_eq!(alert.contains('7'), code == "platform_busy", "Retry-After is told: {alert}");
        let words = alert.contains("这台服务器") && alert.contains("不认识这个 Cookie");
        assert_eq!(words, code == "cross_site", "the server's own words: {alert}");
        drop(page);
    }
}

#[wasm_bindgen_test]
async fn retry_starts_over_in_place() {
    hurry();
    serve("return null");
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    appears("#root [role=alert]").await;
    serve(&format!("return [200, {}]", format!("{SESSION:?}").replace("/elsewhere", "//evil.example")));
    run("document.querySelector('#root button').click()");
    appears("#root #identity").await;
    assert!(appears("#root h1").await.ends_with("小明"));
    drop(page);
}
