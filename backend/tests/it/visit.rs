//! The block of data in the HTML: what the server knows of a visit, so that the page asks for nothing of it.

use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const BLOCK: &str = "<script id=\"visit\" type=\"application/json\">";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";

async fn open(person: &Person<'_>, address: &str) -> Response {
    let answer = person.send(person.request(Method::GET, address)).await;
    assert_eq!(answer.status(), StatusCode::OK, "{address}");
    answer
}

/// The block as it stands in the HTML.
fn written(html: &str) -> &str {
    let (_, after) = html.split_once(BLOCK).unwrap_or_else(|| panic!("no block in {html}"));
    assert!(!after.contains(BLOCK));
    after.split_once("</script>").unwrap().0
}

async fn visit(person: &Person<'_>, address: &str) -> Value {
    serde_json::from_str(written(&open(person, address).await.text().await.unwrap())).unwrap()
}

fn menu() -> String {
    format!("/?corpid={CORP}&agentid={AGENT}")
}

/// The signed configuration, as soon as the ticket that DingTalk was asked for has arrived.
async fn signed(person: &Person<'_>, address: &str) -> Value {
    loop {
        let config = visit(person, address).await["config"].take();
        if config["signature"].is_string() {
            return config;
        }
    }
}

/// Waits until DingTalk has been asked for the ticket.
async fn fetched(sim: &Sim) {
    until("a call for the ticket", async || sim.counts().await.contains_key(TICKET)).await;
}

#[tokio::test]
async fn a_cold_ticket_is_fetched_and_not_waited_for() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    sim.fault(json!({ "endpoint": TICKET, "delayMs": 1500 })).await;
    let cold = visit(&person, &menu()).await;
    assert_eq!(cold["session"], Value::Null);
    let config = &cold["config"];
    assert_eq!((&config["kind"], &config["clientId"]), (&json!("channel"), &Value::Null));
    assert_eq!(config["jsapiUrl"], format!("{}/jsapi/dingtalk.js", sim.url));
    for field in ["url", "signature", "nonceStr", "timeStamp", "jsapiFallbackUrl"] {
        assert_eq!(config[field], Value::Null, "{field}: the HTML does not wait");
    }
    // The page's own question joins the fetch that has begun.
    let asked = json_of(person.config().await).await;
    assert_eq!(asked["url"], person.page());
    assert_eq!(sim.counts().await[TICKET], 1, "one fetch for both");
}

#[tokio::test]
async fn a_warm_ticket_signs_the_address_of_the_page() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    visit(&person, &menu()).await;
    fetched(&sim).await;
    for query in [
        format!("corpid={CORP}&agentid={AGENT}"),
        format!("AGENTID={AGENT}&x=1&CorpID={CORP}"),
        format!("corpid={CORP}&agentid={AGENT}&next=L29yZGVycw"),
    ] {
        let page = format!("{}/?{query}", server.url);
        let config = signed(&person, &format!("/?{query}")).await;
        assert_eq!(config["url"], page, "as the browser shows it");
        let body = json!({ "person": "employee", "url": page, "params": config });
        let accepted = sim.post("/_sim/native/requestJsApis", body).await;
        assert_eq!(accepted["ok"], true, "{accepted} for {config}");
    }
    assert_eq!(sim.counts().await[TICKET], 1);
}

#[tokio::test]
async fn a_login_needs_no_further_question() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    visit(&person, &menu()).await;
    fetched(&sim).await;
    let config = signed(&person, &menu()).await;
    assert_eq!(person.dd_config(&config).await["ok"], true);
    let login = person.post_code(&person.code_again().await).await;
    assert_eq!(login.status(), StatusCode::OK, "the cookie of the login came with the HTML");
    let visit = visit(&person, &menu()).await;
    let session = json_of(person.send(person.request(Method::GET, "/api/session")).await).await;
    assert_eq!(visit["session"], session, "what GET /api/session answers");
    assert_eq!(visit["config"]["signature"], Value::Null, "nothing is signed for a page that only goes on");
}

#[tokio::test]
async fn todays_applications_and_unknown_ones() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        config.push_str(
            "jsapi_fallback_url = \"/dingtalk.js\"\n[[apps]]\ncorp_id = \"dingcorp1\"\nagent_id = \"7\"\nkind = \"h5\"\n\
             client_id = \"dingkey\"\nclient_secret = \"s\"\njsapi_fallback_url = \"https://cdn.example.com/d.js\"\n",
        );
    })
    .await;
    let person = Person::new(&sim, &server);
    let answer = open(&person, "/?corpid=dingcorp1&agentid=7").await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains(" https://cdn.example.com "), "the copy may be loaded: {policy}");
    let h5: Value = serde_json::from_str(written(&answer.text().await.unwrap())).unwrap();
    assert_eq!((&h5["config"]["kind"], &h5["config"]["clientId"]), (&json!("h5"), &json!("dingkey")));
    assert_eq!(h5["config"]["jsapiFallbackUrl"], "https://cdn.example.com/d.js");
    assert_eq!(h5["config"]["signature"], Value::Null, "it logs in without dd.config");
    assert_eq!(visit(&person, &menu()).await["config"]["jsapiFallbackUrl"], "/dingtalk.js");
    for unknown in ["/", "/?corpid=dingcorp1&agentid=9", "/?corpid=$CORPID$&agentid=123456"] {
        assert_eq!(visit(&person, unknown).await, Value::Null, "{unknown}");
    }
}

#[tokio::test]
async fn whatever_an_address_says_stays_data() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    visit(&person, &menu()).await;
    fetched(&sim).await;
    for hostile in [
        "</script><script>alert(1)</script>",
        "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "<!--",
        "%3C!--%3Cscript%3E",
        "%E2%80%A8%E2%80%A9",
        "\"}&amp;'",
        "\\u003c/script\\u003e",
    ] {
        let answer = open(&person, &format!("{}&x={hostile}", menu())).await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        let html = answer.text().await.unwrap();
        let block = written(&html);
        assert!(!block.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{block}");
        let visit: Value = serde_json::from_str(block).unwrap();
        assert_eq!(visit["config"]["kind"], "channel", "{hostile}");
        assert!(!html.contains("alert(1)</script>"), "{html}");
    }
}

/// The component is asked for by the document where a login is about to start, and only in DingTalk.
#[tokio::test]
async fn the_component_comes_with_the_document() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let script = format!("<script id=\"jsapi\" src=\"{}/jsapi/dingtalk.js\" async></script>", sim.url);
    for (agent, expected) in [
        ("Mozilla/5.0 (Linux; Android 12) AliApp(DingTalk/7.5.36) com.alibaba.android.rimet/1", true),
        ("Mozilla/5.0 (iPhone) com.laiwang.DingTalk/31322509 WK", true),
        ("Mozilla/5.0 (Windows NT 10.0) dingtalk-win/1.0.0", true),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36", false),
    ] {
        let request = person.request(Method::GET, &menu()).header("user-agent", agent);
        let html = person.send(request).await.text().await.unwrap();
        assert_eq!(html.contains(&script), expected, "{agent}");
    }
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let request = person.request(Method::GET, &menu()).header("user-agent", "DingTalk/7.5.36");
    let html = person.send(request).await.text().await.unwrap();
    assert!(!html.contains("id=\"jsapi\""), "who is logged in needs none");
}
