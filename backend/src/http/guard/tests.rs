use super::*;
use crate::config;
use proptest::prelude::*;

fn config() -> Config {
    let text = r#"
        public_url = "https://h5.example.com"
        allowed_origins = ["https://www.example.com:8443"]
        [store]
        url = "memory:"
        [[apps]]
        corp_id = "dingcorp1"
        agent_id = "123456"
        kind = "channel"
        channel_secret = "s"
    "#;
    config::parse(text, std::iter::empty()).config.unwrap()
}

#[test]
fn pages_of_allowed_origins_are_signed() {
    for href in [
        "https://h5.example.com/?corpid=a&agentid=1",
        "https://h5.example.com:443/?corpid=a",
        "https://H5.example.com/",
        "https://h5.example.com",
        "https://www.example.com:8443/app/index.html?q=%E4%B8%AD#x",
        "https://h5.example.com/?q=中",
    ] {
        assert!(page_url(&config(), href).is_ok(), "{href}");
    }
}

#[test]
fn everything_else_is_not() {
    for href in [
        "https://evil.example/",
        "http://h5.example.com/",
        "https://h5.example.com:8443/",
        "https://h5.example.com.evil.example/",
        "https://evil.example/?https://h5.example.com/",
        "https://h5.example.com@evil.example/",
        "https://evil.example@h5.example.com/",
        "https://evil.example\\@h5.example.com/",
        "https://h5.example.com\\.evil.example/",
        "https:h5.example.com/",
        "https:///h5.example.com/",
        "//h5.example.com/",
        "/",
        "",
        " https://h5.example.com/",
        "https://h5.example.com/ x",
        "https://h5.example.com/\u{3000}",
        "https://h5.exa\tmple.com/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://h5。example.com/",
        "https://ｈ5.example.com/",
        "https://h5%2Eexample.com/",
        "https://h5.exam\u{ad}ple.com/",
        "https://h5.example.com:/",
        "https://h5.example.com:0443/",
    ] {
        assert!(page_url(&config(), href).is_err(), "{href:?}");
    }
    assert!(page_url(&config(), &format!("https://h5.example.com/?{}", "x".repeat(4096))).is_err());
}

/// What addresses are made of, and what attacks put there.
const PIECES: &[&str] = &[
    "https:",
    "http:",
    "HTTPS:",
    "//",
    "/",
    "\\",
    "h5.example.com",
    "H5.Example.COM",
    "www.example.com",
    ":8443",
    ":443",
    ":80",
    ":",
    "@",
    "evil.example",
    ".",
    "?",
    "#",
    "%2e",
    "%2f",
    "%40",
    "%5c",
    "。",
    "．",
    "／",
    "＠",
    "\u{ad}",
    "\u{200b}",
    "\t",
    "\n",
    " ",
    "a",
    "corpid=x",
    "&",
    "user:pw@",
    "[::1]",
    "[",
    "]",
    "xn--",
    "0",
    ";",
    "%",
];

fn href() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)
    ];
    let front =
        prop::sample::select(&["https://h5.example.com", "https://www.example.com:8443", "https://", ""][..]);
    (front, prop::collection::vec(piece, 0..8)).prop_map(|(front, rest)| front.to_owned() + &rest.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// However it is read, by this crate or by a program that cuts text, an address that is signed is one of ours.
    #[test]
    fn whatever_is_signed_is_ours_to_every_reader(href in href()) {
        if page_url(&config(), &href).is_ok() {
            let origin = Url::parse(&href).unwrap().origin().ascii_serialization();
            prop_assert!(["https://h5.example.com", "https://www.example.com:8443"].contains(&origin.as_str()));
            let rest = href.strip_prefix("https://").unwrap();
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !".:-".contains(c)).unwrap_or(rest.len());
            let ours = ["h5.example.com", "h5.example.com:443", "www.example.com:8443"];
            prop_assert!(ours.contains(&rest[..end].to_ascii_lowercase().as_str()), "{}", rest);
        }
    }
}
