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
pub(super) mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    pub(crate) fn config(base_path: &str) -> Config {
        let text = format!(
            "public_url = \"https://h5.example.com\"\nbase_path = \"{base_path}\"\n\
             trusted_proxies = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n[store]\nurl = \"memory:\"\n\
             [[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\""
        );
        crate::config::parse(&text, std::iter::empty()).config.unwrap()
    }

    /// A request from `peer` with these headers.
    pub(crate) fn request(peer: Option<&str>, headers: &[(&str, &[u8])]) -> Request {
        let mut request = Request::get("/auth").body(Body::empty()).unwrap();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        }
        request
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let headers: &[(&str, &[u8])] =
            &[("x-forwarded-uri", "/orders/7?a=中".as_bytes()), ("x-forwarded-method", b"POST")];
        for (peer, believed) in [
            (Some("192.0.2.1"), true),
            (Some("::ffff:192.0.2.1"), true),
            (Some("2001:db8::1"), true),
            (Some("192.0.3.1"), false),
            (Some("::1"), false),
            (None, false),
        ] {
            let request = request(peer, headers);
            let said = uri(&config("/"), &request);
            assert_eq!(said.as_deref(), believed.then_some("/orders/7?a=%E4%B8%AD"), "{peer:?}");
            let method = method(&config("/"), &request).unwrap();
            assert_eq!(method, if believed { b"POST".as_slice() } else { b"GET" }, "{peer:?}");
        }
        let twice: &[(&str, &[u8])] = &[
            ("x-forwarded-uri", b"/a"),
            ("x-forwarded-uri", b"/a"),
            ("x-forwarded-method", b"GET"),
            ("x-forwarded-method", b"POST"),
        ];
        let twice = request(Some("192.0.2.1"), twice);
        assert_eq!((uri(&config("/"), &twice), method(&config("/"), &twice)), (None, None));
    }

    #[test]
    fn the_client_is_the_last_station_that_is_no_proxy() {
        let client = |peer, headers: &[(&str, &[u8])]| {
            let request = request(peer, headers);
            client(&config("/"), request.headers(), request.extensions())
        };
        let is = |peer, said: &[&str], expected: Option<&str>| {
            let headers: Vec<(&str, &[u8])> =
                said.iter().map(|value| ("x-forwarded-for", value.as_bytes())).collect();
            assert_eq!(
                client(Some(peer), &headers),
                expected.map(|ip| ip.parse().unwrap()),
                "{peer} {said:?}"
            );
        };
        is("192.0.2.1", &["198.51.100.7"], Some("198.51.100.7"));
        is("192.0.2.1", &["203.0.113.1, 198.51.100.7"], Some("198.51.100.7"));
        is("192.0.2.1", &["203.0.113.1", "198.51.100.7"], Some("198.51.100.7"));
        is("192.0.2.1", &["198.51.100.7, 192.0.2.9,2001:db8::5"], Some("198.51.100.7"));
        is("192.0.2.1", &["198.51.100.7:4711"], Some("198.51.100.7"));
        is("192.0.2.1", &["[2001:470::1]:4711"], Some("2001:470::1"));
        is("192.0.2.1", &["::ffff:198.51.100.7"], Some("198.51.100.7"));
        is("198.51.100.8", &["198.51.100.7"], Some("198.51.100.8"));
        is("192.0.2.1", &[], None);
        is("192.0.2.1", &["198.51.100.7, unknown"], None);
        is("192.0.2.1", &["192.0.2.9"], None);
        assert_eq!(client(None, &[("x-forwarded-for", b"198.51.100.7")]), None);
    }

    /// Addresses, and what stands in their place when a client is clever.
    const STATIONS: &[&[u8]] = &[
        b"192.0.2.1",
        b"192.0.2.255",
        b"2001:db8::9",
        b"::ffff:192.0.2.7",
        b"198.51.100.7",
        b"[2001:470::1]:80",
        b"203.0.113.9:1",
        b"unknown",
        b"_hidden",
        b"",
        b" ",
        b"192.0.2.1:99999",
        b"0300.0.2.1",
        b"192.0.2",
        b"3221225985",
        b"\xff",
        b"localhost",
        b"::",
        b"[::",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever strangers wrote in front, and however many headers it is spread over.
        #[test]
        fn nobody_chooses_their_own_address(
            lies in prop::collection::vec(prop::sample::select(STATIONS), 0..6),
            separate in any::<bool>(),
            proxies in prop::collection::vec(prop::sample::select(&STATIONS[..4]), 0..3),
        ) {
            let real: &[u8] = b"198.51.100.200";
            let stations: Vec<&[u8]> = lies.iter().chain([&real]).chain(&proxies).copied().collect();
            let joined = stations.join(&b", "[..]);
            let values: Vec<&[u8]> = if separate { stations } else { vec![&joined] };
            let headers: Vec<(&str, &[u8])> = values.into_iter().map(|value| ("x-forwarded-for", value)).collect();
            let request = request(Some("192.0.2.1"), &headers);
            let found = client(&config("/"), request.headers(), request.extensions());
            prop_assert_eq!(found, "198.51.100.200".parse().ok());
        }
    }
}
