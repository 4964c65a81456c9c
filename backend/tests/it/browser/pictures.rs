//! The pictures of README and documentation, taken anew with every run, so that none of them can be of a page that is no
//! more. `MIANDENG_PICTURES=1` writes them to docs/pictures; otherwise they only have to be there.

use super::sdk::{Sdk, dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use base64::Engine;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A picture costs every reader of the README its size.
const LARGEST: usize = 200_000;

/// What the phone shows right now.
async fn take(phone: &Phone, name: &str) {
    phone.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
    let shot =
        phone.cdp("Page.captureScreenshot", json!({ "format": "png", "optimizeForSpeed": false })).await;
    let png = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
    assert!(png.len() < LARGEST, "{name} has {} bytes", png.len());
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let (taken, kept) = (root.join("target/pictures"), root.join("docs/pictures"));
    std::fs::create_dir_all(&taken).unwrap();
    std::fs::write(taken.join(name), &png).unwrap();
    if std::env::var_os("MIANDENG_PICTURES").is_some_and(|set| set == "1") {
        std::fs::create_dir_all(&kept).unwrap();
        std::fs::write(kept.join(name), &png).unwrap();
    }
    assert!(kept.join(name).is_file(), "docs/pictures/{name} is missing; MIANDENG_PICTURES=1 writes it");
}

/// What differs from run to run, made the same: ports and times.
async fn steady(phone: &Phone) {
    phone
        .run(
            "const pre = document.querySelector('#app pre'); if (pre) pre.textContent = pre.textContent \
                 .replace(/127\\.0\\.0\\.1:\\d+/g, 'h5.example.com').replace(/http:/g, 'https:') \
                 .replace(/time: .*/, 'time: 2026-06-01T01:30:00.000Z, 412 ms after the start')",
        )
        .await;
}

/// Somebody's phone, at the simulator, with the window open and the person logged in.
async fn simulated(lang: &str, width: u32, height: u32) -> (Sim, Server, Phone) {
    let sim = Sim::start(1).await;
    // Slow enough to see who waited for whom.
    sim.settings(json!({ "latencyMs": 120 })).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        config.push_str("name = \"某某企业\"\n");
    })
    .await;
    let phone = Phone::open(Ua::Ordinary, lang).await;
    phone.dark(false).await;
    phone.cdp("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
    phone.size(width, height, 1.0, width < 600).await;
    phone.goto(&format!("{}/?lang={lang}&person=employee&pageUrl={}/", sim.url, server.url)).await;
    phone.click("[data-menu=member]").await;
    logged_in(&phone, 7).await;
    (sim, server, phone)
}

/// Waits for a login of so many calls, on the phone and in the journal.
async fn logged_in(phone: &Phone, calls: usize) {
    phone
        .until(&format!(
            "document.querySelector('#window') && /\\b{calls}\\b/.test(document.querySelector('#summary').textContent)"
        ))
        .await;
    phone.enter_frame("#window").await;
    phone.identity().await;
    phone.client.clone().enter_parent_frame().await.unwrap();
    // The phone has looked for the page long before somebody is logged in, and found it.
    assert_eq!(phone.run("return document.querySelector('#missing').hidden").await, true);
    let steady = "document.querySelector('#window-address').textContent = 'h5.example.com'; \
                  document.querySelector('#phone-time').textContent = '09:41'";
    phone.run(steady).await;
}

struct Scene {
    sim: Sim,
    _sdk: Sdk,
    server: Server,
    phone: Phone,
}

impl Scene {
    /// A follower's phone, and an enterprise with a name of its own.
    async fn of(person: &'static str, looks: &str) -> Self {
        let (sim, _sdk, server) = start(|config| config.push_str(looks)).await;
        let phone = dingtalk_phone(&sim, Ua::Android, person).await;
        phone.dark(false).await;
        Self { sim, _sdk, server, phone }
    }

    async fn open(&self) {
        self.phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", self.server.url)).await;
    }

