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
        assert_eq!(client(Some(peer), &headers), expected.map(|ip| ip.parse().unwrap()), "{peer} {said:?}");
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
