//! WeCom's login on the simulator's phone: who arrives where, with which client, and that a failure stays where it is.

use super::{Phone, Ua};
use crate::support::{Server, Sim};
use crate::wecom::{AGENT, CODE, CORP, beside, count, trust};
use fantoccini::Locator;
use serde_json::{Value, json};

async fn demo(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        beside(config, &sim, extra);
    })
    .await;
    trust(&sim, &server.url).await;
    (sim, server)
}

/// Opens the application of the menu on another phone, and looks into its window.
async fn open(phone: &Phone, sim: &Sim, server: &Server, person: &str, client: &str, next: &str) {
    phone.client.delete_all_cookies().await.unwrap();
    phone.goto("about:blank").await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}{next}", server.url);
    let page: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    let query = format!("platform=wecom&person={person}&client={client}&pageUrl={page}");
    phone.goto(&format!("{}/?{query}", sim.url)).await;
    phone.click("[data-menu=member]").await;
    let window = phone.client.wait().for_element(Locator::Css("#window")).await.unwrap();
    window.enter_frame().await.unwrap();
}

/// How often the phone's browser came to WeCom's link.
async fn links(sim: &Sim) -> u64 {
    let journal = sim.http.get(format!("{}/_sim/journal", sim.url)).send().await.unwrap();
    let journal: Value = journal.json().await.unwrap();
    journal["linkCounts"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

/// Waits for what the page's script shows.
async fn is_there(phone: &Phone) {
    phone.client.wait().for_element(Locator::Css("#app *")).await.unwrap();
}

/// The page is there, and its address has this error.
async fn ends_on_the_page(phone: &Phone, error: &str) {
    is_there(phone).await;
    let search = phone.run("return location.search").await;
    let search = search.as_str().unwrap();
    assert!(search.ends_with(&format!("&error={error}")), "{search}");
    assert_eq!(phone.run("return location.pathname + location.hash").await, "/");
}

#[tokio::test]
async fn wecom_and_wechat_lead_to_the_deep_link_and_a_desktop_to_the_page() {
    let (sim, server) = demo("audience = \"customers\"").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    for client in ["wecom", "wecom-pc", "wechat", "browser"] {
        for (person, id) in [("member", "zhangsan"), ("customer", "wm-customer-"), ("stranger", "")] {
            let before = links(&sim).await;
            open(&phone, &sim, &server, person, client, "&next=/api/session").await;
            match (client, id) {
                ("browser", _) => {
                    is_there(&phone).await;
                    assert_eq!(phone.run("return location.pathname").await, "/");
                    assert_eq!(links(&sim).await, before);
                }
                (_, "") => {
                    ends_on_the_page(&phone, "not_permitted").await;
                    assert!(links(&sim).await <= before + 2, "the link and what its client asks for");
                }
                (_, id) => {
                    let session = phone.text("pre").await;
                    assert!(session.contains(id), "{person} in {client}: {session}");
                    let at = phone.run("return location.pathname + location.search + location.hash").await;
                    assert_eq!(at, "/api/session", "{person} in {client}");
                }
            }
        }
    }
    phone.close().await;
}

#[tokio::test]
async fn the_clients_bad_habits_are_not_noticed_and_failures_stay_on_the_page() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "en").await;
    sim.wecom(json!({ "doubleRequest": true })).await;
    open(&phone, &sim, &server, "member", "wecom", "&next=/api/session").await;
    assert!(phone.text("pre").await.contains("zhangsan"));
    assert_eq!(count(&sim, CODE).await, 1, "two requests, one redemption");
    // Once more with the session: no call, and no link.
    let (before, calls) = (links(&sim).await, sim.wecom_counts().await);
    phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}&next=/api/session", server.url)).await;
    assert!(phone.text("pre").await.contains("zhangsan"));
    assert_eq!((links(&sim).await, sim.wecom_counts().await), (before, calls));

    sim.wecom(json!({ "doubleRequest": false, "dropCookies": true })).await;
    open(&phone, &sim, &server, "member", "wecom", "").await;
    ends_on_the_page(&phone, "cookies_refused").await;
    sim.wecom(json!({ "dropCookies": false, "decline": true })).await;
    open(&phone, &sim, &server, "member", "wecom", "").await;
    ends_on_the_page(&phone, "cancelled").await;
    sim.wecom(json!({ "decline": false })).await;
    sim.fault(json!({ "endpoint": CODE, "errcode": 40029, "times": 100 })).await;
    open(&phone, &sim, &server, "member", "wecom", "").await;
    ends_on_the_page(&phone, "code_rejected").await;
    let settled = links(&sim).await;
    phone.client.refresh().await.unwrap();
    let window = phone.client.wait().for_element(Locator::Css("[data-menu=member]")).await;
    assert!(window.is_ok() && links(&sim).await == settled, "an address with an error stays");
    phone.close().await;
}
