//! S8: where people can be sent.

use super::{TARGETS, stays};
use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start};
use miandeng::config;
use miandeng_shared::return_path;
use proptest::prelude::*;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

#[test]
fn s08_a_hundred_hostile_targets_are_refused() {
    assert!(TARGETS.refused.len() >= 100, "{}", TARGETS.refused.len());
    for target in &TARGETS.refused {
        assert_eq!(return_path(target), None, "{target:?}");
    }
    for target in &TARGETS.harmless {
        assert_eq!(return_path(target), Some(target.as_str()), "{target:?}");
        assert!(stays("https://h5.example.com", target), "{target:?}");
    }
    // The list is of any use only where a page that trusted it would lose people.
    let lost = TARGETS.refused.iter().filter(|target| !stays("https://h5.example.com", target)).count();
    assert!(lost >= 90, "{lost}");
}

/// What targets of attacks are made of.
const PIECES: &[&str] = &[
    "/",
    "//",
    "\\",
    "\t",
    "\n",
    "\r",
    "\0",
    " ",
    ".",
    "..",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "%09",
    "%0d%0a",
    "%25",
    "@",
    ":",
    "?",
    "#",
    "&",
    ";",
    "evil.example",
    "h5.example.com",
    "https:",
    "http:",
    "javascript:",
    "data:",
    "／",
    "。",
    "\u{200b}",
    "\u{feff}",
    "[::1]",
    "127.0.0.1",
    ":443",
    "a",
    "orders",
    "=",
    "next",
    "%",
    "%e4%b8%ad",
    "中",
];

fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(PIECES).prop_map(str::to_owned);
    prop_oneof![4 => known, 1 => any::<char>().prop_map(String::from)]
}

/// Mostly rooted, as everything is that gets past the first look.
fn target() -> impl Strategy<Value = String> {
    let front = prop_oneof![3 => Just("/"), 1 => Just("")];
    (front, prop::collection::vec(piece(), 0..10))
        .prop_map(|(front, pieces)| front.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s08_whatever_is_accepted_stays_on_this_origin(raw in target()) {
        if let Some(path) = return_path(&raw) {
            prop_assert_eq!(path, raw.as_str());
            for origin in ["https://h5.example.com", "http://127.0.0.1:8080", "https://h5.example.com:8443"] {
                prop_assert!(stays(origin, path));
                // Nor for a program that resolves the path, and redirects to what it is then.
                let resolved = Url::parse(origin).unwrap().join(path).unwrap();
                prop_assert!(!resolved.path().starts_with("//"), "{}", resolved);
            }
            // A proxy that decodes the path once sees no other host in front either.
            let front = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
            prop_assert!(!front.starts_with("//") && !front.starts_with("/\\"), "{}", front);
        }
    }

    #[test]
    fn s08_a_base_path_stays_on_this_origin(raw in target()) {
        if let Ok(config) = configured(&format!("base_path = {}\n", Value::from(raw)), "") {
            prop_assert!(stays("https://h5.example.com", &config.base_path));
            prop_assert!(!config.base_path.starts_with("//") && config.base_path.ends_with('/'));
        }
    }
}

/// A configuration with `top` before its sections and `app` in its application's.
fn configured(top: &str, app: &str) -> Result<config::Config, Vec<config::Problem>> {
    let text = format!(
        "{top}public_url = \"https://h5.example.com\"\n[store]\nurl = \"memory:\"\n\
         [[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\"\n{app}"
    );
    config::parse(&text, std::iter::empty()).config
}

#[test]
fn s08_no_configuration_sends_people_away() {
    for target in &TARGETS.refused {
        // A JSON string is a TOML string too.
        let quoted = Value::from(target.as_str());
        assert!(configured("", &format!("home = {quoted}\n")).is_err(), "{target:?}");
        if let Ok(config) = configured(&format!("base_path = {quoted}\n"), "") {
            assert!(stays("https://h5.example.com", &config.base_path), "{target:?}");
        }
    }
    assert!(configured("base_path = \"/_miandeng\"\n", "home = \"/orders?tab=a\"\n").is_ok());
}

#[tokio::test]
async fn s08_no_login_sends_people_away() {
    let (sim, server) = start("home = \"/welcome\"\n").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    let next = async |target: &str| {
        let code = person.code_again().await;
        let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code, "next": target });
        let answer = person.request(Method::POST, "/api/login").json(&body).send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "a bad link is no reason to keep anybody out: {target:?}"
        );
        json_of(answer).await["next"].as_str().unwrap().to_owned()
    };
    for target in &TARGETS.refused {
        assert_eq!(next(target).await, "/welcome", "{target:?}");
    }
    for target in &TARGETS.harmless {
        assert_eq!(next(target).await, *target);
    }
}

#[tokio::test]
async fn s08_no_redirect_of_ours_sends_people_away() {
    let sim = Sim::start(1).await;
    let server =
        Server::start(&sim, |config| *config = format!("base_path = \"/_miandeng\"\n{config}")).await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut redirects = 0;
    for target in TARGETS.refused.iter().chain(&TARGETS.harmless) {
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let path = target.trim_start_matches('/');
        for address in [
            format!("/_miandeng?{query}"),
            format!("/_miandeng?next={query}"),
            format!("/_miandeng{target}"),
            format!("/_miandeng/{path}"),
            format!("//evil.example/_miandeng?{query}"),
        ] {
            // What a client cannot put into a request line, pitfalls/wire.rs does.
            let Ok(url) = Url::parse(&format!("{}{address}", server.url)) else { continue };
            if url.origin().ascii_serialization() != server.url {
                continue;
            }
            let answer = http.get(url).send().await.unwrap();
            assert!(answer.status().as_u16() < 500, "{address:?}: {}", answer.status());
            if let Some(location) = answer.headers().get("location") {
                redirects += 1;
                assert!(stays(&server.url, location.to_str().unwrap()), "{address:?}: {location:?}");
            }
        }
    }
    assert!(redirects > 100, "{redirects}");
}
