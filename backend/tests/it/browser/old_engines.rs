//! A whole login in engines as old as those of DingTalk's clients on Android: Chromium 69 for version 6, 103 for 7.5.

use super::Ua;
use super::engine::Engine;
use super::sdk::{native, start};
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::json;

/// The engine, and what the client that has it calls itself.
type Client = (&'static str, &'static str);

const CHROMIUM_69: Client = (
    "chromium-69",
    "Mozilla/5.0 (Linux; U; Android 9; zh-CN; MI 8 Build/PKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
     Chrome/69.0.3497.100 UWS/3.22.2.28 Mobile Safari/537.36 AliApp(DingTalk/6.0.12) \
     com.alibaba.android.rimet/16173200 Channel/227200 language/zh-CN UT4Aplus/0.2.25",
);
const CHROMIUM_103: Client = (
    "chromium-103",
    "Mozilla/5.0 (Linux; U; Android 13; zh-CN; Mi 10 Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
     Chrome/103.0.5060.129 UWS/5.12.4.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.36) \
     com.alibaba.android.rimet/37747409 Channel/700159 language/zh-CN abi/64 UT4Aplus/0.2.25",
);

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

async fn phone(sim: &Sim, (engine, user_agent): Client) -> Engine {
    let mut phone = Engine::open(engine, user_agent).await;
    phone.inject(&native(sim, Ua::Android, "employee").await).await;
    phone
}

/// Logs in, is known when it comes back, and then goes where the menu sends it.
async fn logs_in(engine: Client) {
    let (sim, _sdk, server) = start(|_| {}).await;
    let mut phone = phone(&sim, engine).await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.text("#identity").await, "员工编号 userid-employee-dingcorp1");
    assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 1), ("native/requestJsApis", 1)]);

    sim.clear_journal().await;
    let target = format!("{}/.well-known/jwks.json", server.url);
    phone.goto(&format!("{}&again=1#next=/.well-known/jwks.json", page(&server))).await;
    assert!(phone.text_at(&target, "body").await.contains("keys"));
    assert_eq!(sim.native_counts().await, [], "a returning session asks the phone nothing");
    phone.close().await;
}

/// Shows a failure as a person can read it, and logs in once it is mended.
async fn fails_in_words(engine: Client) {
    let (sim, _sdk, server) = start(|_| {}).await;
    let refusal = json!({ "body": { "errorCode": 3, "errorMessage": "Code:52013 - Message:签名校验失败" } });
    sim.fault(json!({ "endpoint": "native/requestJsApis", "times": 10, "reply": refusal })).await;
    let mut phone = phone(&sim, engine).await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.text("#error-code").await, "config_refused");
    let alert = phone.text("#app [role=alert]").await;
    assert!(alert.contains("钉钉没有认可此页面"), "{alert}");

    sim.clear_faults().await;
    phone.run("document.querySelector('#app button.primary').click()").await;
    phone.text("#identity").await;
    phone.close().await;
}

#[tokio::test]
async fn chromium_69_logs_in() {
    logs_in(CHROMIUM_69).await;
}

#[tokio::test]
async fn chromium_103_logs_in() {
    logs_in(CHROMIUM_103).await;
}

/// It may not compile under the policy that it is sent at first.
#[tokio::test]
async fn chromium_69_that_calls_itself_newer_logs_in() {
    logs_in((CHROMIUM_69.0, CHROMIUM_103.1)).await;
}

#[tokio::test]
async fn chromium_69_fails_in_words() {
    fails_in_words(CHROMIUM_69).await;
}

#[tokio::test]
async fn chromium_103_fails_in_words() {
    fails_in_words(CHROMIUM_103).await;
}
