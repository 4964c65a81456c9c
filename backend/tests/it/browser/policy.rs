//! The page under its own policy. Every other browser test ends by asking for violations too (`Phone::close`).

use super::sdk::{dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::json;

const LOOKS: &str = "name = \"某某会员\"\ncolor = \"#ffc800\"\nlogo = \"/logo.svg\"\n";

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

/// Logo and colour from the configuration, the portrait from DingTalk, the official SDK from another host.
#[tokio::test]
async fn looks_and_portraits_show_under_the_policy() {
    for ua in [Ua::Ios, Ua::Android] {
        let (sim, _sdk, server) = start(|config| config.push_str(LOOKS)).await;
        // The answer that is asked for then brings the portrait along.
        sim.settings(json!({ "unionidInGetByCode": false })).await;
        let phone = dingtalk_phone(&sim, ua, "employee").await;
        phone.goto(&page(&server)).await;
        phone.identity().await;
        phone.until("document.querySelector('img.mark').complete").await;
        let shown = "const shown = [...document.images].map((image) => image.naturalWidth > 0); \
            return [shown.join(), getComputedStyle(document.documentElement).getPropertyValue('--brand')].join(' ')";
        assert_eq!(phone.run(shown).await, "true,true #ffc800");
        phone.close().await;
    }
}

/// An engine as old as DingTalk for PC's is sent the source that it knows; this one knows both.
#[tokio::test]
async fn an_old_engine_starts_the_page() {
    let (_sim, _sdk, server) = start(|_| {}).await;
    let phone = Phone::open(Ua::Pc, "zh-CN").await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.failure().await.0, "pc_unsupported");
    phone.close().await;
}

/// An engine that calls itself newer than it is, played by a `WebAssembly` that refuses as Chromium 69 does.
#[tokio::test]
async fn an_engine_that_may_not_compile_asks_once_for_the_wider_policy() {
    const REFUSES: &str = "localStorage.opened = 1 + Number(localStorage.opened || 0); \
        if (CONDITION) WebAssembly.instantiateStreaming = WebAssembly.instantiate = () => \
            Promise.reject(new WebAssembly.CompileError('Wasm code generation disallowed by embedder'))";
    const OPENED: &str = "return Number(localStorage.opened)";
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.inject(&REFUSES.replace("CONDITION", "!document.cookie.includes('miandeng_eval=1')")).await;
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(phone.run(OPENED).await, 2);
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(phone.run(OPENED).await, 3, "it is remembered");
    phone.close().await;

    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.inject(&REFUSES.replace("CONDITION", "true")).await;
    phone.goto(&page(&server)).await;
    phone.until("!document.querySelector('#upgrade').hidden").await;
    assert!(phone.text("#upgrade-reason").await.contains("disallowed by embedder"));
    assert_eq!(phone.run(OPENED).await, 2, "no circle");
    phone.close().await;
}

/// What the policy is for: scripts of others, code made of text, forms, bases. A bridge's frames pass, whatever their scheme.
#[tokio::test]
async fn injected_code_does_not_run_and_a_bridges_frames_do() {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(phone.violations().await, "");
    for (attack, directive) in [
        ("add('script', { textContent: 'window.run = 1' })", "script-src-elem inline"),
        ("add('script', { src: 'http://127.0.0.1:1/x.js' })", "script-src-elem http://127.0.0.1:1/x.js"),
        ("add('a', {}).setAttribute('onclick', 'window.run = 1')", "script-src-attr inline"),
        ("add('style', { textContent: 'body { display: none }' })", "style-src-elem inline"),
        ("add('base', { href: 'http://127.0.0.1:1/' })", "base-uri http://127.0.0.1:1"),
        ("add('object', { data: '/demo.swf' })", "object-src"),
        ("add('form', { action: '/x', method: 'post' }).submit()", "form-action"),
        ("fetch('http://127.0.0.1:1/').catch(() => {})", "connect-src http://127.0.0.1:1/"),
    ] {
        let add = "const add = (name, with_) => document.body.appendChild(Object.assign(document.createElement(name), with_));";
        phone.run(&format!("{add} {attack}")).await;
        phone.until("sessionStorage.violations").await;
        let found = phone.violations().await;
        assert!(found.starts_with(directive), "{attack}: {found}");
    }
    // `setTimeout` with a text is `eval` by another name; WebDriver's own scripts are beyond the policy.
    phone.run("setTimeout('window.run = 1')").await;
    phone.until("sessionStorage.violations").await;
    assert!(phone.violations().await.starts_with("script-src eval"));
    assert!(phone.run("return window.run === undefined").await.as_bool().unwrap());

    let bridge = "for (const src of ['dingtalk://bridge', 'wvjbscheme://__BRIDGE_LOADED__', 'https://__bridge_loaded__']) \
        { const frame = document.createElement('iframe'); frame.src = src; document.body.append(frame); }";
    phone.run(bridge).await;
    // One more violation, behind whatever the frames might have caused.
    phone.run("fetch('http://127.0.0.1:1/last').catch(() => {})").await;
    phone.until("(sessionStorage.violations || '').includes('last')").await;
    let found = phone.violations().await;
    assert_eq!(found.lines().count(), 1, "{found}");
    phone.close().await;
}

/// Somebody else's page cannot frame ours; `the_simulators_phone_logs_every_follower_in` shows who can.
#[tokio::test]
async fn nobody_else_frames_the_page() {
    let (sim, other) = (Sim::start(1).await, Sim::start(1).await);
    let server =
        Server::start(&sim, |config| *config = config.replace("timeout = ", "simulator = true\ntimeout = "))
            .await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (window, framed) in [(&sim, true), (&other, false)] {
        phone.goto(&window.url).await;
        let frame = format!(
            "const [done] = arguments; const frame = document.createElement('iframe'); frame.id = 'ours'; \
             frame.onload = () => done(); frame.src = '{}'; document.body.append(frame)",
            page(&server)
        );
        phone.client.execute_async(&frame, vec![]).await.unwrap();
        phone.enter_frame("#ours").await;
        // What a refused frame shows instead is the browser's own, and has none of this.
        assert_eq!(phone.run("return !!document.querySelector('#app')").await, framed);
        phone.client.clone().enter_parent_frame().await.unwrap();
    }
    phone.close().await;
}
