//! What the proxy in front says of the request it asks about. Anybody can write these headers, so only a peer of
//! `trusted_proxies` is believed, and what it says decides where a person returns to, never who they are.

use crate::config::Config;
use crate::repeats::Repeats;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap, HeaderName};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");

/// Where the connection comes from. None where the router is served without the peers' addresses.
pub fn peer(extensions: &Extensions) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    // A socket that listens on both families shows IPv4 as ::ffff:192.0.2.1.
    Some(peer.ip().to_canonical())
}

fn is_proxy(config: &Config, address: IpAddr) -> bool {
    config.trusted_proxies.iter().any(|range| range.contains(&address))
}

/// Whether the connection comes from a proxy of `trusted_proxies`.
fn is_trusted(config: &Config, request: &Request) -> bool {
    peer(request.extensions()).is_some_and(|peer| is_proxy(config, peer))
}

/// The client's address: the last one on the way here that is no trusted proxy. None where it is not said, which is
/// so without `trusted_proxies`, because the peer may then be a proxy that we do not know.
pub fn client(config: &Config, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
    if config.trusted_proxies.is_empty() {
        return None;
    }
    // Each proxy appends the one it was asked by; what stands before the first stranger is the stranger's own word.
    let said = headers.get_all(FOR).iter().rev().flat_map(|value| value.as_bytes().rsplit(|&b| b == b','));
    let stations = std::iter::once(peer(extensions)).chain(said.map(address));
    stations.take_while(Option::is_some).flatten().find(|&station| !is_proxy(config, station))
}

/// An address as proxies write it, some with a port.
fn address(raw: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(raw).ok()?.trim();
    let address = text.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip())).ok()?;
    Some(address.to_canonical())
}

/// The address that was asked for, as a trusted proxy tells it.
pub fn uri(config: &Config, request: &Request) -> Option<String> {
    one(request.headers(), &URI).filter(|_| is_trusted(config, request)).map(printable)
}

/// The method that was asked with: the proxy's own is always the same. None where a trusted one tells two.
pub fn method<'a>(config: &Config, request: &'a Request) -> Option<&'a [u8]> {
    match request.headers().contains_key(&METHOD) && is_trusted(config, request) {
        true => one(request.headers(), &METHOD),
        false => Some(request.method().as_str().as_bytes()),
    }
}

/// Forwarding headers of each address in this time are worth one line.
static DROPPED: Repeats<IpAddr> = Repeats::new(Duration::from_secs(3600));

/// Says that forwarding headers are dropped: mostly they are of a proxy that `trusted_proxies` lacks.
pub fn warn_of_dropped(config: &Config, request: &Request) {
    let named = |name: &&HeaderName| {
        let name = name.as_str();
        name.contains("forwarded") || name.starts_with("x-original-") || name.ends_with("-ip")
    };
    if let Some(header) = request.headers().keys().find(named)
        && let Some(address) = peer(request.extensions())
        && !is_proxy(config, address)
        && let Some(suppressed) = DROPPED.first(address)
    {
        tracing::warn!(
            %address, %header, suppressed,
            "a forwarding header is dropped: where this address is a proxy of yours, trusted_proxies lacks it (and of such \
             headers only X-Forwarded-For, -Uri and -Method are read)"
        );
    }
}

/// The only value of a header: two could be read differently by two programs.
pub fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

/// Some clients send addresses with plain UTF-8 in them; what is not ASCII is percent-encoded as a browser does.
fn printable(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    for &byte in raw {
        match byte.is_ascii() {
            true => text.push(char::from(byte)),
            false => text.push_str(percent_encoding::percent_encode_byte(byte)),
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests;
