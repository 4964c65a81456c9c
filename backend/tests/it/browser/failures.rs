//! Each class of failure, as the person reads it.

use super::sdk::{dingtalk_phone, start};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::{Value, json};

const TOKEN: &str = "/channel/get_channel_token";
const BY_CODE: &str = "/channel/user/get_by_code";

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

async fn on_android() -> (Sim, super::sdk::Sdk, Server, Phone) {
    let (sim, sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    (sim, sdk, server, phone)
}

fn errcode(code: i64) -> Value {
    json!({ "errcode": code, "errmsg": "x" })
}

#[tokio::test]
async fn refresh_a_dead_token_is_not_noticed() {
    let (sim, _sdk, server, phone) = on_android().await;
    crate::support::Person::new(&sim, &server).login().await;
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(sim.counts().await[TOKEN], 2);
    phone.close().await;
}

#[tokio::test]
async fn new_code_is_asked_for_once() {
    let (sim, _sdk, server, phone) = on_android().await;
    sim.reply(BY_CODE, 1, errcode(40078)).await;
    phone.goto(&page(&server)).await;
    phone.identity().await;
    assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 2), ("native/requestJsApis", 1)]);
    phone.close().await;

    let (sim, _sdk, server, phone) = on_android().await;
    sim.reply(BY_CODE, 5, errcode(40078)).await;
    phone.goto(&page(&server)).await;
    let (code, alert, details) = phone.failure().await;
    assert_eq!(code, "code_rejected");
    assert!(alert.contains("钉钉不认可这个登录凭证") && details.contains("40078"), "{alert} {details}");
    assert_eq!(sim.native_counts().await[0], ("native/requestAuthCode", 2));
    phone.close().await;
}

#[tokio::test]
async fn back_off_and_then_retry() {
    for (reply, expected, word) in [
        (json!({ "body": errcode(-1) }), "platform_busy", "钉钉系统繁忙"),
        (json!({ "body": errcode(90018) }), "platform_throttled", "限制了调用频率"),
        (json!({ "contentType": "text/html", "body": "<html></html>" }), "platform_bad_answer", "无法识别"),
    ] {
        let (sim, _sdk, server, phone) = on_android().await;
        // More often than the page tries by itself.
        sim.fault(json!({ "endpoint": BY_CODE, "times": 4, "reply": reply })).await;
        phone.goto(&page(&server)).await;
        let (code, alert, _) = phone.failure().await;
        assert_eq!(code, expected);
        assert!(alert.contains(word), "{alert}");
        phone.click("#app button.primary").await;
        phone.identity().await;
        phone.close().await;
    }
}

#[tokio::test]
async fn configuration_names_dingtalks_code() {
    let (sim, _sdk, server, phone) = on_android().await;
    sim.reply(TOKEN, 9, errcode(40089)).await;
    phone.goto(&page(&server)).await;
    let (code, alert, details) = phone.failure().await;
    assert_eq!(code, "app_misconfigured");
    assert!(alert.contains("钉钉拒绝了该应用的配置") && details.contains("40089"), "{alert} {details}");
    phone.close().await;

    let (_sim, _sdk, server, phone) = on_android().await;
    phone.goto(&format!("{}/?corpid=dingother&agentid=1", server.url)).await;
    assert_eq!(phone.failure().await.0, "unknown_app");
    phone.close().await;
}

#[tokio::test]
async fn an_agentid_that_dingtalk_does_not_know() {
    let (sim, _sdk, server) =
        start(|config| *config = config.replace("agent_id = \"123456\"", "agent_id = \"999\"")).await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid=999", server.url)).await;
    let (code, _, details) = phone.failure().await;
    assert_eq!(code, "config_refused");
    assert!(details.contains("52019"), "{details}");
    phone.close().await;
}

