//! Why a host of a platform's is not reached, for the operator's log: once when it begins and once when it is over.
//!
//! The errors of reqwest carry the URL, and the URL carries secrets: of it only the host is written, and of the answers no
//! more than status, content type and the host that a redirect names.

use super::failure::Kind;
use super::json::json;
use super::proxies::{self, name_of};
use crate::repeats::Repeats;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use parking_lot::Mutex;
use reqwest::{Response, header};
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::{self, Error as _};
use std::fmt;
use std::io;
use std::iter;
use std::time::Duration;
use url::Url;

/// A host that comes and goes more often is written of no more often, for each cause.
const PAUSE: Duration = Duration::from_secs(10);

/// What ails each host now.
pub(super) struct Causes {
    platform: &'static str,
    /// By host and port.
    failing: Mutex<BTreeMap<String, String>>,
    written: Repeats<(String, String)>,
    proxies: Matcher,
}

impl Causes {
    pub fn new(platform: &'static str, proxies: Matcher) -> Self {
        Self { platform, failing: Mutex::default(), written: Repeats::new(PAUSE), proxies }
    }

    /// A request failed on its way; gives what that is called. `asked` is its address where the error does not name it.
    pub async fn failed(&self, asked: Option<&Url>, error: &reqwest::Error) -> Kind {
        if let Some(url) = error.url().or(asked) {
            let proxy = self.proxy_of(url);
            let refusal = match &proxy {
                Some(proxy) if has(error, "tunnel error: unsuccessful") => proxies::refusal(proxy, url).await,
                _ => None,
            };
            self.note(url, Some(describe(proxy.as_ref(), error, refusal)));
        }
        if error.is_timeout() { Kind::Timeout } else { Kind::Unreachable }
    }

    /// An answer of the platform's own came.
    pub fn is_well(&self, response: &Response) {
        self.note(response.url(), None);
    }

    /// An answer came that is a failure, with as much of its `body` as is read. What a gateway on the way says is JSON at
    /// times, too: `is_own` where it was read as the platform's.
    pub fn answered(&self, response: &Response, body: &[u8], is_own: bool) {
        let said = match json(body) {
            Some(Value::Object(_)) if is_own => return self.is_well(response),
            Some(Value::Object(fields)) if fields.is_empty() => "an empty JSON object",
            Some(Value::Object(_)) => "a JSON object without a code or what has to be in it",
            Some(Value::Array(_)) => "a JSON list and no object",
            Some(Value::String(_)) => "a JSON text and no object",
            Some(Value::Null) => "JSON null and no object",
            Some(_) => "a JSON number or truth value and no object",
            None => "no JSON of up to 64 KiB",
        };
        self.note(response.url(), Some(self.describe_answer(response, said)));
    }

    fn note(&self, url: &Url, cause: Option<String>) {
        let mut failing = self.failing.lock();
        if cause.is_none() && failing.is_empty() {
            return;
        }
        let host = host_of(url);
        match cause {
            None if failing.remove(&host).is_some() => {
                tracing::info!(host, "{} answers again", self.platform);
            }
            Some(cause)
                if failing.get(&host) != Some(&cause)
                    && self.written.first((host.clone(), cause.clone())).is_some() =>
            {
                tracing::warn!(host, cause, "{} does not answer as it should", self.platform);
                failing.insert(host, cause);
            }
            _ => {}
        }
    }

    fn proxy_of(&self, url: &Url) -> Option<Intercept> {
        self.proxies.intercept(&url.as_str().parse().ok()?)
    }

    fn describe_answer(&self, response: &Response, said: &str) -> String {
        let status = response.status();
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if status == 407 {
            // Of what comes through a tunnel, the proxy knows nothing.
            let proxy = self.proxy_of(response.url()).filter(|_| response.url().scheme() == "http");
            return match proxy {
                Some(proxy) => {
                    format!("the proxy {} wants a password (407): put it into HTTP_PROXY", name_of(&proxy))
                }
                None => "HTTP 407: a proxy on the way that was not asked for wants a password: name it in \
                         HTTPS_PROXY, with user and password"
                    .to_owned(),
            };
        }
        if status.is_redirection()
            && let Some(target) = text(header::LOCATION).and_then(|target| response.url().join(target).ok())
        {
            return format!("HTTP {}: redirected to {}", status.as_u16(), host_of(&target));
        }
        let kind = text(header::CONTENT_TYPE).unwrap_or("without content type");
        let kind: String = kind.split(';').next().unwrap_or_default().chars().take(80).collect();
        format!("HTTP {}, {kind}: {said}", status.as_u16())
    }
}

/// Of the chain, reqwest's own links alone know the URL.
fn links(error: &reqwest::Error) -> impl Iterator<Item = &(dyn error::Error + 'static)> {
    iter::successors(error.source(), |error| (*error).source()).filter(|link| !link.is::<reqwest::Error>())
}

fn has(error: &reqwest::Error, part: &str) -> bool {
    links(error).any(|link| link.to_string().contains(part))
}

/// `refusal` is what the proxy answers where it makes no tunnel.
fn describe(proxy: Option<&Intercept>, error: &reqwest::Error, refusal: Option<String>) -> String {
    let last = links(error).last().map(ToString::to_string).unwrap_or_default();
    let proxy = proxy.map(|proxy| format!("the proxy {}", name_of(proxy)));
    let via = proxy.as_ref().map_or(String::new(), |proxy| format!(" through {proxy}"));
    let peer = proxy.as_deref().unwrap_or("the host");
    if has(error, "proxy authorization required") {
        return format!("{peer} wants a password (407): put it into HTTPS_PROXY");
    }
    if has(error, "tunnel error") && !has(error, "failed to create underlying connection") {
        return format!("{peer} makes no tunnel to it: {}", refusal.unwrap_or(last));
    }
    if has(error, "dns error") {
        return format!("DNS: the name of {peer} does not resolve: {last}");
    }
    if links(error).any(is_tls) {
        return format!("TLS{via}: {}{last}", remedy(&last));
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, true) if proxy.is_some() => {
            format!("connect: {peer} takes no connection, or makes no tunnel, in time")
        }
        (true, true) => format!("connect: {peer} takes no connection in time"),
        (true, false) => format!("connect: {peer} takes no connection: {last}"),
        (false, true) => format!("no answer in time{via}"),
        (false, false) => format!("the connection broke off{via}: {last}"),
    }
}

/// What to change, where the words of rustls do not say it.
fn remedy(words: &str) -> &'static str {
    match words {
        words if words.contains("CaUsedAsEndEntity") => {
            "the certificate is an authority's own: have it sign one for the host, and name the authority in SSL_CERT_FILE: "
        }
        words if words.contains("InvalidContentType") => "this port does not speak TLS: ",
        words if words.contains("not valid for name") => "the certificate is for another name: ",
        _ => "",
    }
}

/// An error of I/O shows what it wraps, and is not its source.
fn is_tls(error: &(dyn error::Error + 'static)) -> bool {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => is_tls(wrapped),
        None => error.is::<rustls::Error>(),
    }
}

impl fmt::Debug for Causes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.failing.lock().iter()).finish()
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
