//! K9: what fails on the way to DingTalk, as the operator reads it: which host and why, once, and never a secret. And that
//! certificates and proxies can be named by the usual variables.

use crate::support::{Person, Redis, Server, Sim, free_port, impatient, json_of};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use reqwest::StatusCode;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const VALID: [i32; 2] = [2020, 3000];

const TROUBLE: &str = "DingTalk does not answer as it should";

/// An enterprise's own authority, in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    dir: PathBuf,
}

impl Authority {
    fn new(name: DnType, value: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(name, value);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let dir = std::env::temp_dir().join(format!("miandeng-ca-{}-{}", std::process::id(), free_port()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key), dir }
    }

    fn file(&self) -> (String, String) {
        ("SSL_CERT_FILE".to_owned(), self.dir.join("ca.pem").display().to_string())
    }

    /// What listens at `url` behind TLS for `host`, with a certificate of these years.
    async fn serve(&self, url: &str, host: &str, [from, to]: [i32; 2]) -> Tls {
        let mut params = CertificateParams::new([host.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (acceptor, target) =
            (TlsAcceptor::from(Arc::new(config)), url.split('/').nth(2).unwrap().to_owned());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut to = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut to).await;
                });
            }
        });
        Tls { port, task }
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

struct Tls {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Tls {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An egress proxy that tunnels, or answers with a refusal.
struct Proxy {
    port: u16,
    tunnels: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    async fn start(refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tunnels = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tunnels);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let (mut line, mut target) = (String::new(), String::new());
                    while stream.read_line(&mut line).await.unwrap() > 2 {
                        if target.is_empty() {
                            target = line.split(' ').nth(1).unwrap().to_owned();
                        }
                        line.clear();
                    }
                    if let Some(refusal) = refusal {
                        let answer =
                            format!("HTTP/1.1 {refusal}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                        return;
                    }
                    counted.fetch_add(1, Ordering::Relaxed);
                    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                    let mut to = TcpStream::connect(target).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut to).await;
                });
            }
        });
        Self { port, tunnels, task }
    }

    fn variable(&self, name: &str) -> (String, String) {
        (name.to_owned(), format!("http://user:proxy-secret-of-us@127.0.0.1:{}", self.port))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server for which DingTalk is at `url`.
async fn start(sim: &Sim, url: &str, environment: Vec<(String, String)>) -> Server {
    Server::start_in(environment, sim, |config| {
        impatient(config);
        for key in ["oapi_url", "api_url"] {
            *config = config.replace(&format!("{key} = \"{}\"", sim.url), &format!("{key} = \"{url}\""));
        }
    })
    .await
}

/// Two visits that fail, and the one line of them, which has these `parts`.
async fn says(sim: &Sim, server: &Server, parts: &[&str]) {
    for _ in 0..2 {
        let answer = Person::new(sim, server).config().await;
        assert!(answer.status().is_server_error(), "{}", answer.status());
    }
    let log = server.log_with(TROUBLE, 1).await;
    assert_eq!(log.matches(TROUBLE).count(), 1, "{log}");
    let line = log.lines().find(|line| line.contains(TROUBLE)).unwrap();
    for part in parts {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    for secret in ["secret-of", "access_token=", "channel_secret="] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert!(!log.contains("failed to verify"), "a library says it beside us: {log}");
}

#[tokio::test]
async fn k9_the_log_says_what_failed_on_the_way_to_a_host() {
    let sim = Sim::start(1).await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = sim.url.replace("http://", "https://");
    let closed = free_port();
    for (url, parts) in [
        (
            "https://no-such-host.invalid".to_owned(),
            &["host=\"no-such-host.invalid\"", "DNS: ", "does not resolve"][..],
        ),
        (
            format!("https://127.0.0.1:{closed}"),
            &["connect: the host takes no connection: Connection refused"],
        ),
        (
            format!("http://127.0.0.1:{closed}"),
            &["connect: the host takes no connection: Connection refused"],
        ),
        (format!("http://{}", silent.local_addr().unwrap()), &["cause=\"no answer in time\""]),
        (plain, &["TLS: this port does not speak TLS"]),
    ] {
        let server = start(&sim, &url, vec![]).await;
        says(&sim, &server, parts).await;
    }
}

#[tokio::test]
async fn k9_a_certificate_that_is_refused_is_named_by_its_issuer() {
    let sim = Sim::start(1).await;
    let corp = Authority::new(DnType::CommonName, "Corp Root 2024");
    let other = Authority::new(DnType::OrganizationName, "企业 Gateway");
    let untrusted = ["TLS: ", "UnknownIssuer", "issued by \\\"Corp Root 2024\\\"", "SSL_CERT_FILE"];
    let organisation = ["UnknownIssuer", "企业 Gateway"];
    let expired = ["TLS: ", "expired", "Corp Root 2024"];
    let early = ["TLS: ", "not valid yet", "Corp Root 2024"];
    let name = ["TLS: the certificate is for another name", "not valid for name", "Corp Root 2024"];
    for (served, trusted, host, years, parts) in [
        (&corp, None, "127.0.0.1", VALID, &untrusted[..]),
        (&corp, Some(&other), "127.0.0.1", VALID, &untrusted),
        (&other, Some(&corp), "127.0.0.1", VALID, &organisation),
        (&corp, Some(&corp), "127.0.0.1", [2020, 2021], &expired),
        (&corp, Some(&corp), "127.0.0.1", [3000, 3001], &early),
        (&corp, Some(&corp), "oapi.example.com", VALID, &name),
    ] {
        let tls = served.serve(&sim.url, host, years).await;
        let environment = trusted.map(Authority::file).into_iter().collect();
        let server = start(&sim, &format!("https://127.0.0.1:{}", tls.port), environment).await;
        says(&sim, &server, parts).await;
    }
}

#[tokio::test]
async fn k9_ssl_cert_file_and_the_proxies_of_the_environment_are_used() {
    let sim = Sim::start(1).await;
    let corp = Authority::new(DnType::CommonName, "Corp Root 2024");
    let tls = corp.serve(&sim.url, "localhost", VALID).await;
    let proxy = Proxy::start(None).await;
    let url = format!("https://localhost:{}", tls.port);
    let excluded = |value: &str| ("NO_PROXY".to_owned(), value.to_owned());
    for (variables, tunnelled) in [
        (vec![], false),
        (vec![proxy.variable("HTTPS_PROXY")], true),
        (vec![proxy.variable("https_proxy")], true),
        (vec![proxy.variable("ALL_PROXY")], true),
        (vec![proxy.variable("HTTP_PROXY")], false),
        (vec![proxy.variable("HTTPS_PROXY"), excluded("localhost")], false),
        (vec![proxy.variable("HTTPS_PROXY"), excluded("example.com,localhost")], false),
        (vec![proxy.variable("HTTPS_PROXY"), excluded("example.com")], true),
    ] {
        proxy.tunnels.store(0, Ordering::Relaxed);
        let environment = variables.iter().cloned().chain([corp.file()]).collect();
        let server = start(&sim, &url, environment).await;
        assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK, "{variables:?}");
        assert_eq!(proxy.tunnels.load(Ordering::Relaxed) > 0, tunnelled, "{variables:?}");
        let log = server.log();
        assert!(!log.contains(TROUBLE) && !log.contains("proxy-secret-of-us"), "{log}");
    }
}

#[tokio::test]
async fn k9_a_proxy_that_does_not_help_is_named() {
    let sim = Sim::start(1).await;
    let (password, forbids) = (
        Proxy::start(Some("407 Proxy Authentication Required")).await,
        Proxy::start(Some("403 Forbidden")).await,
    );
    let absent = ("HTTPS_PROXY".to_owned(), format!("http://127.0.0.1:{}", free_port()));
    let nowhere = ("HTTPS_PROXY".to_owned(), "http://no-such-proxy.invalid:3128".to_owned());
    let plain = sim.url.clone();
    let url = "https://oapi.example.com";
    for (url, variable, parts) in [
        (
            url,
            absent,
            &[
                "host=\"oapi.example.com\"",
                "connect: the proxy 127.0.0.1:",
                "takes no connection: Connection refused",
            ][..],
        ),
        (url, nowhere, &["DNS: the name of the proxy no-such-proxy.invalid:3128 does not resolve"]),
        (
            url,
            password.variable("HTTPS_PROXY"),
            &["the proxy 127.0.0.1:", "wants a password (407): put it into HTTPS_PROXY"],
        ),
        (url, forbids.variable("HTTPS_PROXY"), &["the proxy 127.0.0.1:", "makes no tunnel to it"]),
        (
            &plain,
            password.variable("HTTP_PROXY"),
            &["the proxy 127.0.0.1:", "wants a password (407): put it into HTTP_PROXY"],
        ),
    ] {
        let server = start(&sim, url, vec![variable]).await;
        says(&sim, &server, parts).await;
    }
}

#[tokio::test]
async fn k09_a_proxy_is_named_with_its_answer_or_its_silence() {
    let sim = Sim::start(1).await;
    let url = "https://oapi.example.com";
    for refusal in ["302 Found", "502 Bad Gateway", "403 Forbidden", "503 Service Unavailable"] {
        let proxy = Proxy::start(Some(refusal)).await;
        let server = start(&sim, url, vec![proxy.variable("HTTPS_PROXY")]).await;
        let named =
            format!("the proxy 127.0.0.1:{} makes no tunnel to it: HTTP {}", proxy.port, &refusal[..3]);
        says(&sim, &server, &[&named]).await;
    }
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:proxy-secret-of-us@{}", silent.local_addr().unwrap());
    let named = format!("the proxy {}", silent.local_addr().unwrap());
    for (url, variable) in [(url, "HTTPS_PROXY"), (url, "ALL_PROXY"), (&sim.url, "HTTP_PROXY")] {
        let server = start(&sim, url, vec![(variable.to_owned(), proxy.clone())]).await;
        says(&sim, &server, &[&named, "in time"]).await;
    }
}

#[tokio::test]
async fn k09_a_variable_that_names_no_proxy_is_warned_of_at_the_start() {
    let sim = Sim::start(1).await;
    for (variable, value) in [
        ("HTTPS_PROXY", "http://user:proxy-secret-of-us@"),
        ("https_proxy", "http://user:proxy-secret-of-us@127.0.0.1:port"),
        ("HTTP_PROXY", "http://user:proxy-secret#of-us@127.0.0.1:3128"),
        ("ALL_PROXY", "socks5://user:proxy-secret-of-us@127.0.0.1:1080"),
        ("https_proxy", "http//proxy-secret-of-us"),
    ] {
        let server = start(&sim, &sim.url, vec![(variable.to_owned(), value.to_owned())]).await;
        let log = server.log_with("names no proxy", 1).await;
        assert!(log.contains(&format!("variable=\"{variable}\"")), "{value}: {log}");
        Person::new(&sim, &server).config().await;
        let log = server.log();
        assert_eq!(log.matches("names no proxy").count(), 1, "{log}");
        assert!(!log.contains("proxy-secret"), "{value}: {log}");
    }
}

#[tokio::test]
async fn k09_json_that_is_no_answer_is_described_as_what_it_is() {
    let (sim, server) = crate::support::start("").await;
    let replies = [
        (200, "[]", "HTTP 200, application/json: a JSON list"),
        (200, " [{\"errcode\":0}]", "HTTP 200, application/json: a JSON list"),
        (200, "{}", "HTTP 200, application/json: an empty JSON object"),
        (200, "null", "HTTP 200, application/json: JSON null"),
        (200, "\"secret-of-them\"", "HTTP 200, application/json: a JSON text"),
        (200, "7", "HTTP 200, application/json: a JSON number"),
        (200, "", "HTTP 200, application/json: no JSON"),
        (502, "{\"reason\":\"secret-of-them\"}", "HTTP 502, application/json: a JSON object without a code"),
        (407, "{}", "HTTP 407: a proxy on the way that was not asked for wants a password"),
    ];
    for (status, body, part) in replies {
        sim.clear_faults().await;
        let reply = json!({ "status": status, "contentType": "application/json", "body": body });
        sim.fault(json!({ "endpoint": "/channel/get_channel_token", "times": 100, "reply": reply })).await;
        assert!(Person::new(&sim, &server).config().await.status().is_server_error(), "{body}");
        let log = server.log_with(part, 1).await;
        assert!(!log.contains("secret-of"), "{log}");
    }
}

/// A gateway on the way to either platform that speaks JSON is described as one that speaks HTML is.
#[tokio::test]
async fn k09_a_gateway_that_speaks_json_is_described_too() {
    const WECOM_TOKEN: &str = "/cgi-bin/gettoken";
    let replies = [
        (403, "{\"error\":\"blocked by policy\"}"),
        (403, "{\"error\":\"Forbidden\",\"message\":\"secret-of-them\"}"),
        (511, "{\"encoded\":\"secret-of-them\",\"error\":true}"),
        (200, "{\"message\":\"blocked by policy\"}"),
        (200, "{\"result\":\"deny\"}"),
        (200, "{\"errcode\":0,\"errmsg\":\"ok\"}"),
        (429, "{\"error\":\"rate limited\"}"),
    ];
    for (status, body) in replies {
        let sim = Sim::start(1).await;
        let server = Server::start(&sim, |config| crate::wecom::beside(config, &sim, "")).await;
        let reply = json!({ "status": status, "contentType": "application/problem+json", "body": body });
        for endpoint in ["/channel/get_channel_token", WECOM_TOKEN] {
            sim.fault(json!({ "endpoint": endpoint, "times": 100, "reply": reply })).await;
        }
        assert!(Person::new(&sim, &server).config().await.status().is_server_error(), "{body}");
        crate::wecom::log_in(&sim, &server).await;
        let part = format!("HTTP {status}, application/problem+json: a JSON object without a code");
        let log = server.log_with(&part, 2).await;
        for platform in ["DingTalk", "WeCom"] {
            let of_platform = format!("{platform} does not answer as it should");
            let lines: Vec<_> = log.lines().filter(|line| line.contains(&of_platform)).collect();
            assert!(
                matches!(lines[..], [line] if line.contains("host=\"127.0.0.1:") && line.contains(&part)),
                "{log}"
            );
        }
        assert!(!log.contains("secret-of"), "{log}");
    }
}

/// A refusal in the platform's own words is no trouble on the way.
#[tokio::test]
async fn k09_a_refusal_by_its_code_is_no_trouble_on_the_way() {
    let (sim, server) = crate::support::start("").await;
    for (status, body) in [
        (200, json!({ "errcode": 40035, "errmsg": "x" })),
        (400, json!({ "code": "invalidParameter", "message": "x" })),
        (403, json!({ "error_response": { "code": 15, "sub_code": "40035" } })),
        (500, json!({ "errcode": "60020", "errmsg": "x" })),
    ] {
        sim.clear_faults().await;
        let reply = json!({ "status": status, "body": body });
        sim.fault(json!({ "endpoint": "/channel/user/get_by_code", "times": 1, "reply": reply })).await;
        assert!(!Person::new(&sim, &server).login().await.status().is_success(), "{body}");
        let log = server.log();
        assert!(!log.contains(TROUBLE), "{body}: {log}");
    }
}

#[tokio::test]
async fn k9_an_answer_that_is_none_is_described_once_and_its_end_too() {
    const TOKEN: &str = "/channel/get_channel_token";
    let (sim, server) = crate::support::start("").await;
    let html = |status: u16, kind: &str| json!({ "status": status, "contentType": kind, "body": "<p>secret-of-them</p>" });
    let to = |target: &str| json!({ "status": 302, "headers": { "location": target }, "body": "" });
    let replies = [
        (html(200, "text/html; charset=utf-8"), "HTTP 200, text/html: no JSON"),
        (html(502, "text/plain"), "HTTP 502, text/plain: no JSON"),
        (html(503, "application/json"), "HTTP 503, application/json: no JSON"),
        (
            to("https://login.corp.example/?back=channel_secret%3Dsecret-of-us"),
            "HTTP 302: redirected to login.corp.example\"",
        ),
        (to("//portal.corp.example:8443/x"), "HTTP 302: redirected to portal.corp.example:8443\""),
    ];
    for (reply, part) in &replies {
        sim.clear_faults().await;
        sim.fault(json!({ "endpoint": TOKEN, "times": 100, "reply": reply })).await;
        for _ in 0..2 {
            assert!(Person::new(&sim, &server).config().await.status().is_server_error());
        }
        let log = server.log_with(part, 1).await;
        assert_eq!(log.matches(part).count(), 1, "{log}");
    }
    assert!(!server.log().contains("answers again"));
    sim.clear_faults().await;
    for _ in 0..2 {
        assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    }
    let log = server.log_with("DingTalk answers again", 1).await;
    assert_eq!(log.matches("DingTalk answers again").count(), 1, "{log}");
    assert_eq!(log.matches(TROUBLE).count(), replies.len(), "{log}");
    assert!(!log.contains("secret-of") && !log.contains("back="), "{log}");
}

#[tokio::test]
async fn k9_a_redis_behind_tls_is_believed_by_the_same_certificates() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let corp = Authority::new(DnType::CommonName, "Corp Root 2024");
    let tls = corp.serve(&redis.url(), "localhost", VALID).await;
    for (environment, word) in [(vec![corp.file()], "ready"), (vec![], "degraded")] {
        let server = Server::start_in(environment, &sim, |config| {
            let key = "[session]\nkey = \"AVJq0Pmu8vrhAVYk4ZJl9nH1bXzM3xQm0JtqL5c2d7E=\"\n[store]";
            let url = format!("rediss://localhost:{}/0", tls.port);
            *config = config.replace("[store]", key).replace("memory:", &url);
        })
        .await;
        assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
        let ready = reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap();
        assert_eq!(json_of(ready).await["status"], word);
        if word == "degraded" {
            let log = server.log_with("UnknownIssuer", 1).await;
            let line = log.lines().find(|line| line.contains("UnknownIssuer")).unwrap();
            assert!(line.contains("issued by") && line.contains("Corp Root 2024"), "{line}");
            assert!(line.contains("a CA of your own belongs into SSL_CERT_FILE"), "{line}");
        }
    }
}
