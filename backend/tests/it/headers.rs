//! The security headers of every kind of answer.

use crate::support::{AGENT, CORP, Person, Server, Sim};
use reqwest::Response;
use reqwest::header::HeaderMap;

const IOS_15: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
    Mobile/19H370 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/31322509 WK";

async fn demo() -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
        config.push_str("color = \"#ffc800\"\n");
    })
    .await;
    (sim, server)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn policy(response: &Response) -> &str {
    text(response.headers(), "content-security-policy")
}

#[tokio::test]
async fn every_answer_says_what_may_be_done_with_it() {
    let (sim, server) = demo().await;
    let person = Person::new(&sim, &server);
    person.login().await;
    let http = &person.http;
    for (path, cached) in [
        ("/", false),
        ("/demo/orders", false),
        ("/api/session", false),
        ("/api/config?corpid=x", false),
        ("/nothing", false),
        ("/api/login", false),
        (&asset(&server).await, true),
    ] {
        let answer = http.get(format!("{}{path}", server.url)).send().await.unwrap();
        let headers = answer.headers();
        assert_eq!(text(headers, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(text(headers, "referrer-policy"), "same-origin", "{path}");
        let readers = if path == "/" { "cross-origin" } else { "same-origin" };
        assert_eq!(text(headers, "cross-origin-resource-policy"), readers, "{path}");
        let policy = policy(&answer);
        assert!(policy.contains(&format!(
            "frame-ancestors 'self' https://*.dingtalk.com https://*.7ding.ai {}",
            sim.url
        )));
        assert!(!policy.contains("'unsafe-inline'"), "{path}: {policy}");
        // A redirect has no content that could be kept.
        if !answer.status().is_redirection() {
            assert_eq!(text(headers, "cache-control") == "no-store", !cached, "{path}: {headers:?}");
        }
    }
}

async fn asset(server: &Server) -> String {
    let html = reqwest::get(&server.url).await.unwrap().text().await.unwrap();
    let mut links = html.split(['"', ' ']).filter(|part| part.starts_with("./style-"));
    links.next().unwrap().trim_start_matches('.').to_owned()
}

#[tokio::test]
async fn the_engine_decides_how_the_page_may_compile() {
    let (sim, server) = demo().await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    let open = async |agent: &str| sim.http.get(&page).header("user-agent", agent).send().await.unwrap();
    let new = open("Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36").await;
    assert!(
        policy(&new).contains(&format!("script-src 'self' {} 'wasm-unsafe-eval';", sim.url)),
        "{}",
        policy(&new)
    );
    let old = open(IOS_15).await;
    assert!(
        policy(&old).contains(&format!("script-src 'self' {} 'unsafe-eval';", sim.url)),
        "{}",
        policy(&old)
    );
    assert!(policy(&new).contains("style-src 'self' 'sha256-"), "the colour is in a style element");
}

#[tokio::test]
async fn a_policy_can_be_tried_before_it_holds() {
    let sim = Sim::start(1).await;
    for (mode, name) in [("report-only", Some("content-security-policy-report-only")), ("off", None)] {
        let section = format!("[security]\ncontent_security_policy = \"{mode}\"\n\n[store]");
        let server = Server::start(&sim, |config| *config = config.replace("[store]", &section)).await;
        for path in ["/", "/nothing"] {
            let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
            let sent =
                answer.headers().keys().find(|name| name.as_str().starts_with("content-security-policy"));
            assert_eq!(sent.map(reqwest::header::HeaderName::as_str), name, "{mode} {path}");
        }
    }
}
