use super::super::client_ip::tests::{config, request};
use super::*;
use proptest::prelude::*;

type Headers<'a> = &'a [(&'a str, &'a [u8])];

const PROXY: Option<&str> = Some("192.0.2.1");
const HTML: (&str, &[u8]) = ("accept", b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
const NAVIGATE: (&str, &[u8]) = ("sec-fetch-mode", b"navigate");
const URI: (&str, &[u8]) = ("x-forwarded-uri", b"/orders/7?a=1");
const REFERER: (&str, &[u8]) = ("referer", b"https://h5.example.com/form?id=1");

fn navigates(headers: Headers<'_>) -> bool {
    is_navigation(&config("/"), &request(PROXY, headers))
}

fn returns(base: &str, headers: Headers<'_>) -> Option<String> {
    return_to(&config(base), &request(PROXY, headers))
}

#[test]
fn a_person_waits_for_a_page() {
    let cases: [(Headers<'_>, bool); 14] = [
        (&[NAVIGATE], true),
        (&[NAVIGATE, ("sec-fetch-dest", b"iframe")], true),
        (&[("sec-fetch-mode", b"nested-navigate")], true),
        (&[NAVIGATE, ("x-requested-with", b"XMLHttpRequest")], true),
        (&[("sec-fetch-mode", b"cors"), HTML], false),
        (&[("sec-fetch-mode", b""), HTML], false),
        (&[NAVIGATE, ("sec-fetch-mode", b"cors")], false),
        (&[HTML], true),
        (&[("accept", b"application/json"), HTML], true),
        (&[("accept", b"*/*")], false),
        (&[("accept", b"text/html-fragment, application/json;v=\"text/html\"")], false),
        (&[], false),
        (&[HTML, ("x-forwarded-method", b"POST")], false),
        (&[HTML, ("x-forwarded-method", b"GET"), ("x-forwarded-method", b"GET")], false),
    ];
    for (headers, expected) in cases {
        assert_eq!(navigates(headers), expected, "{headers:?}");
    }
    let stranger = request(None, &[HTML, ("x-forwarded-method", b"POST")]);
    assert!(is_navigation(&config("/"), &stranger), "a stranger's word on the method counts for nothing");
}

#[test]
fn k05_a_script_bears_a_mark() {
    for mark in [
        ("x-requested-with", &b"XMLHttpRequest"[..]),
        ("x-requested-with", b"xmlhttprequest"),
        ("x-requested-with", b"swup"),
        ("x-requested-with", b"fetch"),
        ("x-requested-with", b"XMLHttpRequest, com.alibaba.android.rimet"),
        ("hx-request", b"true"),
        ("HX-Boosted", b"true"),
        ("fx-request", b"true"),
        ("x-pjax", b"true"),
        ("x-pjax-container", b"#main"),
        ("turbo-frame", b"cart"),
        ("turbolinks-referrer", b"https://h5.example.com/"),
        ("x-turbo-request-id", b"7"),
        ("x-up-version", b"3.10.2"),
        ("x-up-target", b".content"),
        ("x-inertia", b"true"),
        ("x-livewire", b""),
        ("x-livewire-navigate", b"1"),
        ("x-alpine-request", b"true"),
        ("datastar-request", b"true"),
        ("x-barba", b"yes"),
        ("faces-request", b"partial/ajax"),
        ("wicket-ajax", b"true"),
        ("x-csrf-token", b"t"),
        ("x-xsrf-token", b"t"),
        ("x-csrftoken", b"t"),
        ("x-ic-request", b"true"),
        ("x-ic-id", b"7"),
        ("x-xhr-referer", b"https://h5.example.com/"),
        ("x-gwt-permutation", b"A1"),
        ("x-gwt-module-base", b"https://h5.example.com/"),
        ("x-ajax", b"1"),
        ("x-ajax-navigation", b"1"),
        ("x-is-ajax-request", b"1"),
        ("ajax-request", b"true"),
        ("x-some-new-library-request", b"true"),
        ("x-october-request-handler", b"onLoad"),
        ("x-prototype-version", b"1.7"),
        ("requestverificationtoken", b"t"),
        ("x-moz", b"prefetch"),
        ("x-purpose", b"preview"),
        ("authorization", b"Bearer t"),
        ("authorization", b"bearer t"),
        ("authorization", b"t"),
        ("accept", b"*/*;q=0.01"),
        ("accept", b"*/* ; q = 0.01"),
        ("accept", b"*/*;q=0.0"),
        ("purpose", b"prefetch"),
        ("sec-purpose", b"prefetch;prerender"),
        ("sec-fetch-dest", b"empty"),
        ("accept", b"*/*; q=0.01"),
        ("accept", b"text/vnd.turbo-stream.html"),
        ("x-requested-with", b"axios/1.2.3"),
        ("x-requested-with", b"jquery-3.6.0"),
        ("content-type", b"application/json"),
        ("content-type", b"application/json; charset=utf-8"),
    ] {
        assert!(!navigates(&[HTML, mark]), "{mark:?}");
    }
    for jquery in [
        "text/html, */*; q=0.01",
        "text/html,*/*;q=0.01",
        "text/html , */* ;q=0.010",
        "text/html, */*; level=1; q=0.01",
        "text/html, */*;Q=0.01",
    ] {
        assert!(!navigates(&[("accept", jquery.as_bytes())]), "{jquery}: to another origin");
    }
    // Turbo 7, and what wants no HTML.
    for accept in ["text/html, application/xhtml+xml", "text/html;q=0", "text/html;q=0.000, application/json"]
    {
        assert!(!navigates(&[("accept", accept.as_bytes())]), "{accept}");
    }
    assert!(navigates(&[("accept", b"text/html")]));
    for no_mark in [
        ("x-requested-with", &b"com.alibaba.android.rimet"[..]),
        ("x-requested-with", b"com.tencent.mm"),
        ("x-requested-with", b"com.alibaba.dingtalk.pad"),
        ("x-requested-with", b"com.alibaba.taurus.enterprise"),
        ("x-requested-with", b""),
        ("authorization", b"Basic dTpw"),
        ("authorization", b"Negotiate YII="),
        ("x-request-id", b"7"),
        ("x-amzn-trace-id", b"Root=1"),
        ("x-oss-request-id", b"7"),
        ("x-real-ip", b"198.51.100.7"),
        ("accept", b"*/*;q=0.1"),
        ("upgrade-insecure-requests", b"1"),
        ("sec-fetch-dest", b"document"),
        ("sec-fetch-dest", b"iframe"),
        ("sec-fetch-site", b"same-origin"),
        ("x-forwarded-for", b"198.51.100.7"),
        ("cache-control", b"no-cache"),
        ("dnt", b"1"),
    ] {
        assert!(navigates(&[HTML, no_mark]), "{no_mark:?}");
    }
}

#[test]
fn k06_only_a_page_is_returned_to() {
    let page: [Headers<'_>; 4] = [
        &[NAVIGATE, URI],
        &[NAVIGATE, URI, ("x-forwarded-method", b"GET"), REFERER],
        &[HTML, URI, REFERER],
        &[NAVIGATE, URI, ("sec-fetch-dest", b"iframe"), REFERER],
    ];
    for headers in page {
        assert_eq!(returns("/", headers).as_deref(), Some("/orders/7?a=1"), "{headers:?}");
    }
    let no_page: [Headers<'_>; 9] = [
        &[NAVIGATE, URI, ("x-forwarded-method", b"POST")],
        &[NAVIGATE, URI, ("x-forwarded-method", b"PUT")],
        &[NAVIGATE, URI, ("x-forwarded-method", b"GET"), ("x-forwarded-method", b"POST")],
        // nginx has made a GET of it.
        &[NAVIGATE, URI, ("x-forwarded-method", b"GET"), ("origin", b"https://h5.example.com")],
        &[NAVIGATE, URI, ("content-type", b"multipart/form-data; boundary=x")],
        &[HTML, URI, ("content-type", b"application/x-www-form-urlencoded")],
        &[HTML, URI, ("x-requested-with", b"XMLHttpRequest")],
        &[URI, ("sec-fetch-mode", b"cors"), ("sec-fetch-dest", b"empty")],
        &[URI, ("accept", b"application/json")],
    ];
    for headers in no_page {
        assert_eq!(returns("/", headers), None, "{headers:?}");
        let referred: Vec<_> = headers.iter().copied().chain([REFERER]).collect();
        assert_eq!(returns("/", &referred).as_deref(), Some("/form?id=1"), "{headers:?}");
    }
}

#[test]
fn k06_a_referring_page_is_one_of_this_origin() {
    let returned = |base, referer: &[u8]| {
        returns(base, &[NAVIGATE, URI, ("x-forwarded-method", b"POST"), ("referer", referer)])
    };
    for (referer, page) in [
        ("https://h5.example.com/spa/a//b?x=1#part", Some("/spa/a//b?x=1")),
        ("https://H5.example.com:443/a", Some("/a")),
        ("https://h5.example.com/_miandengs", Some("/_miandengs")),
        ("https://h5.example.com", Some("/")),
        ("https://evil.example/a", None),
        ("http://h5.example.com/a", None),
        ("https://h5.example.com.evil.example/a", None),
        ("https://h5.example.com@evil.example/a", None),
        ("https://h5.example.com//evil.example", None),
        ("https://h5.example.com/..//evil.example", None),
        ("https://h5.example.com/_miandeng/?corpid=ding1&agentid=7", None),
        ("https://h5.example.com/_miandeng", None),
        ("/a", None),
        ("", None),
        ("about:blank", None),
        ("javascript:alert(1)", None),
    ] {
        assert_eq!(returned("/_miandeng", referer.as_bytes()).as_deref(), page, "{referer}");
    }
    assert_eq!(returned("/", b"https://h5.example.com/?corpid=ding1&agentid=7"), None, "the login page");
    assert_eq!(returned("/", b"https://h5.example.com/\xff"), None);
}

#[test]
fn a_page_to_return_to_is_a_path_on_this_origin() {
    let link = |base, raw: &[u8]| returns(base, &[NAVIGATE, ("x-forwarded-uri", raw)]);
    for good in [
        "/",
        "/a%2Fb?x=%2F+1&y=%E4%B8%AD",
        "/a?next=//b",
        "/start/x",
        "/starting",
        "/_miandeng/start",
        "/spa/a//b",
        "/view/https://x.example/doc",
    ] {
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
    for ours in ["/_miandeng/start?x", "/_miandeng/", "/_miandeng?corpid=ding1", "/_miandeng/api/session"] {
        assert_eq!(link("/_miandeng", ours.as_bytes()), None, "{ours}");
    }
    assert_eq!(link("/_miandeng", b"/start?x").as_deref(), Some("/start?x"));
    let stranger = request(Some("198.51.100.7"), &[NAVIGATE, URI]);
    assert_eq!(return_to(&config("/"), &stranger), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_to_return_to_of_any_bytes_stays_on_this_origin(
        front in prop::sample::select(&["/", "//", "/\\", "", "/.", "/%2", "/a/../"][..]),
        rest in prop::collection::vec(prop_oneof![prop::sample::select(&b"/\\.%2fe5c@:?#;a"[..]), 32..=255_u8], 0..20),
        posted in any::<bool>(),
    ) {
        let raw: Vec<u8> = front.bytes().chain(rest).filter(|b| *b != 127).collect();
        let referer = [b"https://h5.example.com", &raw[..]].concat();
        let method: &[u8] = if posted { b"POST" } else { b"GET" };
        let headers = [NAVIGATE, ("x-forwarded-uri", &raw[..]), ("x-forwarded-method", method), ("referer", &referer)];
        if let Some(link) = returns("/", &headers) {
            let origin = Url::parse("https://h5.example.com/").unwrap();
            let url = origin.join(&link).unwrap();
            prop_assert_eq!(url.origin(), origin.origin(), "{}", link);
            prop_assert!(!url.path().starts_with("//"), "{}", link);
        }
    }
}
