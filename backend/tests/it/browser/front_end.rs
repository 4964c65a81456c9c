//! `deploy/front-end.html` where no login is possible, and on today's applications. `proxies` has the login of a service window.

use super::sdk::{Sdk, dingtalk_phone};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Sample, Server, Sim, Trust, shipped};
use serde_json::{Value, json};

const H5: &str = "[[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n\
    client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n";

struct Shop {
    sim: Sim,
    origin: String,
    _held: (Sdk, Server, Sample),
}

/// The front end of the application `corp`/`agent`.
async fn shop(corp: &str, agent: &str) -> Shop {
    let (sim, sdk) = (Sim::start(1).await, Sdk::start().await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::start(&sim, |config| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
        *config =
            format!("allowed_origins = [\"{origin}\"]\n{config}{H5}jsapi_url = \"{}/sdk.js\"\n", sdk.url);
    })
    .await;
    let trust = Trust {
        jwks_url: format!("{}/.well-known/jwks.json", server.url),
        issuer: format!("{}/", server.url),
        audience: format!("{corp}/{agent}"),
    };
    let values = [("https://h5.example.com", server.url.as_str()), ("dingcorp1", corp), ("123456", agent)];
    let page = shipped::fill(&shipped::file("deploy/front-end.html"), &values);
    let sample = Sample::with_front_end(listener, page, trust);
    Shop { sim, origin, _held: (sdk, server, sample) }
}

async fn says(phone: &Phone, shop: &Shop) -> String {
    phone.goto(&format!("{}/", shop.origin)).await;
    phone.until("document.getElementById('who').textContent !== '…'").await;
    phone.text("#who").await
}

#[tokio::test]
async fn it_says_where_no_login_is_possible() {
    let shop = shop(CORP, AGENT).await;
    for (ua, words) in [(Ua::Ordinary, "open this page in DingTalk"), (Ua::Pc, "on a phone only")] {
        let phone = Phone::open(ua, "zh-CN").await;
        let said = says(&phone, &shop).await;
        assert!(said.contains(words), "{said}");
        phone.close().await;
    }
    assert_eq!(shop.sim.native_counts().await, []);
}

#[tokio::test]
async fn it_passes_the_servers_hint_and_dingtalks_words_on() {
    let shop = shop(CORP, AGENT).await;
    let phone = dingtalk_phone(&shop.sim, Ua::Android, "employee").await;
    let refused = json!({ "errorCode": 7, "errorMessage": "no permission" });
    shop.sim.fault(json!({ "endpoint": "native/requestAuthCode", "reply": { "body": refused } })).await;
    let said = says(&phone, &shop).await;
    assert_eq!(said, "requestAuthCode: no permission (7)");
    phone.close().await;

    let phone = dingtalk_phone(&shop.sim, Ua::Android, "unfollowed").await;
    let said = says(&phone, &shop).await;
    assert!(said.contains("请先在钉钉中关注该服务窗") && said.ends_with("(not_following)"), "{said}");
    phone.close().await;
}

#[tokio::test]
async fn it_waits_for_nothing_without_end() {
    let shop = shop(CORP, AGENT).await;
    let phone = dingtalk_phone(&shop.sim, Ua::Ios, "employee").await;
    shop.sim.fault(json!({ "endpoint": "native/requestJsApis", "drop": true })).await;
    let said = says(&phone, &shop).await;
    assert!(said.starts_with("dd.config: ") && said.contains("no answer within 10 s"), "{said}");
    phone.close().await;
}

#[tokio::test]
async fn it_logs_in_to_an_application_of_today() {
    let shop = shop("dingvirtual1", "223456").await;
    for (old, ua) in [(false, Ua::Android), (true, Ua::Ios)] {
        if old {
            let absent = json!({ "errorCode": 1, "errorMessage": "no such API" });
            shop.sim
                .fault(json!({ "endpoint": "native/requestAuthCode", "reply": { "body": absent } }))
                .await;
        }
        let phone = dingtalk_phone(&shop.sim, ua, "stranger").await;
        let said = says(&phone, &shop).await;
        let me: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
        assert_eq!(me["claims"]["userId"], "userid-stranger-dingvirtual1", "{said}");
        phone.close().await;
    }
}
