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
mod tests;
