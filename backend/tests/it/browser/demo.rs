//! With `simulator = true`: any browser is a phone.

use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim, json_of};
use fantoccini::Locator;

async fn demo(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        config.push_str(extra);
    })
    .await;
    (sim, server)
}

#[tokio::test]
async fn one_url_logs_the_default_person_in() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "en").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    assert!(phone.identity().await.contains("userid-employee-dingcorp1"));
    assert!(phone.text("body").await.contains("Demo"), "the page says that it is a demo");
    assert_eq!(sim.total().await, 5);
    phone.close().await;
}

#[tokio::test]
async fn the_simulators_phone_logs_every_follower_in() {
    let (sim, server) = demo("").await;
    for (person, who) in [
        ("employee", "userid-employee-dingcorp1"),
        ("partner", "userid-partner-dingcorp1"),
        ("stranger", "关注者"),
    ] {
        let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
        phone.goto(&format!("{}/?pageUrl={}/", sim.url, server.url)).await;
        open_window(&phone, &server, person).await;
        assert!(phone.identity().await.contains(who), "{person}");
        phone.close().await;
    }
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.goto(&sim.url).await;
    open_window(&phone, &server, "unfollowed").await;
    assert_eq!(phone.failure().await.0, "not_following");
    phone.close().await;
}

/// What the phone does when somebody taps the window's menu: the page in a frame that bears the person's name.
async fn open_window(phone: &Phone, server: &Server, person: &str) {
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    let script = "const f = document.createElement('iframe'); f.id = 'window'; f.name = 'dingtalk-sim:' + arguments[0]; \
                  f.src = arguments[1]; f.style.width = '390px'; f.style.height = '700px'; document.body.append(f);";
    phone.client.execute(script, vec![person.into(), page.into()]).await.unwrap();
    let frame = phone.client.find(Locator::Css("#window")).await.unwrap();
    frame.enter_frame().await.unwrap();
}

#[tokio::test]
async fn after_the_login_people_are_where_they_wanted_to_be() {
    let (_sim, server) = demo("home = \"/api/session\"\n").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    phone.goto(&format!("{page}#next=%2Fapi%2Fsession%3Ftab%3D1")).await;
    phone.arrives_at(&format!("{}/api/session?tab=1", server.url)).await;
    phone.goto(&page).await;
    phone.arrives_at(&format!("{}/api/session", server.url)).await;
    phone.goto(&format!("{page}#next=https://evil.example/")).await;
    phone.arrives_at(&format!("{}/api/session", server.url)).await;
    phone.close().await;
}

#[tokio::test]
async fn a_home_that_is_the_login_page_does_not_go_round_in_circles() {
    let (_sim, server) = demo("home = \"/\"\n").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    phone.identity().await;
    phone.close().await;
}

#[tokio::test]
async fn not_you_logs_out_and_in_again() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
    assert!(phone.identity().await.contains("employee"));
    sim.settings(serde_json::json!({ "person": "partner" })).await;
    phone.click("#app button.quiet").await;
    phone
        .client
        .wait()
        .for_element(Locator::XPath("//*[@id='identity'][contains(., 'partner')]"))
        .await
        .unwrap();
    phone.close().await;
}

#[tokio::test]
async fn the_page_is_whole_under_a_base_path() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        *config = format!("base_path = \"/_miandeng\"\n{config}");
    })
    .await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.goto(&format!("{}/_miandeng?corpid={CORP}&agentid={AGENT}", server.url)).await;
    phone.identity().await;
    phone.close().await;
}

#[tokio::test]
async fn assets_are_compressed_and_kept_the_page_is_not() {
    let (_sim, server) = demo("").await;
    let http = reqwest::Client::new();
    let page = http.get(&server.url).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert_eq!(page.headers()["referrer-policy"], "same-origin");
    let html = page.text().await.unwrap();
    let wasm =
        html.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.ends_with(".wasm"));
    let wasm = format!("{}/{}", server.url, wasm.unwrap().trim_start_matches("./"));
    for encoding in ["br", "gzip"] {
        let asset = http.get(&wasm).header("accept-encoding", encoding).send().await.unwrap();
        assert_eq!(asset.headers()["content-encoding"], encoding);
        assert_eq!(asset.headers()["content-type"], "application/wasm");
        assert!(asset.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    }
    let plain = http.get(&wasm).send().await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    let error = json_of(http.get(format!("{wasm}.br")).send().await.unwrap()).await;
    assert_eq!(error["error"]["code"], "not_found");
}
