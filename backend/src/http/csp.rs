//! The headers that limit what a document may do and who may frame it.

use super::engine;
use crate::apps::App;
use crate::config::{Config, ContentSecurityPolicy};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use url::Url;

/// What every document of ours goes without.
///
/// No `default-src`, because it would be `frame-src` too: bridges of webviews talk to their client through hidden frames
/// with schemes of their own, which a policy can neither name without knowing them nor allow with a `*`. All other kinds
/// of resources are named one by one instead.
const NEVER: &str = "font-src 'none'; media-src 'none'; object-src 'none'; worker-src 'none'; manifest-src 'none'; \
    base-uri 'none'; form-action 'none'";

/// The policy of the login page: our files, the application's JSAPI, pictures, and the compiling of WebAssembly.
///
/// `style` is the content of the one style element that the server writes into it.
pub fn page_policy(config: &Config, app: Option<&App>, style: Option<&str>, headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let strict = engine::knows_wasm_source(agent) && !asks_for_eval(headers);
    let compile = if strict { "'wasm-unsafe-eval'" } else { "'unsafe-eval'" }.to_owned();
    // The server may know the application a moment later; the document has to do for that as well.
    let fallback = app.and_then(|app| app.jsapi.as_ref()?.fallback_url.as_deref());
    let jsapi = app
        .map_or_else(|| config.jsapi_urls(), |app| app.jsapi.iter().map(|jsapi| jsapi.url.clone()).collect());
    let jsapi: BTreeSet<String> =
        jsapi.iter().map(String::as_str).chain(fallback).filter_map(origin).collect();
    // Avatars come from hosts of DingTalk's that no document lists. A logo on http is one on this machine.
    let logo = app.and_then(|app| origin(app.brand.logo.as_deref()?)).filter(|url| url.starts_with("http:"));
    let simulator = simulator(config);
    format!(
        "script-src 'self'{}; connect-src 'self'{}; img-src 'self' data: https:{}; style-src 'self'{}; {NEVER}; {}",
        words(jsapi.into_iter().chain([compile]).map(Some)),
        words([simulator.clone()]),
        words([logo, simulator]),
        words([style.map(hash)]),
        framing(config),
    )
}

/// The policy of `document`, which has no scripts and at most one style element.
pub fn plain_policy(config: &Config, document: &str) -> String {
    let after = document.split_once("<style>").map_or("", |(_, after)| after);
    let style = after.split_once("</style>").map_or("", |(style, _)| style);
    format!("script-src 'none'; img-src 'self'; style-src {}; {NEVER}; {}", hash(style), framing(config))
}

/// The policy of everything that is no document of ours: nothing, should it be opened as one.
pub fn policy_of_the_rest(config: &Config) -> String {
    format!("default-src 'none'; {}", framing(config))
}

/// The header that carries `policy`, if the configuration wants one.
pub fn policy_header(config: &Config, policy: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = match config.security.content_security_policy {
        ContentSecurityPolicy::Enforce => header::CONTENT_SECURITY_POLICY,
        ContentSecurityPolicy::ReportOnly => header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
        ContentSecurityPolicy::Off => return None,
    };
    Some((name, HeaderValue::from_str(policy).ok()?))
}

/// Whether the page has found that its engine is not what it calls itself (frontend/boot.js). No secret and no right:
/// with it the page may compile text, of which it has none.
fn asks_for_eval(headers: &HeaderMap) -> bool {
    // As bytes: a cookie of another program beside it need not be text.
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|b| *b == b';')).any(|pair| pair.trim_ascii() == b"miandeng_eval=1")
}

fn framing(config: &Config) -> String {
    let allowed = config.allowed_origins.iter().map(|url| url.origin().ascii_serialization());
    let configured = config.security.frame_ancestors.iter().cloned();
    let all = allowed.chain(configured).chain(simulator(config));
    format!("frame-ancestors 'self'{}", words(all.map(Some)))
}

