//! Why a host of a platform's is not reached, for the operator's log: once when it begins and once when it is over.
//!
//! The errors of reqwest carry the URL, and the URL carries secrets: of it only the host is written, and of the answers no
//! more than status, content type and the host that a redirect names.

use super::failure::Kind;
use super::http::without_bom;
use crate::repeats::Repeats;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Response, header};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::error::{self, Error as _};
use std::fmt;
use std::io;
use std::iter;
use std::sync::{Mutex, PoisonError};
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
    pub fn new(platform: &'static str) -> Self {
        Self {
            platform,
            failing: Mutex::default(),
            written: Repeats::new(PAUSE),
            proxies: Matcher::from_env(),
        }
    }

    /// A request failed on its way; gives what that is called. `asked` is its address where the error does not name it.
    pub fn failed(&self, asked: Option<&Url>, error: &reqwest::Error) -> Kind {
        if let Some(url) = error.url().or(asked) {
            self.note(url, Some(self.describe(url, error)));
        }
        if error.is_timeout() { Kind::Timeout } else { Kind::Unreachable }
    }

    /// An answer came, with as much of its `body` as is read.
    pub fn answered(&self, response: &Response, body: &[u8]) {
        // What a gateway on the way says is JSON at times, but no object with a code in it.
        let fields: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_slice(without_bom(body)).ok();
        let has_code =
            |name: &String| name.to_ascii_lowercase().contains("code") || name.ends_with("_response");
        let is_platforms = fields.is_some_and(|fields| {
            response.status().is_success() || fields.keys().any(|name| name == "error" || has_code(name))
        });
        self.note(response.url(), (!is_platforms).then(|| self.describe_answer(response)));
    }

    fn note(&self, url: &Url, cause: Option<String>) {
        let host = host_of(url);
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// The proxy that the environment names for `url`, without its password.
    fn proxy_of(&self, url: &Url) -> Option<String> {
        let proxy = self.proxies.intercept(&url.as_str().parse().ok()?)?;
        Some(proxy.uri().authority()?.to_string())
    }

    fn describe(&self, url: &Url, error: &reqwest::Error) -> String {
        // Of the chain, reqwest's own links alone know the URL.
        let links: Vec<&(dyn error::Error + 'static)> =
            iter::successors(error.source(), |error| (*error).source())
                .filter(|link| !link.is::<reqwest::Error>())
                .collect();
        let is_tls = links.iter().any(|link| is_tls(*link));
        let links: Vec<String> = links.iter().map(ToString::to_string).collect();
        let has = |part: &str| links.iter().any(|link| link.contains(part));
        let last = links.last().map_or("", String::as_str);
        let proxy = self.proxy_of(url);
        let through = proxy.as_ref().map(|proxy| format!("the proxy {proxy}"));
        let peer = through.as_deref().unwrap_or("the host");
        if has("proxy authorization required") {
            return format!("{peer} wants a password (407): put it into HTTPS_PROXY");
        }
        if has("tunnel error") && !has("failed to create underlying connection") {
            return format!("{peer} makes no tunnel to it: {last}");
        }
        if has("dns error") {
            return format!("DNS: the name of {peer} does not resolve: {last}");
        }
        if is_tls {
            return format!("TLS: {last}");
        }
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => format!("connect: {peer} takes no connection in time"),
            (true, false) => format!("connect: {peer} takes no connection: {last}"),
            (false, true) => "no answer in time".to_owned(),
            (false, false) => format!("the connection broke off: {last}"),
        }
    }

    fn describe_answer(&self, response: &Response) -> String {
        let status = response.status();
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if status == 407 {
            let proxy = self.proxy_of(response.url()).unwrap_or_default();
            return format!("the proxy {proxy} wants a password (407): put it into HTTP_PROXY");
        }
        if status.is_redirection()
            && let Some(target) = text(header::LOCATION).and_then(|target| response.url().join(target).ok())
        {
            return format!("HTTP {}: redirected to {}", status.as_u16(), host_of(&target));
        }
        let kind = text(header::CONTENT_TYPE).unwrap_or("without content type");
        let kind: String = kind.split(';').next().unwrap_or_default().chars().take(80).collect();
        format!("HTTP {}, {kind}: no JSON of the platform's of up to 64 KiB", status.as_u16())
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
        f.debug_map().entries(self.failing.lock().unwrap_or_else(PoisonError::into_inner).iter()).finish()
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