    /// Opens the page, which has to fail with `code`.
    async fn fail(&self, code: &str) {
        self.open().await;
        assert_eq!(self.phone.failure().await.0, code);
        steady(&self.phone).await;
    }
}

const NAME: &str = "name = \"某某商城\"\nlogo = \"/logo.svg\"\n";

fn errcode(code: i64) -> Value {
    json!({ "errcode": code, "errmsg": "x" })
}

#[tokio::test]
async fn the_page() {
    let scene = Scene::of("employee", NAME).await;
    scene.sim.reply("/channel/user/get_by_code", 2, errcode(40078)).await;
    scene.fail("code_rejected").await;
    take(&scene.phone, "failure-new-code.png").await;

    // More often than the page tries by itself.
    scene.sim.reply("/channel/user/get_by_code", 4, errcode(-1)).await;
    scene.fail("platform_busy").await;
    take(&scene.phone, "failure-back-off.png").await;
    scene.phone.dark(true).await;
    take(&scene.phone, "failure-back-off-dark.png").await;
    scene.phone.dark(false).await;

    let text = "Code:52013 - Message:签名校验失败,nonce:[n0nce],timestamp:[1780277400],\
                url:[https://h5.example.com/],ticketList:[abcd****]";
    let refusal = json!({ "body": { "errorCode": 3, "errorMessage": text } });
    scene.sim.fault(json!({ "endpoint": "native/requestJsApis", "times": 2, "reply": refusal })).await;
    scene.fail("config_refused").await;
    scene.phone.click("#app summary").await;
    scene.phone.size(390, 1120, 1.5, true).await;
    take(&scene.phone, "failure-config-refused.png").await;
    scene.phone.size(390, 844, 2.0, true).await;

    scene.sim.fault(json!({ "endpoint": "native/requestAuthCode", "drop": true })).await;
    scene.open().await;
    scene
        .phone
        .until(
            "getComputedStyle(document.querySelector('#says') || document.body).opacity === '1' && \
                       document.querySelector('#says')",
        )
        .await;
    scene.phone.run("document.getAnimations().forEach((a) => { a.pause(); a.currentTime = 5000 })").await;
    take(&scene.phone, "waiting.png").await;

    scene.open().await;
    scene.phone.identity().await;
    take(&scene.phone, "greeting.png").await;
    scene.phone.dark(true).await;
    take(&scene.phone, "greeting-dark.png").await;
    scene.phone.close().await;
}

#[tokio::test]
async fn the_page_at_a_desk_and_misconfigured() {
    let scene = Scene::of("stranger", NAME).await;
    scene.sim.reply("/channel/get_channel_token", 9, errcode(40089)).await;
    scene.fail("app_misconfigured").await;
    take(&scene.phone, "failure-configuration.png").await;
    scene.phone.close().await;

    let phone = Phone::open(Ua::Ordinary, "en").await;
    phone.dark(false).await;
    phone.size(1280, 800, 1.0, false).await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", scene.server.url)).await;
    assert_eq!(phone.failure().await.0, "not_in_dingtalk");
    steady(&phone).await;
    take(&phone, "failure-not-in-dingtalk.png").await;
    phone.close().await;
}

#[tokio::test]
async fn the_phone() {
    let (_sim, _server, phone) = simulated("zh", 1280, 900).await;
    take(&phone, "phone.png").await;
    phone.dark(true).await;
    take(&phone, "phone-dark.png").await;
    phone.close().await;

    let (_sim, _server, phone) = simulated("zh", 390, 844).await;
    phone.size(390, 844, 2.0, true).await;
    take(&phone, "phone-mobile.png").await;
    phone.close().await;
}

/// DingTalk forgets the tokens that it gave, and the server helps itself: two refusals, and nobody notices.
#[tokio::test]
async fn the_journal() {
    let (sim, _server, phone) = simulated("en", 1280, 900).await;
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    phone.click("#again").await;
    logged_in(&phone, 8).await;
    phone.size(1280, 960, 1.0, false).await;
    take(&phone, "journal.png").await;
    phone.close().await;
}
