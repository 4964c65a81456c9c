//! What a proxy asks about: a page that a person waits for, or an answer that a script fetches; and which page to return
//! to after the login, which is never the address of what is no page.

use super::client_ip;
use crate::config::Config;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use miandeng_shared::return_path;
use url::{Position, Url};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// Parts of the names of headers that only scripts send, or browsers that fetch ahead: words for it, tokens against request
/// forgery, and the families of libraries that ask for HTML. A name stands between two `-` for this.
const SCRIPTS: &str = "ajax xhr pjax csrf xsrf verificationtoken -purpose- -moz- -hx- -fx- -ic- -up- -gwt- -turbo \
    -inertia- -livewire- -alpine- -datastar- -barba- -spf- -splade- -faces- -wicket- -october- -prototype-";

/// With what browsers log in by themselves.
const LOGINS: [&[u8]; 4] = [b"basic", b"digest", b"negotiate", b"ntlm"];

/// Whether a person waits for a page, rather than a script for an answer.
pub fn is_navigation(config: &Config, request: &Request) -> bool {
    let headers = request.headers();
    if headers.contains_key(&SEC_FETCH_MODE) {
        // The second is what frames of Chrome 76 to 79 say.
        return matches!(client_ip::one(headers, &SEC_FETCH_MODE), Some(b"navigate" | b"nested-navigate"));
    }
    client_ip::method(config, request) == Some(b"GET") && accepts_html(headers) && !is_of_script(headers)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<_> = values.flat_map(|value| value.split(',')).map(range).collect();
    let has = |wanted: &str, fits: fn(f32) -> bool| {
        ranges.iter().any(|(name, weight)| name == wanted && fits(*weight))
    };
    // What jQuery asks with, all else as good as unwanted, and Turbo; no browser by itself. Browsers that name XHTML take
    // anything, too.
    let by_script = has("*/*", |weight| weight < 0.1)
        || ranges.iter().any(|(name, _)| name.contains("vnd.turbo-stream"))
        || ranges.len() == 2 && has("application/xhtml+xml", |_| true);
    has("text/html", |weight| weight > 0.0) && !by_script
}

/// A media range in small letters and its weight (RFC 9110 §12.4.2), wherever `q` stands among the parameters.
fn range(text: &str) -> (String, f32) {
    let text = text.replace(char::is_whitespace, "").to_ascii_lowercase();
    let (name, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let weight = parameters.split(';').find_map(|parameter| parameter.strip_prefix("q=")?.parse().ok());
    (name.to_owned(), weight.unwrap_or(1.0))
}

fn is_of_script(headers: &HeaderMap) -> bool {
    let is_mark = |name: &HeaderName| {
        let name = format!("-{name}-");
        // So ends the mark of many libraries.
        name.ends_with("-request-") || SCRIPTS.split(' ').any(|part| name.contains(part))
    };
    let scheme = |value: &HeaderValue| {
        value.as_bytes().split(|b| *b == b' ').next().unwrap_or_default().to_ascii_lowercase()
    };
    let logins = headers.get_all(header::AUTHORIZATION).iter().map(scheme);
    let by_token = logins.into_iter().any(|scheme| !LOGINS.contains(&&scheme[..]));
    // A webview of Android names its package: two words or more, with dots between them. Libraries name their version.
    let in_package = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_');
    let is_package = |part: &[u8]| {
        let part = part.trim_ascii();
        part.is_empty() || part.contains(&b'.') && part.iter().all(in_package)
    };
    let requested = headers.get_all(&REQUESTED_WITH).iter().map(HeaderValue::as_bytes);
    let by_script = requested.flat_map(|value| value.split(|b| *b == b',')).any(|part| !is_package(part));
    let pages: [&[u8]; 6] = [b"document", b"iframe", b"frame", b"fencedframe", b"embed", b"object"];
    let no_page = headers.get(&SEC_FETCH_DEST).is_some_and(|dest| !pages.contains(&dest.as_bytes()));
    // Forms send these with their POST; no page is asked for with JSON.
    let forms: [&[u8]; 3] = [b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain"];
    let is_of_form = |value: &HeaderValue| {
        let name = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
        forms.contains(&&name.trim_ascii().to_ascii_lowercase()[..])
    };
    let no_form = headers.get_all(header::CONTENT_TYPE).iter().any(|value| !is_of_form(value));
    by_token || by_script || no_page || no_form || headers.keys().any(is_mark)
}

/// The page to return to after the login, path and query on this origin: the one that was asked for; where a form was
/// posted or a script fetched something, the page that did it. None where neither is known to be one.
pub fn return_to(config: &Config, request: &Request) -> Option<String> {
    let page =
        if is_page(config, request) { client_ip::uri(config, request)? } else { referrer(config, request)? };
    return_path(&page).filter(|page| !is_ours(config, page)).map(str::to_owned)
}

/// nginx makes a GET of what it refuses, and says so in `X-Forwarded-Method` where its configuration does not know
/// better. Browsers send neither header with the GET of a page.
fn is_page(config: &Config, request: &Request) -> bool {
    let posted =
        [header::ORIGIN, header::CONTENT_TYPE].iter().any(|name| request.headers().contains_key(name));
    is_navigation(config, request) && client_ip::method(config, request) == Some(b"GET") && !posted
}

/// The referring page, if it is one of this origin and not the login page.
fn referrer(config: &Config, request: &Request) -> Option<String> {
    let url = referring_url(config, request.headers())?;
    (url.path() != config.base_path).then(|| url[Position::BeforePath..Position::AfterQuery].to_owned())
}

/// Whether the login page is what leads here.
pub fn is_from_login(config: &Config, headers: &HeaderMap) -> bool {
    referring_url(config, headers).is_some_and(|url| url.path() == config.base_path)
}

/// Whether a page of this origin is what leads here.
pub fn is_from_here(config: &Config, headers: &HeaderMap) -> bool {
    match client_ip::one(headers, &SEC_FETCH_SITE) {
        Some(site) => site == b"same-origin",
        None => referring_url(config, headers).is_some(),
    }
}

/// Whether the browser says that a person opened the address, and no page. Redirects keep that.
pub fn is_by_user(headers: &HeaderMap) -> bool {
    client_ip::one(headers, &SEC_FETCH_SITE) == Some(b"none")
}

fn referring_url(config: &Config, headers: &HeaderMap) -> Option<Url> {
    let raw = client_ip::one(headers, &header::REFERER)?;
    let url = Url::parse(std::str::from_utf8(raw).ok()?).ok()?;
    (url.origin() == config.public_url.origin()).then_some(url)
}

/// Whether this is an address of ours, from which people would only be sent to the login again.
fn is_ours(config: &Config, page: &str) -> bool {
    let path = page.split(['?', '#']).next().unwrap_or_default();
    let Some(rest) = path.strip_prefix(config.base_path.trim_end_matches('/')) else { return false };
    match config.base_path.as_str() {
        "/" => ["/start", "/auth"].contains(&rest),
        _ => rest.is_empty() || rest.starts_with('/'),
    }
}

#[cfg(test)]
mod tests;
