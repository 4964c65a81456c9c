//! What the proxy in front says of the request it asks about. Anybody can write these headers, so only a peer of
//! `trusted_proxies` is believed, and what it says decides where a person returns to, never who they are.

use crate::config::Config;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, header};
use miandeng_shared::return_path;
use std::net::{IpAddr, SocketAddr};

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

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

/// The address of whoever asks: the last one on the way here that is no trusted proxy. None where nobody says, which is
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

/// The page that the person asked for, as a return target: path and query on this origin. None where no trusted proxy
/// names one, and where it names something else.
pub fn deep_link(config: &Config, request: &Request) -> Option<String> {
    let raw = one(request.headers(), &URI).filter(|_| is_trusted(config, request))?;
    let link = printable(raw);
    let path = link.split(['?', '#']).next().unwrap_or_default();
    // Whoever returned to one of these would be sent to the login again.
    let ours = ["start", "auth"].iter().any(|route| path.strip_prefix(&config.base_path) == Some(*route));
    return_path(&link).filter(|_| !ours).map(str::to_owned)
}

/// Whether a person waits for a page, rather than a script for an answer.
pub fn is_navigation(config: &Config, request: &Request) -> bool {
    let headers = request.headers();
    if headers.contains_key(&SEC_FETCH_MODE) {
        return one(headers, &SEC_FETCH_MODE) == Some(b"navigate");
    }
    // A proxy asks with GET, whatever it was asked with itself.
    let method = match one(headers, &METHOD).filter(|_| is_trusted(config, request)) {
        Some(forwarded) => forwarded == b"GET",
        None => request.method() == Method::GET,
    };
    let accepts = |value: &HeaderValue| {
        value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("text/html"))
    };
    method && headers.get_all(header::ACCEPT).iter().any(accepts)
}

/// The only value of a header: two could be read differently by two programs.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
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
mod tests {
    use super::*;
    use axum::body::Body;
    use proptest::prelude::*;

    fn config(base_path: &str) -> Config {
        let text = format!(
            "public_url = \"https://h5.example.com\"\nbase_path = \"{base_path}\"\n\
             trusted_proxies = [\"192.0.2.0/24\", \"2001:db8::/32\"]\n[store]\nurl = \"memory:\"\n\
             [[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\""
        );
        crate::config::parse(&text, std::iter::empty()).config.unwrap()
    }

    /// A request from `peer` with these headers.
    fn request(peer: Option<&str>, headers: &[(&str, &[u8])]) -> Request {
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
        let headers: &[(&str, &[u8])] = &[("x-forwarded-uri", b"/orders/7?a=1")];
        for (peer, believed) in [
            (Some("192.0.2.1"), true),
            (Some("::ffff:192.0.2.1"), true),
            (Some("2001:db8::1"), true),
            (Some("192.0.3.1"), false),
            (Some("::1"), false),
            (None, false),
        ] {
            let link = deep_link(&config("/"), &request(peer, headers));
            assert_eq!(link.as_deref(), believed.then_some("/orders/7?a=1"), "{peer:?}");
        }
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

    #[test]
    fn a_deep_link_is_a_path_on_this_origin() {
        let link = |base, raw: &[u8]| {
            deep_link(&config(base), &request(Some("192.0.2.1"), &[("x-forwarded-uri", raw)]))
        };
        for good in
            ["/", "/a%2Fb?x=%2F+1&y=%E4%B8%AD", "/a?next=//b", "/start/x", "/starting", "/_miandeng/start"]
        {
            assert_eq!(link("/", good.as_bytes()).as_deref(), Some(good));
        }
        assert_eq!(link("/", "/中?q=文".as_bytes()).as_deref(), Some("/%E4%B8%AD?q=%E6%96%87"));
        assert_eq!(link("/", b"/\xff").as_deref(), Some("/%FF"));
        let long = format!("/{}", "a".repeat(3000));
        for hostile in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "https://evil.example/",
            "/%2f/evil",
            "/%5cevil",
            "javascript:alert(1)",
            "/a b",
            "/\t/evil",
            "/../a",
            "@evil.example",
            &long,
            "/start",
            "/start?a",
            "/auth",
        ] {
            assert_eq!(link("/", hostile.as_bytes()), None, "{hostile:?}");
        }
        assert_eq!(link("/_miandeng", b"/_miandeng/start?x"), None);
        assert_eq!(link("/_miandeng", b"/start?x").as_deref(), Some("/start?x"));
        let twice = request(Some("192.0.2.1"), &[("x-forwarded-uri", b"/a"), ("X-Forwarded-Uri", b"/b")]);
        assert_eq!(deep_link(&config("/"), &twice), None);
    }

    /// Addresses, and what stands in their place when somebody is clever.
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

        #[test]
        fn a_deep_link_of_any_bytes_stays_on_this_origin(
            front in prop::sample::select(&["/", "//", "/\\", "", "/.", "/%2"][..]),
            rest in prop::collection::vec(prop_oneof![prop::sample::select(&b"/\\.%2fe5c@:?#;a"[..]), 32..=255_u8], 0..20),
        ) {
            let raw: Vec<u8> = front.bytes().chain(rest).filter(|b| *b != 127).collect();
            if let Some(link) = deep_link(&config("/"), &request(Some("192.0.2.1"), &[("x-forwarded-uri", &raw)])) {
                let origin = url::Url::parse("https://h5.example.com/").unwrap();
                prop_assert_eq!(origin.join(&link).unwrap().origin(), origin.origin(), "{}", link);
            }
        }
    }

    #[test]
    fn a_person_waits_for_a_page() {
        let html: (&str, &[u8]) = ("accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        type Case<'a> = (&'a [(&'a str, &'a [u8])], bool);
        let cases: [Case<'_>; 9] = [
            (&[("sec-fetch-mode", b"navigate")], true),
            (&[("sec-fetch-mode", b"cors"), html], false),
            (&[("sec-fetch-mode", b""), html], false),
            (&[("sec-fetch-mode", b"navigate"), ("sec-fetch-mode", b"cors")], false),
            (&[html], true),
            (&[("accept", b"application/json"), html], true),
            (&[("accept", b"*/*")], false),
            (&[], false),
            (&[html, ("x-forwarded-method", b"POST")], false),
        ];
        for (headers, expected) in cases {
            let request = request(Some("192.0.2.1"), headers);
            assert_eq!(is_navigation(&config("/"), &request), expected, "{headers:?}");
        }
        let stranger = request(None, &[html, ("x-forwarded-method", b"POST")]);
        assert!(is_navigation(&config("/"), &stranger), "a stranger's word on the method counts for nothing");
    }
}
