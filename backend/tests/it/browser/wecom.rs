//! WeCom's login on the simulator's phone: who arrives where, with which client, and that a failure stays where it is.

use super::{Phone, Ua};
use crate::support::{Server, Sim, until};
use crate::wecom::{AGENT, CODE, CORP, OTHER_AGENT, beside, count, trust};
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
    phone.enter_frame("#window").await;
}

/// How often the phone's browser came to WeCom's link.
async fn links(sim: &Sim) -> u64 {
    let journal = sim.http.get(format!("{}/_sim/journal", sim.url)).send().await.unwrap();
    let journal: Value = journal.json().await.unwrap();
    journal["linkCounts"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

/// Waits for what the page's script shows.
async fn is_there(phone: &Phone) {
    phone.text("#app *").await;
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
    phone.text("[data-menu=member]").await;
    assert_eq!(links(&sim).await, settled, "an address with an error stays");
    phone.close().await;
}

/// The address of an application in the menu that leads to what is known of its session.
fn to_session(server: &Server, agent: &str) -> String {
    let app = format!("corpid={CORP}&agentid={agent}");
    let next = miandeng_shared::encode_next(&format!("/api/session?{app}"));
    format!("{}/?{app}&next={next}", server.url)
}

/// Whose session of which application the open window shows, at the address that it was to lead to.
async fn session(phone: &Phone, server: &Server, agent: &str) -> Value {
    phone.arrives_at(&format!("{}/api/session?corpid={CORP}&agentid={agent}#", server.url)).await;
    let session: Value = serde_json::from_str(&phone.text("pre").await).unwrap();
    assert_eq!(session["user"]["agentId"], agent, "{session}");
    session["user"]["userId"].clone()
}

#[tokio::test]
async fn tabs_of_one_phone_log_in_beside_each_other() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    // All of them are at WeCom before the first comes back.
    sim.fault(json!({ "endpoint": CODE, "delayMs": 700, "times": 100 })).await;
    for agents in [[AGENT, AGENT], [AGENT, OTHER_AGENT]] {
        phone.client.delete_all_cookies().await.unwrap();
        phone.goto(&format!("{}/_sim/wecom", sim.url)).await;
        let before = count(&sim, CODE).await;
        let first = phone.client.window().await.unwrap();
        let addresses = agents.map(|agent| to_session(&server, agent));
        phone.run(&format!("{}.forEach((address) => open(address))", json!(addresses))).await;
        let tabs = phone.client.windows().await.unwrap();
        let mut seen = Vec::new();
        for tab in tabs.into_iter().filter(|tab| *tab != first) {
            phone.client.switch_to_window(tab).await.unwrap();
            phone.text("pre").await;
            let at = phone.client.current_url().await.unwrap();
            let agent = at.query_pairs().find(|(name, _)| name == "agentid").unwrap().1.into_owned();
            assert_eq!(session(&phone, &server, &agent).await, "zhangsan");
            // The session is each tab's, and a reload asks WeCom for nothing.
            phone.client.refresh().await.unwrap();
            assert_eq!(session(&phone, &server, &agent).await, "zhangsan");
            phone.goto(&to_session(&server, &agent)).await;
            assert_eq!(session(&phone, &server, &agent).await, "zhangsan");
            seen.push(agent);
            phone.client.close_window().await.unwrap();
        }
        seen.sort_unstable();
        assert_eq!(seen, agents);
        phone.client.switch_to_window(first).await.unwrap();
        assert_eq!(count(&sim, CODE).await, before + 2, "one redemption for each tab");
    }
    phone.close().await;
}

#[tokio::test]
async fn back_and_reload_do_not_log_in_again() {
    let (sim, server) = demo("web_login = true").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    let elsewhere = format!("{}/_sim/wecom", sim.url);
    phone.goto(&elsewhere).await;
    phone.goto(&to_session(&server, AGENT)).await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    let (calls, came) = (sim.wecom_counts().await, links(&sim).await);
    phone.client.refresh().await.unwrap();
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    // What led here leaves nothing behind to go back to.
    phone.client.back().await.unwrap();
    phone.arrives_at(&elsewhere).await;
    phone.run("history.forward()").await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    // The menu again, and back from there.
    phone.goto(&to_session(&server, AGENT)).await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    phone.client.back().await.unwrap();
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    assert_eq!((sim.wecom_counts().await, links(&sim).await), (calls, came));

    // By the web login there is its page to go back to, with the link that was followed.
    phone.client.delete_all_cookies().await.unwrap();
    phone.goto(&elsewhere).await;
    phone.run("document.cookie = 'wecom-sim=member:browser; Path=/'").await;
    let before = count(&sim, CODE).await;
    phone.goto(&to_session(&server, AGENT).replace("/?", "/wecom/start?")).await;
    phone.click("[data-person=member]").await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    phone.client.back().await.unwrap();
    phone.click("[data-person=member]").await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    assert_eq!(count(&sim, CODE).await, before + 1, "the second time the code is not looked at");
    phone.close().await;
}

#[tokio::test]
async fn a_reload_while_the_code_is_redeemed_ends_logged_in() {
    let (sim, server) = demo("").await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.goto(&format!("{}/_sim/wecom", sim.url)).await;
    sim.fault(json!({ "endpoint": CODE, "delayMs": 1500 })).await;
    let address = to_session(&server, AGENT);
    phone.run(&format!("window.tab = open({})", json!(address))).await;
    until("a code at WeCom", async || count(&sim, CODE).await > 0).await;
    // The person is impatient. What the tab still shows is WeCom's page.
    phone.run("tab.location.reload()").await;
    let first = phone.client.window().await.unwrap();
    let tabs = phone.client.windows().await.unwrap();
    let tab = tabs.into_iter().find(|tab| *tab != first).unwrap();
    phone.client.switch_to_window(tab).await.unwrap();
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    phone.goto(&address).await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    assert!(count(&sim, CODE).await <= 2);
    phone.close().await;
}

/// Too many logins of one address: the person reads so, and the link goes on with the code that is still good.
#[tokio::test]
async fn who_has_to_wait_reads_so_and_goes_on() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config
            .replace("timeout = ", "simulator = true\ntimeout = ")
            .replace("state_dir", "trusted_proxies = [\"127.0.0.0/8\"]\nstate_dir")
            .replace("[store]", "[limits]\nlogins_per_minute = 1\n[store]");
        beside(config, &sim, "");
    })
    .await;
    trust(&sim, &server.url).await;
    let phone = Phone::open(Ua::Ordinary, "en").await;
    phone.cdp("Network.enable", json!({})).await;
    let from = async |address: &str| {
        let headers = json!({ "headers": { "X-Forwarded-For": address } });
        phone.cdp("Network.setExtraHTTPHeaders", headers).await;
    };
    from("198.51.100.7").await;
    let other_visit = sim.http.get(format!("{}/wecom/callback?code=x&state=y", server.url));
    other_visit.header("x-forwarded-for", "198.51.100.7").send().await.unwrap();
    phone.goto(&to_session(&server, AGENT)).await;
    assert_eq!(phone.text("h1").await, "Too many logins come from this address.");
    assert_eq!(count(&sim, CODE).await, 0);
    // On another network.
    from("198.51.100.8").await;
    phone.click("main a").await;
    assert_eq!(session(&phone, &server, AGENT).await, "zhangsan");
    assert_eq!(count(&sim, CODE).await, 1);
    phone.close().await;
}
