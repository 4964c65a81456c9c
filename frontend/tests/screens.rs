//! What the screens do besides showing words: where the focus goes, what is copied, what stays as it is.

#![cfg(target_arch = "wasm32")]
// Helpers of tests are tests too, which clippy does not see from their attributes.
#![allow(clippy::unwrap_used)]

mod support;

use leptos::prelude::*;
use miandeng_frontend::AutoLogin;
use support::{SESSION, agent, appears, asked, corp, hurry, root, run, serve, until};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A server that has nothing for anybody.
const GONE: &str =
    r#"return [404, '{"error":{"code":"unknown_app","message":"","hint":"","upstream":null}}']"#;

fn text(javascript: &str) -> String {
    run(&format!("return String({javascript})")).as_string().unwrap()
}

/// A page that has failed, in a document that has the focus.
async fn fail() -> impl Drop {
    run("document.hasFocus = function () { return true }");
    serve(GONE);
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    appears("#root [role=alert]").await;
    page
}

#[wasm_bindgen_test]
async fn a_failure_takes_the_focus() {
    let page = fail().await;
    until("document.activeElement === document.querySelector('#root [role=alert]')").await;
    drop(page);
}

#[wasm_bindgen_test]
async fn a_page_around_this_one_keeps_its_focus() {
    run("document.hasFocus = function () { return false }");
    serve(GONE);
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    appears("#root [role=alert]").await;
    run("window.later = false; setTimeout(function () { later = true }, 50)");
    until("later").await;
    assert_eq!(text("document.activeElement === document.body"), "true");
    drop(page);
}

#[wasm_bindgen_test]
async fn details_are_copied() {
    let page = fail().await;
    run("window.copied = []; \
         Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { \
             writeText: function (text) { copied.push(text); return Promise.resolve() } } }); \
         document.querySelector('#root .copy button').click()");
    let said = appears("#root #copied:not(:empty)").await;
    assert!(["已复制", "Copied"].contains(&&*said), "{said}");
    assert_eq!(text("copied[0] === document.querySelector('#root pre').textContent"), "true");
    assert_eq!(text("document.querySelector('#root #copied').getAttribute('role')"), "status");
    drop(page);
}

#[wasm_bindgen_test]
async fn without_a_clipboard_the_details_are_selected() {
    for clipboard in ["undefined", "{ writeText: function () { return Promise.reject() } }"] {
        for (command, words) in
            [("true", ["已复制", "Copied"]), ("false", ["已选中，请长按复制", "Selected; now copy it"])]
        {
            let page = fail().await;
            run(&format!(
                "document.execCommand = function (what) {{ return what === 'copy' && {command} }}; \
                 Object.defineProperty(navigator, 'clipboard', {{ configurable: true, value: {clipboard} }}); \
                 document.querySelector('#root .copy button').click()"
            ));
            let said = appears("#root #copied:not(:empty)").await;
            assert!(words.contains(&&*said), "{said}");
            assert!(text("getSelection()").contains("code: unknown_app"), "{}", text("getSelection()"));
            appears("#root details[open]").await;
            drop(page);
        }
    }
}

#[wasm_bindgen_test]
async fn the_indicator_does_not_start_anew_with_each_step() {
    serve(
        "if (path.indexOf('session') > 0) { \
             window.first = document.querySelector('#root .spinner'); \
             return [401, '{\"error\":{\"code\":\"no_session\",\"message\":\"\",\"hint\":\"\",\"upstream\":null}}'] } \
         window.second = document.querySelector('#root .spinner'); \
         return [404, '{\"error\":{\"code\":\"unknown_app\",\"message\":\"\",\"hint\":\"\",\"upstream\":null}}']",
    );
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    appears("#root [role=alert]").await;
    assert_eq!(asked().len(), 2);
    assert_eq!(text("!!first && first === second"), "true");
    drop(page);
}

#[wasm_bindgen_test]
async fn what_was_seen_before_does_not_vanish() {
    for (visibility, class) in [("visible", "screen waiting now said"), ("hidden", "screen waiting")] {
        let old = root();
        old.set_inner_html(&format!(
            "<main class='waiting' style='visibility:{visibility}'><b class='mark'></b><p><span></span></p></main>"
        ));
        serve(&format!("window.shown = document.querySelector('#root > main:last-child').className; {GONE}"));
        let page = mount_to(old, || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
        appears("#root [role=alert]").await;
        assert_eq!(text("shown"), class);
        drop(page);
    }
}

#[wasm_bindgen_test]
async fn a_returning_session_says_that_it_is_a_demo() {
    let session =
        SESSION.replace("\"home\"", "\"simulator\":true,\"home\"").replace("/elsewhere", "//no.example");
    serve(&format!("return [200, {session:?}]"));
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() /> });
    appears("#root .badge").await;
    appears("#root #identity").await;
    drop(page);
}

#[wasm_bindgen_test]
async fn a_name_that_the_server_gave_stays_the_title() {
    serve(GONE);
    for (name, kept) in [(Some("某某会员"), true), (None, false)] {
        run("document.title = 'before'; document.documentElement.removeAttribute('data-name')");
        if let Some(name) = name {
            run(&format!("document.documentElement.setAttribute('data-name', '{name}')"));
        }
        let page =
            mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
        appears("#root [role=alert]").await;
        assert_eq!(text("document.title") == "before", kept);
        drop(page);
    }
}

#[wasm_bindgen_test]
async fn the_screen_says_at_once_that_it_tries_again() {
    hurry();
    serve(
        "return asked.length < 3 ? null : [404, '{\"error\":{\"code\":\"unknown_app\",\"message\":\"\",\"hint\":\"\",\"upstream\":null}}']",
    );
    run("window.seen = []; window.watching = new MutationObserver(function () { \
         var says = document.querySelector('#root #says.aloud'); if (says) seen.push(says.textContent) }); \
         watching.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true })");
    let page = mount_to(root(), || view! { <AutoLogin corp_id=corp() agent_id=agent() api_base="/m/" /> });
    assert_eq!(appears("#root #error-code").await, "unknown_app");
    run("watching.disconnect()");
    let seen = text("seen.join()");
    assert!(seen.contains("正在自动重试") || seen.contains("Trying again by itself"), "{seen}");
    drop(page);
}
