//! Requests that nobody means well with, to every route: never a server error, never a session, never a secret.

use super::wire::{Answer, exchange, request};
use crate::support::{AGENT, CORP, IDENTITY, Person, SUITE, Server, Sim};
use reqwest::Method;

/// Every public route with what it needs to be understood.
struct Route {
    line: String,
    body: Option<String>,
}

fn routes() -> Vec<Route> {
    let app = format!("corpid={CORP}&agentid={AGENT}");
    let ids = format!("\"corpId\":\"{CORP}\",\"agentId\":\"{AGENT}\"");
    let route = |line: &str, body: Option<String>| Route { line: line.to_owned(), body };
    vec![
        route(&format!("GET /?{app}"), None),
        route(&format!("GET /api/config?{app}&url=http://127.0.0.1/"), None),
        route("POST /api/login", Some(format!("{{{ids},\"code\":\"hostile\"}}"))),
        route("GET /api/session", None),
        route("DELETE /api/session?everywhere=1", None),
        route(
            "POST /api/report",
            Some(format!(
                "{{{ids},\"timeStamp\":\"1\",\"nonceStr\":\"n\",\"url\":\"u\",\"signature\":\"s\",\"error\":\"52013\"}}"
            )),
        ),
        route("POST /api/token", Some(String::new())),
        route(&format!("GET /auth?{app}"), None),
        route("GET /auth?mode=redirect", None),
        route(&format!("GET /start?{app}"), None),
        route("GET /.well-known/jwks.json", None),
        route(
            "POST /dingtalk/suites/main/callback?signature=x&timestamp=1&nonce=n",
            Some("{\"encrypt\":\"x\"}".into()),
        ),
        route("GET /nothing.js", None),
        route("OPTIONS /api/login", None),
    ]
}

/// A server with a secret session, so that there is something to be stolen.
async fn start() -> (Sim, Server) {
    let (sim, server) = crate::support::start(SUITE).await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    (sim, server)
}

/// What holds for every answer to a stranger, whatever was asked.
fn harmless(answer: &Answer, context: &str) {
    let Answer { status, text } = answer;
    assert!(status.is_none_or(|status| (200..500).contains(&status)), "{context}: {text}");
    let lower = text.to_ascii_lowercase();
    assert!(
        !lower.contains("set-cookie: miandeng=") && !lower.contains("set-cookie: miandeng-"),
        "{context}: {text}"
    );
    for secret in [
        "secret-of",
        "userid-",
        "unionid-",
        "jsapi_ticket",
        "access_token",
        "panicked",
        ".rs:",
        "stack backtrace",
    ] {
        assert!(!text.contains(secret), "{context}: {secret} in {text}");
    }
    if lower.contains("x-miandeng-user-id") {
        assert_ne!(*status, Some(200), "{context}: {text}");
    }
}

/// Nothing of it has shaken the server.
async fn unshaken(sim: &Sim, server: &Server) {
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
    assert!(!log.contains("secret-of"), "{log}");
    let person = Person::new(sim, server);
    assert!(person.login().await.status().is_success());
    assert!(person.session().await.status().is_success());
}

