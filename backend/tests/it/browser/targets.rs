//! S8 in a browser: the page goes nowhere that a browser would read as another origin.

use super::{Phone, Ua};
use crate::pitfalls::TARGETS;
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

#[tokio::test]
async fn s08_a_browser_stays_on_this_origin() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("timeout = ", "simulator = true\ntimeout = ");
    })
    .await;
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    phone.goto(&page).await;
    phone.identity().await;
    // Chromium's own reading of what is let through.
    let origins = "return arguments[0].map((target) => new URL(target, location.href).origin)";
    let origins = phone.client.execute(origins, vec![json!(TARGETS.harmless)]).await.unwrap();
    assert!(origins.as_array().unwrap().iter().all(|origin| *origin == *server.url), "{origins}");
    // And where the page really goes: nowhere, so it greets.
    for target in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/%2fevil.example",
        "/..//evil.example",
        "/%2e%2e//evil.example",
        "javascript:document.title='evil'",
        "java\tscript:document.title='evil'",
        "data:text/html,evil",
    ] {
        for (n, next) in [target.to_owned(), byte_serialize(target.as_bytes()).collect()].iter().enumerate() {
            // Another query each time, so that it is another document and not a step within one.
            phone.goto(&format!("{page}&n={n}#next={next}")).await;
            phone.identity().await;
            let here =
                phone.client.execute("return [location.origin, document.title]", vec![]).await.unwrap();
            assert_eq!(here[0], Value::from(server.url.as_str()), "{target}");
            assert_ne!(here[1], "evil", "{target}");
        }
    }
    phone.close().await;
}
