//! S4 to S10 and S31, the server's half: what a proxy is told, and what a request may say. `proxies/` has the other half,
//! through nginx and Caddy.

use super::wire::{Answer, exchange, request};
use super::{TARGETS, stays};
use crate::support::{AGENT, CORP, IDENTITY, Person, Server, Sim, start};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let lines = answer.text.split("\r\n\r\n").next().unwrap_or_default().lines();
    let mut found =
        lines.filter_map(|line| line.split_once(": ")).filter(|(found, _)| found.eq_ignore_ascii_case(name));
    let value = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{name} twice in {}", answer.text);
    value
}

#[tokio::test]
async fn s04_every_identity_header_is_there_even_when_it_is_empty() {
    let (sim, server) = start("").await;
    // A follower whom the directory does not know has no userid.
    let stranger = Person::named("stranger", &sim, &server);
    assert!(stranger.login().await.status().is_success());
    let cookie = stranger.cookie_header().unwrap();
    let spoofed: [(&str, &[u8]); 3] = [
        ("Cookie", cookie.as_bytes()),
        ("X-Miandeng-User-Id", b"manager"),
        ("X-Miandeng-Union-Id", b"manager"),
    ];
    let answer = exchange(&server.url, &request("GET /auth", &spoofed, None)).await;
    assert_eq!(answer.status, Some(200), "{}", answer.text);
    for name in IDENTITY {
        let value = header(&answer, name);
        assert!(value.is_some(), "{name} is missing in {}", answer.text);
        assert_ne!(value, Some("manager"));
    }
    assert_eq!(header(&answer, "X-Miandeng-User-Id"), Some(""));
}

#[tokio::test]
async fn s06_no_header_that_is_missing_opens_anything() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    let cookie = person.cookie_header().unwrap();
    // `Connection` asks whoever passes this on to remove headers. Each of them gone, or all of them, changes nothing.
    for named in [
        "close",
        "close, Cookie",
        "X-Forwarded-For",
        "X-Miandeng-User-Id, X-Miandeng-Jwt",
        "Origin, Host, Sec-Fetch-Mode",
    ] {
        let anonymous: [(&str, &[u8]); 1] = [("Connection", named.as_bytes())];
        assert_eq!(
            exchange(&server.url, &request("GET /auth", &anonymous, None)).await.status,
            Some(401),
            "{named}"
        );
        let known: [(&str, &[u8]); 2] = [("Connection", named.as_bytes()), ("Cookie", cookie.as_bytes())];
        assert_eq!(
            exchange(&server.url, &request("GET /auth", &known, None)).await.status,
            Some(200),
            "{named}"
        );
    }
    // Without an `Origin` nobody logs in and nobody gets a token.
    for line in ["POST /api/token", "POST /api/login"] {
        let body = format!("{{\"corpId\":\"{CORP}\",\"agentId\":\"{AGENT}\",\"code\":\"c\"}}");
        let headers: [(&str, &[u8]); 2] =
            [("Cookie", cookie.as_bytes()), ("Content-Type", b"application/json")];
        let answer = exchange(&server.url, &request(line, &headers, Some(body.as_bytes()))).await;
        assert_eq!(answer.status, Some(403), "{line}: {}", answer.text);
    }
}

/// A server under `base` that trusts a proxy on this machine, or nobody.
async fn behind(proxies: &str, base: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = format!("trusted_proxies = [{proxies}]\nbase_path = \"{base}\"\n{config}");
    })
    .await;
    (sim, server)
}

