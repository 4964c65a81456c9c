//! The login on the official SDK over an emulated client for iOS and for Android, the signature checked for real.

use super::Ua;
use super::sdk::{dingtalk_phone, start};
use crate::support::{AGENT, CORP, Server};
use serde_json::json;

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

async fn logs_in(ua: Ua) {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, ua, "employee").await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.identity().await, "员工编号 userid-employee-dingcorp1");
    assert_eq!(sim.total().await, 5, "{:?}", sim.counts().await);
    assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 1), ("native/requestJsApis", 1)]);

    sim.clear_journal().await;
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(sim.total().await, 0, "a returning session asks DingTalk nothing");
    assert_eq!(sim.native_counts().await, []);
    phone.close().await;
}

#[tokio::test]
async fn ios_logs_in() {
    logs_in(Ua::Ios).await;
}

#[tokio::test]
async fn android_logs_in() {
    logs_in(Ua::Android).await;
}

#[tokio::test]
async fn addresses_that_two_parsers_read_differently_are_signed_as_the_phone_shows_them() {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "partner").await;
    phone.goto(&format!("{}&from=%E8%8F%9C%E5%8D%95%20a%26b&x=a+b#next=/a?b", page(&server))).await;
    phone.arrives_at(&format!("{}/a?b", server.url)).await;
    phone.close().await;
}

#[tokio::test]
async fn an_overwritten_ticket_heals_by_itself() {
    for ua in [Ua::Ios, Ua::Android] {
        let (sim, _sdk, server) = start(|_| {}).await;
        crate::support::Person::new(&sim, &server).config().await;
        sim.post("/_sim/revoke", json!({ "what": "tickets" })).await;
        let phone = dingtalk_phone(&sim, ua, "employee").await;
        phone.goto(&page(&server)).await;
        phone.identity().await;
        assert_eq!(sim.counts().await["/channel/get_channel_jsapi_ticket"], 2);
        assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 1), ("native/requestJsApis", 2)]);
        phone.close().await;
    }
}

#[tokio::test]
async fn a_page_that_dingtalk_refuses_twice_says_why() {
    for ua in [Ua::Ios, Ua::Android] {
        let (sim, _sdk, server) = start(|_| {}).await;
        let text = "Code:52013 - Message:签名校验失败,nonce:[n],timestamp:[1],url:[http://other.example/],ticketList:[abcd****]";
        let refusal = json!({ "body": { "errorCode": 3, "errorMessage": text } });
        sim.fault(json!({ "endpoint": "native/requestJsApis", "times": 10, "reply": refusal })).await;
        let phone = dingtalk_phone(&sim, ua, "employee").await;
        phone.goto(&page(&server)).await;
        let (code, alert, details) = phone.failure().await;
        assert_eq!(code, "config_refused");
        assert!(alert.contains("钉钉没有认可此页面"), "{alert}");
        for part in ["52013", "http://other.example/", &page(&server)] {
            assert!(details.contains(part), "{part}: {details}");
        }
        assert!(!details.contains("abcd"), "{details}");
        assert_eq!(sim.native_counts().await, [("native/requestJsApis", 2)], "reported and tried once more");
        server.log_with("refused a page's dd.config", 1).await;

        sim.clear_faults().await;
        phone.click("#app button.primary").await;
        phone.identity().await;
        phone.close().await;
    }
}