#[tokio::test]
async fn the_person_is_told() {
    let (sim, _sdk, server) = start(|_| {}).await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "unfollowed").await;
    phone.goto(&page(&server)).await;
    let (code, alert, _) = phone.failure().await;
    assert_eq!(code, "not_following");
    assert!(alert.contains("关注"), "{alert}");
    phone.close().await;

    for (ua, query, lang, expected, word) in [
        (
            Ua::Ordinary,
            format!("corpid={CORP}&agentid={AGENT}"),
            "en",
            "not_in_dingtalk",
            "Please open this page in DingTalk",
        ),
        (
            Ua::Ordinary,
            format!("corpid={CORP}&agentid={AGENT}"),
            "zh-CN",
            "not_in_dingtalk",
            "请在钉钉中打开",
        ),
        (Ua::Pc, format!("corpid={CORP}&agentid={AGENT}"), "zh-CN", "pc_unsupported", "手机"),
        (Ua::Android, format!("corpid=$CORPID$&agentid={AGENT}"), "zh-CN", "link_placeholder", "没有被替换"),
        (
            Ua::Ordinary,
            format!("corpid={CORP}&agentId=%24APPID%24"),
            "en",
            "link_placeholder",
            "not replaced",
        ),
        (Ua::Ios, format!("corpid={CORP}&corpId=x&agentid={AGENT}"), "zh-CN", "link_invalid", "编号有误"),
        (Ua::Android, format!("corpid={CORP}"), "zh-CN", "link_incomplete", "网址不完整"),
    ] {
        let phone = Phone::open(ua, lang).await;
        phone.goto(&format!("{}/?{query}", server.url)).await;
        let (code, alert, _) = phone.failure().await;
        assert_eq!(code, expected);
        assert!(alert.contains(word), "{alert}");
        phone.close().await;
    }
    assert_eq!(sim.counts().await.get(TOKEN), Some(&1), "none of these asked DingTalk anything");
}

#[tokio::test]
async fn the_client_refuses_the_code() {
    for (reply, expected) in [
        (
            json!({ "errorCode": 3, "errorMessage": "1002,err msg uid is not in employee for orgid" }),
            "wrong_namespace",
        ),
        (json!({ "errorCode": -1, "errorMessage": "cancel" }), "cancelled"),
        (json!({ "errorCode": 7, "errorMessage": "no permission" }), "code_refused"),
        (json!({ "errorCode": 1, "errorMessage": "no such api" }), "client_too_old"),
    ] {
        let (sim, _sdk, server, phone) = on_android().await;
        sim.fault(json!({ "endpoint": "native/requestAuthCode", "times": 3, "reply": { "body": reply } }))
            .await;
        phone.goto(&page(&server)).await;
        assert_eq!(phone.failure().await.0, expected, "{reply}");
        phone.close().await;
    }
}

#[tokio::test]
async fn a_client_that_stays_silent() {
    let (sim, _sdk, server, phone) = on_android().await;
    sim.fault(json!({ "endpoint": "native/requestJsApis", "drop": true })).await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.failure().await.0, "config_timeout");
    phone.click("#app button.primary").await;
    phone.identity().await;
    phone.close().await;
}

#[tokio::test]
async fn a_page_instead_of_the_sdk() {
    let (_sim, _sdk, server) = start(|config| *config = config.replace("/sdk.js", "/html")).await;
    let phone = Phone::open(Ua::Ios, "zh-CN").await;
    phone.goto(&page(&server)).await;
    assert_eq!(phone.failure().await.0, "sdk_unavailable");
    phone.close().await;
}

#[tokio::test]
async fn a_server_that_is_gone() {
    let (_sim, _sdk, server, phone) = on_android().await;
    let (gone, url) = (page(&server), server.url.clone());
    phone.goto(&gone).await;
    phone.identity().await;
    let offline = json!({ "offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
    phone.cdp("Network.enable", json!({})).await;
    phone.cdp("Network.emulateNetworkConditions", offline).await;
    phone.click("#app button.quiet").await;
    assert_eq!(phone.failure().await.0, "network", "{url}");
    phone.close().await;
}