#[tokio::test]
async fn s07_nobody_but_a_trusted_proxy_is_believed() {
    // This machine is none of the trusted proxies.
    let (_sim, server) = behind("\"192.0.2.0/24\", \"2001:db8::/32\"", "/").await;
    let plain: [(&str, &[u8]); 1] = [("Sec-Fetch-Mode", b"navigate")];
    let expected = exchange(&server.url, &request("GET /start", &plain, None)).await;
    let expected = header(&expected, "location").unwrap();
    assert_eq!(expected, format!("{}/?corpid={CORP}&agentid={AGENT}", server.url));
    for (name, value) in [
        ("X-Forwarded-Uri", "/orders/7"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-For", "192.0.2.1, 127.0.0.1"),
        ("X-Real-Ip", "192.0.2.1"),
        ("Forwarded", "for=192.0.2.1;host=evil.example;proto=https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-Method", "POST"),
        ("X-Original-Uri", "/orders/7"),
        ("X-Original-Url", "https://evil.example/"),
        ("X-Auth-Request-Redirect", "https://evil.example/"),
        ("X-Rewrite-Url", "/orders/7"),
        ("Host", "evil.example"),
        ("Host", "evil.example:80, 127.0.0.1"),
        ("Host", ""),
    ] {
        for line in ["GET /start", "GET /auth?mode=redirect"] {
            let headers: [(&str, &[u8]); 3] =
                [plain[0], (name, value.as_bytes()), ("X-Forwarded-Uri", b"/orders/7")];
            let answer = exchange(&server.url, &request(line, &headers, None)).await;
            assert_eq!(header(&answer, "location"), Some(expected), "{line} with {name}: {value}");
        }
    }
}

#[tokio::test]
async fn s08_no_deep_link_of_a_proxy_sends_people_away() {
    for base in ["/", "/_miandeng"] {
        let (_sim, server) = behind("\"127.0.0.0/8\"", base).await;
        let page = format!("{}{}/?corpid={CORP}&agentid={AGENT}", server.url, base.trim_end_matches('/'));
        let base = base.trim_end_matches('/');
        let mut kept = 0;
        for target in TARGETS.refused.iter().chain(&TARGETS.harmless) {
            for line in [format!("GET {base}/start"), format!("GET {base}/auth?mode=redirect")] {
                let headers: [(&str, &[u8]); 2] =
                    [("Sec-Fetch-Mode", b"navigate"), ("X-Forwarded-Uri", target.as_bytes())];
                let answer = exchange(&server.url, &request(&line, &headers, None)).await;
                let Some(location) = header(&answer, "location") else {
                    // Not even a header, so no proxy can have sent it.
                    assert_eq!(answer.status, Some(400), "{line} with {target:?}: {}", answer.text);
                    continue;
                };
                assert_eq!(answer.status, Some(302), "{line} with {target:?}: {}", answer.text);
                let Some(word) = location.strip_prefix(&page).unwrap().strip_prefix("&next=") else {
                    continue;
                };
                let next = String::from_utf8(URL_SAFE_NO_PAD.decode(word).unwrap()).unwrap();
                assert!(stays(&server.url, &next), "{line} with {target:?}: {next}");
                kept += 1;
            }
        }
        assert!(kept >= 2 * TARGETS.harmless.len(), "{kept}");
    }
}

#[tokio::test]
async fn s10_no_user_agent_and_no_health_check_opens_anything() {
    let (_sim, server) = start("").await;
    for agent in [
        "kube-probe/1.30",
        "GoogleHC/1.0",
        "ELB-HealthChecker/2.0",
        "Prometheus/3.0",
        "curl/8",
        "AliApp(DingTalk/7.5.36)",
    ] {
        for line in ["GET /auth", "GET /auth?mode=redirect", "GET /api/session", "GET /start"] {
            let headers: [(&str, &[u8]); 1] = [("User-Agent", agent.as_bytes())];
            let answer = exchange(&server.url, &request(line, &headers, None)).await;
            assert_eq!(answer.status, Some(401), "{line} as {agent}: {}", answer.text);
        }
        for path in [
            "/healthz",
            "/readyz",
            "/metrics",
            "/ping",
            "/auth/healthz",
            "/healthz/../auth",
            "//metrics",
            "/metrics/",
        ] {
            let headers: [(&str, &[u8]); 1] = [("User-Agent", agent.as_bytes())];
            let answer = exchange(&server.url, &request(&format!("GET {path}"), &headers, None)).await;
            assert_eq!(answer.status, Some(404), "{path} on the public listener: {}", answer.text);
        }
    }
    let ops = exchange(&server.ops_url, &request("GET /healthz", &[], None)).await;
    assert_eq!(ops.status, Some(200));
    let ops = exchange(&server.ops_url, &request("GET /auth", &[], None)).await;
    assert_eq!(ops.status, Some(404));
}

#[tokio::test]
async fn s31_hosts_are_compared_in_one_form() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        let start = config.find("public_url").unwrap();
        let end = start + config[start..].find('\n').unwrap();
        config.replace_range(
            start..end,
            "public_url = \"HTTPS://H5.Example.COM:443/\"\nallowed_origins = [\"https://WWW.Example.com\"]",
        );
    })
    .await;
    let body = format!(
        "{{\"corpId\":\"{CORP}\",\"agentId\":\"{AGENT}\",\"timeStamp\":\"1\",\"nonceStr\":\"n\",\"url\":\"u\",\"signature\":\"s\",\"error\":\"1\"}}"
    );
    for (origin, allowed) in [
        ("https://h5.example.com", true),
        ("https://www.example.com", true),
        ("https://h5.example.com.", false),
        ("https://h5.example.com:8443", false),
        ("http://h5.example.com", false),
        ("https://example.com", false),
        ("https://xh5.example.com", false),
        ("https://h5.example.com.evil.example", false),
    ] {
        let headers: [(&str, &[u8]); 2] =
            [("Content-Type", b"application/json"), ("Origin", origin.as_bytes())];
        let answer =
            exchange(&server.url, &request("POST /api/report", &headers, Some(body.as_bytes()))).await;
        assert_eq!(answer.status, Some(if allowed { 204 } else { 403 }), "{origin}: {}", answer.text);
    }
    // Whatever host the request names, people are sent to the one that is configured.
    for host in ["h5.example.com", "H5.EXAMPLE.COM", "evil.example", "h5.example.com.", "127.0.0.1"] {
        let headers: [(&str, &[u8]); 2] = [("Host", host.as_bytes()), ("Sec-Fetch-Mode", b"navigate")];
        let answer = exchange(&server.url, &request("GET /start", &headers, None)).await;
        let page = format!("https://h5.example.com/?corpid={CORP}&agentid={AGENT}");
        assert_eq!(header(&answer, "location"), Some(page.as_str()), "{host}");
    }
}
