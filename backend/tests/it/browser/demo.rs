//! With `simulator = true`: any browser is a phone.

use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Kind, Scheme, Server, Sim, Site, json_of};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
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
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (person, who) in [
        ("employee", "userid-employee-dingcorp1"),
        ("partner", "userid-partner-dingcorp1"),
        ("stranger", "关注者"),
    ] {
        open_window(&phone, &sim, &server, person, "android").await;
        assert!(phone.identity().await.contains(who), "{person}");
        assert!(phone.text(".badge").await.contains("演示"), "{person}");
    }
    open_window(&phone, &sim, &server, "unfollowed", "ios").await;
    assert_eq!(phone.failure().await.0, "not_following");
    phone.close().await;
}

#[tokio::test]
async fn the_simulators_other_clients_are_told_what_they_lack() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (client, code) in [("pc", "pc_unsupported"), ("browser", "not_in_dingtalk")] {
        open_window(&phone, &sim, &server, "employee", client).await;
        let (found, _, details) = phone.failure().await;
        assert_eq!(found, code);
        assert!(details.contains("client: simulated"), "{details}");
    }
    assert_eq!(sim.total().await, 0, "nothing was signed");
    phone.close().await;
}

#[tokio::test]
async fn a_returning_visit_says_that_it_is_a_demo() {
    let (_sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for _ in 0..2 {
        phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
        phone.identity().await;
        assert!(phone.text(".badge").await.contains("演示"));
    }
    phone.close().await;
}

/// Opens the service window's page on the simulator's phone, as `person` with `client`.
async fn open_window(phone: &Phone, sim: &Sim, server: &Server, person: &str, client: &str) {
    let query = format!("person={person}&client={client}&pageUrl={}/", server.url);
    phone.goto(&format!("{}/?{query}", sim.url)).await;
    phone.click("[data-menu=member]").await;
    phone.enter_frame("#window").await;
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

/// Applications that set `Cross-Origin-Resource-Policy` everywhere, and our own refusals, are answers.
#[tokio::test]
async fn the_phone_calls_nothing_absent_that_answers() {
    let site = Site::start(Kind::Nginx, Scheme::Http, |config, _| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
    })
    .await;
    let bare = Server::start(&site.sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        *config = format!("base_path = \"/_miandeng\"\n{config}");
    })
    .await;
    let policy = || async { ([("cross-origin-resource-policy", "same-origin")], Html("<p id=strict>")) };
    let strict = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let strict_url = format!("http://{}/", strict.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(strict, Router::new().route("/", get(policy))).await });

    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (page, shown) in [
        (format!("{}/orders/7", site.url), "#user"),
        (format!("{}/_miandeng", bare.url), "#identity"),
        (format!("{}/_miandeng/start", bare.url), "#identity"),
        (strict_url, "#strict"),
    ] {
        let link = percent_encoding::utf8_percent_encode(&page, percent_encoding::NON_ALPHANUMERIC);
        // Remembers every word that the phone has for a page that is not there.
        phone.goto(&format!("{}/?person=employee&client=android&pageUrl={link}", site.sim.url)).await;
        phone.run(WATCH_FETCH).await;
        phone.click("[data-menu=member]").await;
        phone.until("window.looked").await;
        assert_eq!(phone.run("return document.querySelector('#missing').hidden").await, true, "{page}");
        phone.enter_frame("#window").await;
        phone.text(shown).await;
        phone.client.clone().enter_parent_frame().await.unwrap();
    }
    // And what is not there is still called so.
    phone.goto(&format!("{}/?pageUrl=http%3A%2F%2F127.0.0.1%3A9%2F", site.sim.url)).await;
    phone.click("[data-menu=member]").await;
    phone.until("!document.querySelector('#missing').hidden").await;
    phone.client.clone().close().await.unwrap();
}

/// True in `looked` once the phone has looked for its page, in whichever way it finds out.
const WATCH_FETCH: &str = "const ask = window.fetch; window.fetch = (url, options) => { \
    const answer = ask(url, options); \
    const done = () => setTimeout(() => { window.looked = true }, 50); \
    if (options && options.method === 'HEAD') answer.then(done, () => {}); \
    if (String(url).endsWith('/look')) answer.then(done, done); \
    return answer }";

#[tokio::test]
async fn a_simulator_brings_its_own_jsapi() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        let from = config.find("jsapi_url").unwrap();
        config.truncate(from);
        config.push_str(H5);
    })
    .await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for (corp, agent) in [(CORP, AGENT), ("dingvirtual1", "223456")] {
        phone.goto(&format!("{}/?corpid={corp}&agentid={agent}", server.url)).await;
        assert!(phone.identity().await.contains(&format!("userid-employee-{corp}")));
    }
    phone.close().await;

    let check = std::process::Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["check", "--config"])
        .arg(server.config_file())
        .output()
        .unwrap();
    let (said, config) = (String::from_utf8_lossy(&check.stderr), String::from_utf8_lossy(&check.stdout));
    assert!(check.status.success() && said.contains("dingtalk.simulator: is on"), "{said}");
    assert_eq!(
        config.matches(&format!("jsapi_url = \"{}/jsapi/dingtalk.js\"", sim.url)).count(),
        2,
        "{config}"
    );
}

const H5: &str = "[[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n\
    client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n";
