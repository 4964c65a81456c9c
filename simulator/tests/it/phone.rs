//! The phone's page, as far as HTTP shows it.

use std::collections::BTreeSet;

use dingtalk_simulator::{Options, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::desk::Desk;

async fn file(desk: &Desk, path: &str) -> (String, String) {
    let answer = desk.http.get(desk.at(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    (kind, answer.text().await.unwrap())
}

/// The page's own files that a text names, in HTML (`"/ui/a.css"`) and in scripts (`'./a.js'`).
fn named(text: &str) -> BTreeSet<String> {
    let quoted = text.split(['"', '\'']);
    let names = quoted.filter_map(|part| part.strip_prefix("/ui/").or_else(|| part.strip_prefix("./")));
    names.map(|name| format!("/ui/{name}")).collect()
}

#[tokio::test]
async fn every_file_that_the_page_names_is_served_and_comes_from_here() {
    let desk = Desk::open().await;
    let (kind, html) = file(&desk, "/").await;
    assert_eq!(kind, "text/html; charset=utf-8");
    let mut wanted: Vec<String> = named(&html).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (kind, text) = file(&desk, &path).await;
        let expected = if path.ends_with(".css") { "text/css" } else { "text/javascript" };
        assert!(kind.starts_with(expected), "{path}: {kind}");
        assert!(!text.contains("://") && !text.contains("@import"), "{path} asks somebody else");
        wanted.extend(named(&text));
    }
    assert!(seen.contains("/ui/phone.js") && seen.contains("/ui/journal.css") && seen.len() > 15, "{seen:?}");
    assert!(!html.contains("://"), "no other host has a part in it");
}

#[tokio::test]
async fn what_browser_tests_click_is_there() {
    let desk = Desk::open().await;
    let (_, html) = file(&desk, "/").await;
    let body = html.split_once("<body").unwrap().1;
    for id in [
        "webview",
        "frame",
        "back",
        "close",
        "reload",
        "missing",
        "summary",
        "again",
        "clear",
        "journal",
        "tab-journal",
        "tab-faults",
        "tab-knobs",
        "tab-suites",
        "suite",
        "callback",
        "customer",
        "push-answer",
        "fault-form",
        "fault-endpoint",
        "fault-kind",
        "fault-times",
        "faults-clear",
        "latency",
        "clock",
        "ticket-rule",
        "reset",
        "corp",
        "agent",
        "lang",
        "people",
        "platforms",
        "wecom-domain",
        "wecom-stopped",
    ] {
        assert!(body.contains(&format!("id=\"{id}\"")), "#{id}");
    }
    for attribute in [
        "client=\"ios\"",
        "client=\"android\"",
        "client=\"pc\"",
        "client=\"browser\"",
        "client=\"wecom\"",
        "client=\"wecom-pc\"",
        "client=\"wechat\"",
        "platform=\"dingtalk\"",
        "platform=\"wecom\"",
        "wecom=\"doubleRequest\"",
        "wecom=\"usedCode\"",
        "wecom-revoke=\"42001\"",
        "menu=\"orders\"",
        "menu=\"member\"",
        "menu=\"help\"",
        "menu=\"card\"",
        "advance=\"7200\"",
        "revoke=\"tokens\"",
        "push=\"ticket\"",
        "push=\"authorise\"",
        "push=\"relieve\"",
    ] {
        assert!(body.contains(&format!("data-{attribute}")), "[data-{attribute}]");
    }
}

#[tokio::test]
async fn every_endpoint_is_explained() {
    let desk = Desk::open().await;
    let words = file(&desk, "/ui/protocol.js").await.1 + &file(&desk, "/ui/wecom-protocol.js").await.1;
    // The simulator names its endpoints itself, when it is asked for a fault at one that it does not have.
    let wrong = json!({ "endpoint": "?", "drop": true });
    let answer = desk.request("/_sim/faults", &wrong).send().await.unwrap().json::<Value>().await.unwrap();
    let message = answer["error"]["message"].as_str().unwrap();
    let endpoints: Vec<_> = message.trim_start_matches("must be one of ").split(", ").collect();
    assert!(endpoints.len() > 10, "{message}");
    for endpoint in endpoints.iter().filter(|endpoint| !endpoint.contains('*')) {
        assert!(words.contains(&format!("'{endpoint}': {{")), "{endpoint}");
    }
}

#[tokio::test]
async fn every_push_is_explained() {
    let desk = Desk::open().await;
    let (_, words) = file(&desk, "/ui/protocol.js").await;
    let pushes: [(&str, Value); 6] = [
        ("check", json!({})),
        ("check", json!({ "event": "check_update_suite_url" })),
        ("ticket", json!({})),
        ("authorise", json!({ "corpId": "dingcust1" })),
        ("change_auth", json!({ "corpId": "dingcust1" })),
        ("relieve", json!({ "corpId": "dingcust1" })),
    ];
    for (control, body) in pushes {
        let event = desk.set(&format!("suites/suite1/{control}"), body).await["event"].clone();
        let name = event["EventType"].as_str().unwrap();
        assert!(words.contains(&format!("'push/{name}': {{")), "{name}");
    }
}

#[tokio::test]
async fn the_list_of_guesses_is_the_readme_s() {
    let desk = Desk::open().await;
    let (_, page) = file(&desk, "/known").await;
    assert!(page.contains("<code>/channel/get_channel_token</code>"), "{page}");
    assert!(page.matches("<tr>").count() > 15 && page.contains("<th scope=\"col\">known"));
    assert!(!page.contains("| ") && !page.contains('`'), "no Markdown is left over");
}

#[tokio::test]
async fn another_phone_does_not_know_who_was_logged_in() {
    let desk = Desk::open().await;
    let cookies = "miandeng_session=secret; theme=dark; miandeng_login_1a2b=x";
    let request = desk.http.post(desk.at("/_sim/handover")).header("Cookie", cookies);
    let answer = request.send().await.unwrap();
    let set: Vec<_> = answer.headers().get_all("set-cookie").iter().cloned().collect();
    assert_eq!(set, ["miandeng_session=; Max-Age=0; Path=/", "miandeng_login_1a2b=; Max-Age=0; Path=/"]);
    let forgotten = json!({ "forgotten": ["miandeng_session", "miandeng_login_1a2b"] });
    assert_eq!(answer.json::<Value>().await.unwrap(), forgotten);
    assert_eq!(desk.post("/_sim/handover", &json!({})).await, json!({ "forgotten": [] }));
}

#[tokio::test]
async fn the_deep_link_is_a_path() {
    let desk = Desk::with(Options { deep_link: Some("/orders/1".to_owned()), ..Options::default() }).await;
    assert_eq!(desk.get("/_sim/corps").await["deepLink"], "/orders/1");
    let elsewhere = Options { deep_link: Some("https://example.com/".to_owned()), ..Options::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(serve(listener, elsewhere).await.is_err());
}
