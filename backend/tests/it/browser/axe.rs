//! What axe-core finds on every screen: nothing that keeps people out.

use super::sdk::{dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::{Value, json};

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

/// Fails on any serious or critical finding, in the light and in the dark.
async fn check(phone: &Phone, screen: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../xtask/node/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(path)
        .unwrap_or_else(|e| panic!("{path}: {e}; `cargo xtask test` installs it"));
    phone.client.execute(&axe, vec![]).await.unwrap();
    for dark in [false, true] {
        phone.dark(dark).await;
        let findings = phone.client.execute_async(FIND, vec![]).await.unwrap();
        let findings = findings.as_array().unwrap();
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        for finding in &told {
            eprintln!("{screen}, dark {dark}: {finding}");
        }
        let bad =
            |finding: &&Value| ["serious", "critical"].iter().any(|impact| finding["impact"] == *impact);
        assert_eq!(findings.iter().filter(bad).count(), 0, "{screen}, dark {dark}:\n{}", told.join("\n"));
    }
    phone.dark(false).await;
}

/// The window in the phone is another page; it is checked by itself.
const FIND: &str = "const done = arguments[0]; \
    axe.run({ iframes: false, resultTypes: ['violations'] }).then(({ violations }) => done(violations.map((v) => ({ \
        id: v.id, impact: v.impact, help: v.help, \
        nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 160) + ' — ' + n.failureSummary) }))), \
        (error) => done([{ impact: 'critical', help: String(error) }]));";

#[tokio::test]
async fn the_page_keeps_nobody_out() {
    let (sim, _sdk, server) = start(|config| {
        config.push_str("name = \"某某商城\"\ncolor = \"#ffc800\"\nlogo = \"/logo.svg\"\n");
    })
    .await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    sim.fault(json!({ "endpoint": "native/requestJsApis", "drop": true })).await;
    phone.goto(&page(&server)).await;
    // The words come after three seconds, the client's silence ends after eight.
    phone.until("getComputedStyle(document.querySelector('#says')).opacity === '1'").await;
    check(&phone, "waiting").await;
    phone.failure().await;
    phone.click("#app summary").await;
    check(&phone, "failure").await;
    phone.click("#app button.primary").await;
    phone.identity().await;
    check(&phone, "greeting").await;
    phone.close().await;

    let phone = Phone::open(Ua::Ordinary, "en").await;
    phone.goto(&page(&server)).await;
    phone.failure().await;
    check(&phone, "failure in English, with nothing to be done here").await;

    phone.cdp("Network.enable", json!({})).await;
    phone.cdp("Network.setBlockedURLs", json!({ "urls": ["*.wasm"] })).await;
    phone.goto(&page(&server)).await;
    phone.text("#upgrade h1").await;
    phone.until("!document.querySelector('#upgrade').hidden").await;
    check(&phone, "a page that could not start").await;
    phone.close().await;
}

#[tokio::test]
async fn the_simulators_phone_keeps_nobody_out() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
    })
    .await;
    for (width, height) in [(1280, 900), (390, 844)] {
        // A browser of its own: the journal sums a login up, and a session would need none.
        let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
        phone.size(width, height, 1.0, width < 600).await;
        phone.goto(&format!("{}/?pageUrl={}/", sim.url, server.url)).await;
        phone.text("#people [data-person=employee]").await;
        check(&phone, &format!("the chat, {width} wide")).await;
        phone.click("[data-menu=member]").await;
        phone.until("/\\d/.test(document.querySelector('#summary').textContent)").await;
        check(&phone, &format!("the open window and the journal, {width} wide")).await;
        if width < 600 {
            phone.click(".views [data-view=panel]").await;
        }
        for tab in ["journal", "faults", "knobs", "suites"] {
            phone.click(&format!("#tab-{tab}")).await;
            check(&phone, &format!("{tab}, {width} wide")).await;
        }
        phone.click("[data-platform=wecom]").await;
        for tab in ["journal", "faults", "knobs"] {
            phone.click(&format!("#tab-{tab}")).await;
            check(&phone, &format!("WeCom's {tab}, {width} wide")).await;
        }
        phone.close().await;
    }
}
