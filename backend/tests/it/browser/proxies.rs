//! People on their way to an application that knows nothing of DingTalk, and to a front end apart from its API.

use super::sdk::{Sdk, dingtalk_phone};
use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Kind, Sample, Scheme, Server, Sim, Site, Trust, shipped};
use tokio::net::TcpListener;

/// Over TLS, on DingTalk's official SDK and the emulated client.
async fn a_deep_link_opens_logged_in(kind: Kind) {
    let sdk = Sdk::start().await;
    let site = Site::start(kind, Scheme::Https, |config, sim| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
    })
    .await;
    for (ua, person, deep_link) in
        [(Ua::Android, "employee", "/orders/7?tab=%E5%85%A8%E9%83%A8&x=a+b"), (Ua::Ios, "partner", "/orders")]
    {
        let phone = dingtalk_phone(&site.sim, ua, person).await;
        phone.goto(&format!("{}{deep_link}", site.url)).await;
        assert_eq!(phone.text("#user").await, format!("userid-{person}-{CORP}"), "by the header");
        let sub = phone.text("#sub").await;
        assert!(sub.starts_with(&format!("\"{CORP}:")), "by the verified token: {sub}");
        assert_eq!(phone.text("#uri").await, deep_link);
        assert_eq!(phone.client.current_url().await.unwrap().as_str(), format!("{}{deep_link}", site.url));
        let cookies = phone.client.get_all_cookies().await.unwrap();
        let session = cookies.iter().find(|cookie| cookie.name().starts_with("__Host-miandeng-")).unwrap();
        assert!(session.secure() == Some(true) && session.http_only() == Some(true));

        // The next page of the application asks DingTalk nothing.
        site.sim.clear_journal().await;
        phone.goto(&format!("{}/profile", site.url)).await;
        assert_eq!(phone.text("#user").await, format!("userid-{person}-{CORP}"));
        assert_eq!((site.sim.total().await, site.sim.native_counts().await), (0, vec![]));
        phone.close().await;
    }
}

#[tokio::test]
async fn behind_nginx_a_deep_link_opens_logged_in() {
    a_deep_link_opens_logged_in(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_caddy_a_deep_link_opens_logged_in() {
    a_deep_link_opens_logged_in(Kind::Caddy).await;
}

/// On the simulator's phone, whose window frames the application.
async fn the_simulators_phone_opens_it(kind: Kind) {
    let site = Site::start(kind, Scheme::Http, |config, _| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
    })
    .await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    let link = percent_encoding::utf8_percent_encode("/orders/7?tab=1", percent_encoding::NON_ALPHANUMERIC);
    let query = format!("person=partner&client=android&pageUrl={}{link}", site.url);
    phone.goto(&format!("{}/?{query}", site.sim.url)).await;
    phone.click("[data-menu=member]").await;
    phone.enter_frame("#window").await;
    assert_eq!(phone.text("#user").await, format!("userid-partner-{CORP}"));
    assert_eq!(phone.text("#uri").await, format!("/orders/7?tab=1&corpid={CORP}&agentid={AGENT}"));
    phone.close().await;
}

#[tokio::test]
async fn behind_nginx_the_simulators_phone_opens_it() {
    the_simulators_phone_opens_it(Kind::Nginx).await;
}

#[tokio::test]
async fn behind_caddy_the_simulators_phone_opens_it() {
    the_simulators_phone_opens_it(Kind::Caddy).await;
}

#[tokio::test]
async fn a_front_end_of_another_origin_hands_the_token_to_its_backend() {
    let (sim, sdk) = (Sim::start(1).await, Sdk::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::start(&sim, |config| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
        *config = format!("allowed_origins = [\"{origin}\"]\n{config}");
    })
    .await;
    let trust = Trust {
        jwks_url: format!("{}/.well-known/jwks.json", server.url),
        issuer: format!("{}/", server.url),
        audience: format!("{CORP}/{AGENT}"),
    };
    let values = [("https://h5.example.com", server.url.as_str()), ("dingcorp1", CORP), ("123456", AGENT)];
    let page = shipped::fill(&shipped::file("deploy/front-end.html"), &values);
    let _front_end = Sample::with_front_end(listener, page, trust);

    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    for (visit, codes) in [("first", 1), ("returning", 1)] {
        phone.goto(&format!("{origin}/?tab=1")).await;
        phone.until("document.getElementById('who').textContent !== '…'").await;
        let me = phone.text("#who").await;
        let me: serde_json::Value = serde_json::from_str(&me).unwrap_or_else(|_| panic!("{visit}: {me}"));
        assert_eq!(me["claims"]["userId"], format!("userid-employee-{CORP}"), "{visit}: {me}");
        let asked = sim.native_counts().await.into_iter().find(|(name, _)| *name == "native/requestAuthCode");
        assert_eq!(asked, Some(("native/requestAuthCode", codes)), "{visit}");
    }
    phone.close().await;
}