#[tokio::test]
async fn hostile_headers_get_nowhere() {
    let (sim, server) = start().await;
    let long = vec![b'a'; 7000];
    let host = server.url.trim_start_matches("http://").to_owned();
    let (ours, port) = (server.url.as_bytes(), host.rsplit(':').next().unwrap().to_owned());
    let bytes = |text: String| text.into_bytes();
    let binary: Vec<u8> = (1..=255).filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect();
    let mut headers: Vec<(&str, Vec<u8>)> = Vec::new();
    for origin in [
        "null".to_owned(),
        String::new(),
        "*".into(),
        "http://".into(),
        "http://127.0.0.1".into(),
        format!("http://127.0.0.1.:{port}"),
        format!("http://localhost:{port}"),
        format!("HTTP://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}.evil.example"),
        format!("http://user@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}@evil.example"),
        format!("http://127.0.0.1:{port} http://evil.example"),
        format!("http://evil.example http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:0{port}"),
        format!("http://127.1:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("127.0.0.1:{port}"),
        format!("//127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}%00"),
        format!("\"http://127.0.0.1:{port}\""),
        "https://evil.example".into(),
        "file://".into(),
        "dingtalk://x".into(),
    ] {
        headers.push(("Origin", bytes(origin)));
    }
    let others = [
        "x_miandeng_user_id",
        "X-MIANDENG-USER-ID",
        "X-Miandeng_User-Id",
        "X.Miandeng.User.Id",
        "X-Forwarded-User",
        "X-Auth-Request-User",
        "Remote-User",
        "Authorization",
        "X-Original-Url",
        "X-Rewrite-Url",
        "X-Http-Method-Override",
        "X-Forwarded-Uri",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-For",
        "X-Forwarded-Method",
        "X-Forwarded-Prefix",
        "Forwarded",
        "X-Real-Ip",
        "True-Client-Ip",
        "Referer",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Accept-Language",
        "Accept-Encoding",
        "Accept",
        "Content-Type",
        "User-Agent",
        "Host",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "If-None-Match",
        "Range",
        "Expect",
        "TE",
        "Upgrade",
    ];
    for name in IDENTITY.into_iter().chain(others) {
        for value in [
            &b""[..],
            b"userid-employee-dingcorp1",
            b"//evil.example/",
            b"https://evil.example/",
            b"null",
            b"-1",
            b"\xff\xfe",
            "企业".as_bytes(),
            &binary,
            &long,
        ] {
            headers.push((name, value.to_vec()));
        }
    }
    for language in ["*;q=1e999", "zh;q=,en;q=-1", ";;;,,,", "en;q=NaN,zh;q=inf", &"en,".repeat(1500)] {
        headers.push(("Accept-Language", bytes(language.to_owned())));
    }
    for name in ["Connection"] {
        for value in [
            "close, X-Miandeng-User-Id",
            "close, Cookie, Origin, Host",
            "close, keep-alive, upgrade, ,",
            "close, \u{ff}",
        ] {
            headers.push((name, bytes(value.to_owned())));
        }
    }
    for route in routes() {
        let body = route.body.as_deref().map(str::as_bytes);
        for (name, value) in &headers {
            let mut all: Vec<(&str, &[u8])> = vec![(name, value)];
            if body.is_some() && *name != "Content-Type" {
                all.push(("Content-Type", b"application/json"));
            }
            let context = format!(
                "{} with {name}: {}",
                route.line,
                String::from_utf8_lossy(&value[..value.len().min(80)])
            );
            let answer = exchange(&server.url, &request(&route.line, &all, body)).await;
            harmless(&answer, &context);
            // A foreign origin may neither read nor write.
            if *name == "Origin" && value.as_slice() != ours {
                assert!(
                    !answer.text.to_ascii_lowercase().contains("access-control-allow-origin"),
                    "{context}: {}",
                    answer.text
                );
                if route.line.starts_with("POST /api/") || route.line.starts_with("DELETE") {
                    assert!(
                        matches!(answer.status, Some(400 | 403 | 404 | 405)),
                        "{context}: {}",
                        answer.text
                    );
                }
            }
            // The same header twice.
            all.push((name, b"second"));
            harmless(
                &exchange(&server.url, &request(&route.line, &all, body)).await,
                &format!("{context}, twice"),
            );
        }
    }
    unshaken(&sim, &server).await;
}

#[tokio::test]
async fn hostile_requests_get_nowhere() {
    let (sim, server) = start().await;
    let host = server.url.trim_start_matches("http://").to_owned();
    let many: String = (0..200).map(|n| format!("X-{n}: a\r\n")).collect();
    let long = "a".repeat(600_000);
    for raw in [
        "\r\n\r\n".to_owned(),
        "GET\r\n\r\n".into(),
        "GET / HTTP/9.9\r\n\r\n".into(),
        "GET / HTTP/1.0\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03\x03\r\n\r\n".into(),
        format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("CONNECT evil.example:443 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("OPTIONS * HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("TRACE / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("BREW /api/session HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        "GET http://evil.example/api/session HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
            .into(),
        format!("GET //evil.example/%2e%2e HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /..%2f..%2fCargo.toml HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /%00 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /%ff%fe HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET //etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /api/session\0 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /?corpid=\u{4f01}&agentid=\u{7f} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!("GET /?{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "a=b&".repeat(15_000)),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n{many}Connection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: {long}\r\nConnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\n X-Folded: a\r\n\tb\r\nConnection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /api/session HTTP/1.1\r\n\r\n"
        ),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\n{{}}   "
        ),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\nConnection: close\r\n\r\n"
        ),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\n"
        ),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"
        ),
        format!(
            "POST /api/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n"
        ),
    ] {
        let answer = exchange(&server.url, raw.as_bytes()).await;
        let shown: String = raw.chars().take(120).collect();
        harmless(&answer, &format!("{shown:?}"));
        assert!(
            answer.text.matches("HTTP/1.1 ").count() <= 1,
            "two answers to one request: {shown:?}: {}",
            answer.text
        );
    }
    unshaken(&sim, &server).await;
}

