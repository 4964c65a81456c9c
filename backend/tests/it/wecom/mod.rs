//! WeCom: people are sent to its link and come back with a code. Without a browser: a visitor follows each redirect.

mod answers;
mod calls;
mod check;
mod edges;
mod failures;
mod identity;
mod links;
mod matrix;
mod records;
mod repeats;
mod security;
mod sites;
mod visitor;

use crate::support::{Server, Sim, impatient};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;
use visitor::{End, Visitor};

pub const CORP: &str = "ww0123456789abcdef";
pub const AGENT: &str = "1000002";
pub const OTHER_AGENT: &str = "1000003";

const TOKEN: &str = "/cgi-bin/gettoken";
pub const CODE: &str = "/cgi-bin/auth/getuserinfo";
const RANGE: &str = "/cgi-bin/user/get";

/// How the names of session cookies begin, and those of attempts.
const SESSION: &str = "miandeng-";
const ATTEMPT: &str = "miandeng_wecom_";

const WECOM: &str = "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/138.0.7204.180 Mobile Safari/537.36 \
    XWEB/1380275 wxwork/5.0.6 MicroMessenger/7.0.1 NetType/WIFI";
const WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 \
    MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN";
const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";

/// Both applications beside DingTalk's, with `extra` in the section of the first.
pub fn beside(config: &mut String, sim: &Sim, extra: &str) {
    for (agent, extra) in [(OTHER_AGENT, ""), (AGENT, extra)] {
        config.push_str(&format!(
            "[[apps]]\ncorp_id = \"{CORP}\"\nagent_id = \"{agent}\"\nkind = \"wecom\"\nsecret = \"secret-of-{agent}\"\n{extra}\n"
        ));
    }
    let url = &sim.url;
    config.push_str(&format!(
        "[wecom]\nqyapi_url = \"{url}\"\nauthorize_url = \"{url}/connect/oauth2/authorize\"\n\
         login_url = \"{url}/wwlogin/sso/login\"\ntimeout = \"6s\"\n"
    ));
}

/// WeCom trusts the host of `url`.
pub async fn trust(sim: &Sim, url: &str) {
    let url = Url::parse(url).unwrap();
    let domain = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    for agent in [AGENT, OTHER_AGENT] {
        sim.wecom_app(agent, json!({ "trustedDomain": domain })).await;
    }
}

async fn server(sim: &Sim, extra: &str) -> Server {
    server_for(sim, extra, &Value::Null).await
}

/// The same, which does not wait long where `fault` is silence.
async fn server_for(sim: &Sim, extra: &str, fault: &Value) -> Server {
    let server = Server::start(sim, |config| {
        beside(config, sim, extra);
        if fault["delayMs"].is_u64() {
            impatient(config);
        }
    })
    .await;
    trust(sim, &server.url).await;
    server
}

async fn start(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = server(&sim, extra).await;
    (sim, server)
}

/// One login of a member, whatever it comes to.
pub async fn log_in(sim: &Sim, server: &Server) {
    trust(sim, &server.url).await;
    let visitor = Visitor::new(sim, server, "member");
    visitor.open(&visitor.menu()).await;
}

pub async fn count(sim: &Sim, endpoint: &str) -> u64 {
    sim.wecom_counts().await.get(endpoint).copied().unwrap_or_default()
}

/// Where an answer to `base` redirects to.
fn joined(base: &str, response: &Response) -> String {
    let to = response.headers()["location"].to_str().unwrap();
    Url::parse(base).unwrap().join(to).unwrap().to_string()
}

/// A parameter of an address.
fn parameter(address: &str, name: &str) -> Option<String> {
    let url = Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn error_in(address: &str) -> Option<String> {
    parameter(address, "error")
}
