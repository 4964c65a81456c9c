//! An application that knows nothing of DingTalk, behind the real nginx and the real Caddy with the files of `deploy/`.

mod access;
mod bodies;
mod caddy_traps;
mod cookies;
mod fastcgi;
mod lookalikes;
mod nginx_traps;
mod odd_headers;
mod pages;
mod paths;
pub mod several;
mod spoofing;
mod upgrades;

use crate::support::raw::{Answer, send};
use crate::support::{Kind, Scheme, Site};
use serde_json::Value;

/// The same tests for both proxies.
macro_rules! behind_both {
    ($($test:ident),* $(,)?) => {
        mod nginx {
            $(#[tokio::test] async fn $test() { super::$test(crate::support::Kind::Nginx).await; })*
        }
        mod caddy {
            $(#[tokio::test] async fn $test() { super::$test(crate::support::Kind::Caddy).await; })*
        }
    };
}
use behind_both;

/// What a browser says of a person who opens an address.
const NAVIGATION: [&str; 2] = ["Sec-Fetch-Mode: navigate", "Accept: text/html,application/xhtml+xml"];
/// What it says of a script that asks for data.
const SCRIPT: [&str; 2] = ["Sec-Fetch-Mode: cors", "Accept: application/json"];

async fn site(kind: Kind) -> Site {
    Site::start(kind, Scheme::Http, |_, _| {}).await
}

/// Logs the employee in and gives the `Cookie` line.
async fn logged_in(site: &Site) -> String {
    let person = site.visitor();
    let login = person.login().await;
    assert_eq!(login.status(), 200, "{}", login.text().await.unwrap());
    format!("Cookie: {}", person.cookie_header().unwrap())
}

async fn get(site: &Site, path: &str, headers: &[&str]) -> Answer {
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    send(&site.url, &format!("GET {path}"), &headers, "").await
}

/// The headers that the application received whose names say miandeng, in any spelling: (as a CGI program would name
/// them, value).
fn identity(received: &Value) -> Vec<(String, String)> {
    let headers = received["headers"].as_array().unwrap();
    let pair = |header: &Value| {
        let name: String = header[0].as_str().unwrap().to_uppercase();
        let name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        (name, header[1].as_str().unwrap().to_owned())
    };
    headers.iter().map(pair).filter(|(name, _): &(String, String)| name.contains("MIANDENG")).collect()
}

/// The one value that a program finds under `name`, and the empty string where there is none.
fn value_of(identity: &[(String, String)], name: &str) -> String {
    let values: Vec<&String> =
        identity.iter().filter(|(found, _)| found == name).map(|(_, value)| value).collect();
    assert!(values.len() <= 1, "{name} twice: {values:?}");
    values.first().map_or_else(String::new, |value| (*value).clone())
}