#[tokio::test]
async fn hostile_bodies_get_nowhere() {
    let (sim, server) = start().await;
    let person = Person::new(&sim, &server);
    let fresh = person.code().await;
    let cookie = person.cookie_header().unwrap();
    let ids = format!("\"corpId\":\"{CORP}\",\"agentId\":\"{AGENT}\"");
    let deep = format!("{}{}", "[".repeat(8000), "]".repeat(8000));
    let deep_object = format!("{{{ids},\"code\":{}1{}}}", "{\"a\":".repeat(2000), "}".repeat(2000));
    let text = |text: &str| text.as_bytes().to_vec();
    let utf16: Vec<u8> =
        format!("{{{ids},\"code\":\"{fresh}\"}}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bodies: Vec<Vec<u8>> = vec![
        vec![],
        text("null"),
        text("0"),
        text("\"\""),
        text("[]"),
        text("{"),
        text("{}"),
        text("{}{}"),
        text("{\"corpId\"}"),
        text("{'corpId':'x'}"),
        text(&deep),
        text(&deep_object),
        text(&format!("{{{ids},\"code\":1e999}}")),
        text(&format!("{{{ids},\"code\":true}}")),
        text(&format!("{{{ids},\"code\":[\"{fresh}\"]}}")),
        text(&format!("{{{ids},\"code\":{{\"$ne\":null}}}}")),
        text(&format!("{{{ids},\"code\":\"\\ud800\"}}")),
        text(&format!("{{{ids},\"code\":\"\\u0000\"}}")),
        text(&format!("{{{ids},\"code\":\"a&access_token=b\"}}")),
        text(&format!("{{{ids},\"code\":\"../../gettoken?x\"}}")),
        // Whose code is it, of two? A proxy or a log in front may have read the other.
        text(&format!("{{{ids},\"code\":\"other\",\"code\":\"{fresh}\"}}")),
        text(&format!("{{\"corpId\":\"dingother\",{ids},\"code\":\"{fresh}\"}}")),
        text(&format!("{{{ids},\"code\":\"{fresh}\"}} trailing")),
        text(&format!("\u{feff}{{{ids},\"code\":\"{fresh}\"}}")),
        utf16,
        b"\xff\xfe\x00".to_vec(),
        [b"{\"corpId\":\"".as_slice(), &[0xff; 40], b"\"}"].concat(),
        vec![b' '; 16 * 1024],
        vec![b'x'; 17 * 1024],
        vec![0; 200_000],
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec(),
    ];
    let types = [
        "application/json",
        "application/json; charset=utf-16",
        "APPLICATION/JSON",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/jsonp",
        "",
        "\u{ff}",
    ];
    for path in ["/api/login", "/api/report", "/api/token", "/dingtalk/suites/main/callback"] {
        for content_type in types {
            for body in &bodies {
                let headers: [(&str, &[u8]); 3] = [
                    ("Content-Type", content_type.as_bytes()),
                    ("Origin", server.url.as_bytes()),
                    ("Cookie", cookie.as_bytes()),
                ];
                let answer =
                    exchange(&server.url, &request(&format!("POST {path}"), &headers, Some(body))).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
                let context = format!("POST {path} as {content_type:?} with {shown:?}");
                harmless(&answer, &context);
                if path == "/api/login" {
                    assert!(
                        matches!(answer.status, Some(400 | 401 | 409 | 413 | 415)),
                        "{context}: {}",
                        answer.text
                    );
                }
            }
        }
    }
    // The code has been shown to it a hundred times in wrong clothes, and is still good.
    assert!(person.post_code(&fresh).await.status().is_success());
    let compressed = person.request(Method::POST, "/api/login").header("content-encoding", "gzip");
    let compressed = compressed.header("content-type", "application/json").body(vec![0x1f, 0x8b, 8, 0]);
    assert_eq!(compressed.send().await.unwrap().status().as_u16(), 400);
    unshaken(&sim, &server).await;
}
