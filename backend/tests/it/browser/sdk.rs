//! DingTalk's official SDK, unmodified, served to the page, over the simulator's emulated native client.

use super::{Phone, Ua};
use crate::support::{Server, Sim};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use serde_json::json;

/// Serves the bundle of npm's `dingtalk-jsapi` for a test of its own a page where a script should be, and an enterprise's logo.
pub struct Sdk {
    pub url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Sdk {
    pub async fn start() -> Self {
        let path = std::env::var("MIANDENG_SDK").unwrap_or_else(|_| {
            concat!(env!("CARGO_MANIFEST_DIR"), "/../target/xtask/sdk/dingtalk-jsapi-3.2.9.js").into()
        });
        let bundle = std::fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{path}: {e}; `cargo xtask test` bundles the official SDK"));
        let script = move || async { ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], bundle) };
        let html = || async {
            ([(header::CONTENT_TYPE, "text/html")], "<!doctype html><title>not a script</title>")
        };
        let logo = || async { ([(header::CONTENT_TYPE, "image/svg+xml")], LOGO) };
        let router = Router::new().route("/sdk.js", get(script)).route("/html", get(html));
        // A host that is overloaded.
        let slow = || async {
            tokio::time::sleep(std::time::Duration::from_secs(9)).await;
            http::StatusCode::SERVICE_UNAVAILABLE
        };
        let router = router.route("/logo.svg", get(logo)).route("/slow.js", get(slow));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self { url, task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }
}

/// An enterprise's.
const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1463d8"/><path d="M9 12h14l-1.2 10.5h-11.6zM12.5 12a3.5 3.5 0 0 1 7 0" fill="none" stroke="#fff" stroke-width="2" stroke-linejoin="round"/></svg>"##;

impl Drop for Sdk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What a page meets in the emulated client of `ua`'s system, for `person`.
pub async fn native(sim: &Sim, ua: Ua, person: &str) -> String {
    let platform = match ua {
        Ua::Ios => "ios",
        _ => "android",
    };
    let native = reqwest::get(format!("{}/native.js?platform={platform}", sim.url)).await.unwrap();
    let native = native.error_for_status().unwrap().text().await.unwrap();
    let settings = json!({ "origin": sim.url, "platform": platform, "person": person });
    format!("window.__dingtalkSim = {settings};\n{native}")
}

/// A DingTalk phone: the user agent and the emulated client of `ua`'s system, for `person`.
pub async fn dingtalk_phone(sim: &Sim, ua: Ua, person: &str) -> Phone {
    let phone = Phone::open(ua, "zh-CN").await;
    phone.inject(&native(sim, ua, person).await).await;
    phone
}

/// A simulator, the official SDK, and a server that gives it to its pages.
pub async fn start(adjust: impl FnOnce(&mut String)) -> (Sim, Sdk, Server) {
    let (sim, sdk) = (Sim::start(1).await, Sdk::start().await);
    let server = Server::start(&sim, |config| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
        adjust(config);
        *config = config.replace("\"/logo.svg\"", &format!("\"{}/logo.svg\"", sdk.url));
    })
    .await;
    (sim, sdk, server)
}