/// The origin of a simulator, whose phone frames the page and whose bridge is HTTP. A server for more than this machine
/// has one only where the configuration says so: a DingTalk on loopback may be a proxy.
fn simulator(config: &Config) -> Option<String> {
    let local = |url: &Url| crate::config::is_loopback(url);
    let emulated = config.dingtalk.simulator || local(&config.public_url);
    (emulated && local(&config.dingtalk.oapi_url))
        .then(|| config.dingtalk.oapi_url.origin().ascii_serialization())
}

/// The origin of an address; none of a path on this host.
fn origin(address: &str) -> Option<String> {
    Some(Url::parse(address).ok()?.origin().ascii_serialization())
}

fn words(sources: impl IntoIterator<Item = Option<String>>) -> String {
    sources.into_iter().flatten().map(|source| format!(" {source}")).collect()
}

fn hash(style: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn config(top: &str, rest: &str) -> Config {
        let text = format!(
            "{top}\n[store]\nurl = \"memory:\"\n{rest}\n[[apps]]\ncorp_id = \"dingcorp1\"\nagent_id = \"123456\"\n\
             kind = \"channel\"\nchannel_secret = \"s\"\nlogo = \"https://cdn.example.com/logo.png\"\n"
        );
        config::parse(&text, std::iter::empty()).config.unwrap()
    }

    const PUBLIC: &str =
        "public_url = \"https://h5.example.com\"\nallowed_origins = [\"https://www.example.com\"]";

    fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
        let mut found = policy.split("; ").filter_map(|part| part.strip_prefix(name)?.strip_prefix(' '));
        let sources = found.next().unwrap_or_else(|| panic!("{name} is not in {policy}"));
        assert_eq!(found.next(), None, "{name} twice");
        sources
    }

    fn agent(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(text))])
    }

    #[test]
    fn the_page_loads_its_own_files_and_the_jsapi() {
        let config = config(PUBLIC, "");
        let policy = page_policy(&config, Some(&config.apps[0]), Some(":root{}"), &agent("Chrome/120.0.0.0"));
        assert_eq!(directive(&policy, "script-src"), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
        assert_eq!(directive(&policy, "connect-src"), "'self'");
        assert_eq!(directive(&policy, "img-src"), "'self' data: https:");
        // echo -n ':root{}' | openssl dgst -sha256 -binary | base64
        let hashed = "'self' 'sha256-h3GYPBFE6Av6zUWOZYeC83lN95g5tnhsj1pyM3woz/c='";
        assert_eq!(directive(&policy, "style-src"), hashed);
        for (name, sources) in [("object-src", "'none'"), ("base-uri", "'none'"), ("form-action", "'none'")] {
            assert_eq!(directive(&policy, name), sources);
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }

    #[test]
    fn nothing_stands_between_a_bridge_and_its_frames() {
        let config = config(PUBLIC, "");
        for policy in [page_policy(&config, None, None, &HeaderMap::new()), plain_policy(&config, "")] {
            for name in ["default-src", "frame-src", "child-src", "sandbox", "require-trusted-types-for"] {
                assert!(!policy.contains(name), "{name}: {policy}");
            }
        }
    }

    #[test]
    fn an_old_engine_may_compile() {
        let policy = page_policy(&config(PUBLIC, ""), None, None, &agent("Chrome/69.0.3497.100"));
        assert_eq!(directive(&policy, "script-src"), "'self' https://g.alicdn.com 'unsafe-eval'");
    }

    #[test]
    fn k01_an_application_that_is_not_known_yet_may_have_its_jsapi_where_any_may() {
        let suite = |name: &str, more: &str| {
            format!(
                "[[suites]]\nname = \"{name}\"\nsuite_key = \"{name}\"\nsuite_secret = \"s\"\ncallback_token = \"t\"\n\
                 callback_aes_key = \"suite1callbackaeskeysuite1callbackaeskeyabc\"\n{more}\n"
            )
        };
        let scripts = |rest: &str| {
            let policy = page_policy(&config(PUBLIC, rest), None, None, &agent("Chrome/120.0.0.0"));
            directive(&policy, "script-src").to_owned()
        };
        assert_eq!(scripts(""), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
        assert_eq!(scripts(&suite("a", "")), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
        let [a, b] = ["a", "b"].map(|name| suite(name, "jsapi_url = \"https://cdn.example.com/NAME.js\""));
        assert_eq!(
            scripts(&(a + &b)),
            "'self' https://cdn.example.com https://g.alicdn.com 'wasm-unsafe-eval'"
        );
    }

    #[test]
    fn an_engine_that_is_not_what_it_says_may_ask() {
        let compile = |cookie: &'static str| {
            let mut headers = agent("Chrome/100.0.4896.58 UWS/5.12.4.0");
            headers.insert(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
            directive(&page_policy(&config(PUBLIC, ""), None, None, &headers), "script-src").to_owned()
        };
        for cookie in
            ["miandeng_eval=1", "a=b; miandeng_eval=1", "miandeng_eval=1;c=d", "a=中; miandeng_eval=1"]
        {
            assert_eq!(compile(cookie), "'self' https://g.alicdn.com 'unsafe-eval'", "{cookie}");
        }
        for cookie in ["", "miandeng_eval=0", "x_miandeng_eval=1", "a=miandeng_eval=1"] {
            assert_eq!(compile(cookie), "'self' https://g.alicdn.com 'wasm-unsafe-eval'", "{cookie}");
        }
    }

    #[test]
    fn dingtalk_frames_the_page_unless_somebody_else_is_named() {
        let framed = |config: &Config| {
            let policy = policy_of_the_rest(config);
            directive(&policy, "frame-ancestors").to_owned()
        };
        let own = "'self' https://www.example.com";
        let dingtalk = format!("{own} https://*.dingtalk.com https://*.7ding.ai");
        assert_eq!(framed(&config(PUBLIC, "")), dingtalk);
        assert_eq!(framed(&config(PUBLIC, "[security]\nframe_ancestors = []")), own);
        let other = "[security]\nframe_ancestors = [\"https://portal.example.com:8443\", \"*\"]";
        assert_eq!(framed(&config(PUBLIC, other)), format!("{own} https://portal.example.com:8443 *"));
    }

    #[test]
    fn a_simulator_is_believed_on_this_machine_or_where_it_is_announced() {
        let at = "oapi_url = \"http://127.0.0.1:7000\"\napi_url = \"http://127.0.0.1:7000\"";
        let connect = |public: &str, simulator: bool| {
            let rest = format!("[dingtalk]\n{at}\nsimulator = {simulator}");
            let config = config(&format!("public_url = \"{public}\""), &rest);
            let policy = page_policy(&config, None, None, &HeaderMap::new());
            assert_eq!(
                framing(&config).contains("127.0.0.1:7000"),
                policy.contains("data: https: http://127")
            );
            directive(&policy, "connect-src").to_owned()
        };
        for (public, simulator) in
            [("http://127.0.0.1:8080", false), ("http://localhost", true), ("https://h5.example.com", true)]
        {
            assert_eq!(connect(public, simulator), "'self' http://127.0.0.1:7000", "{public}");
        }
        assert_eq!(connect("https://h5.example.com", false), "'self'", "a proxy to the real DingTalk");
    }

    #[test]
    fn the_policy_can_be_tried_or_left_to_a_proxy() {
        let name = |mode: &str| {
            let config = config(PUBLIC, &format!("[security]\ncontent_security_policy = \"{mode}\""));
            policy_header(&config, "x").map(|(name, _)| name)
        };
        assert_eq!(name("enforce"), Some(header::CONTENT_SECURITY_POLICY));
        assert_eq!(name("report-only"), Some(header::CONTENT_SECURITY_POLICY_REPORT_ONLY));
        assert_eq!(name("off"), None);
    }
}
