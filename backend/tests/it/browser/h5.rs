//! Today's service window on the official SDK: no `dd.config`, a code asked for by client id.

use super::Ua;
use super::sdk::{Sdk, dingtalk_phone};
use crate::support::{Server, Sim};
use fantoccini::Locator;
use serde_json::json;

const APP: &str = "[[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n\
    client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n";

/// A simulator, the official SDK, and a server whose application of today loads it.
async fn start() -> (Sim, Sdk, Server) {
    let (sim, sdk) = (Sim::start(1).await, Sdk::start().await);
    let server =
        Server::start(&sim, |config| config.push_str(&format!("{APP}jsapi_url = \"{}/sdk.js\"\n", sdk.url)))
            .await;
    (sim, sdk, server)
}

#[tokio::test]
async fn todays_window_logs_in_on_the_official_sdk() {
    for ua in [Ua::Ios, Ua::Android] {
        let (sim, _sdk, server) = start().await;
        let phone = dingtalk_phone(&sim, ua, "stranger").await;
        phone.goto(&format!("{}/?corpid=dingvirtual1&agentid=223456", server.url)).await;
        assert!(phone.identity().await.contains("userid-stranger-dingvirtual1"));
        let hello = phone.client.find(Locator::Css("#app h1")).await.unwrap().text().await.unwrap();
        assert!(hello.contains("赵路人"), "{hello}");
        assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 1)], "no dd.config");
        assert_eq!(sim.total().await, 2, "{:?}", sim.counts().await);
        phone.close().await;
    }
}

#[tokio::test]
async fn an_old_client_is_asked_in_the_old_way() {
    let (sim, _sdk, server) = start().await;
    let no_such_api = json!({ "errorCode": 1, "errorMessage": "no such API" });
    sim.fault(json!({ "endpoint": "native/requestAuthCode", "reply": { "body": no_such_api } })).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.goto(&format!("{}/?corpid=dingvirtual1&agentid=223456", server.url)).await;
    phone.identity().await;
    assert_eq!(sim.native_counts().await, [("native/requestAuthCode", 2)]);
    phone.close().await;
}
