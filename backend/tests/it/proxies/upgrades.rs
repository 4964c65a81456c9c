//! After a 101 a proxy looks at nothing any more, so only WebSocket may get one (pentest 1).

use super::{SCRIPT, behind_both, logged_in, site};
use crate::support::recorder::value;
use crate::support::{Kind, Recorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

behind_both!(no_upgrade_but_websocket_passes, a_websocket_reaches_the_application_and_knows_its_visitor);

const HANDSHAKE: &str =
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

/// The head of what answers `GET path` with these lines, and the connection.
async fn upgrade(url: &str, path: &str, lines: &[&str]) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n\r\n", lines.join("\r\n"));
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (String::from_utf8(head).unwrap(), stream)
}

async fn no_upgrade_but_websocket_passes(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let app = Recorder::upgrading().await;
    let front = site.before(kind, &app.address).await;
    let settings = "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA";
    for protocol in [
        "h2c",
        "H2C",
        "websocket, h2c",
        "h2c, websocket",
        "h2c,websocket",
        "websocket,h2c",
        ", websocket",
        "websocket,",
        "websocket/13",
        "\"websocket\"",
        "websocketx",
        "web socket",
        "websocket;h2c",
        "TLS/1.3",
        "HTTP/2.0",
        "HTTP/2.0, SHTTP/1.3",
        "spdy/3.1",
        "raw",
        "tcp",
        "connect-udp",
    ] {
        let upgrades = format!("Upgrade: {protocol}");
        for (path, cookie) in [("/public/x", "X-Other: 1"), ("/orders", &cookie), ("/orders", SCRIPT[0])] {
            for connection in
                ["Connection: Upgrade", "Connection: Upgrade, HTTP2-Settings", "Connection: keep-alive"]
            {
                let (head, _) = upgrade(front.url(), path, &[&upgrades, settings, connection, cookie]).await;
                assert!(head.starts_with("HTTP/1.1 400 "), "{protocol} at {path}: {head}");
            }
        }
    }
    assert_eq!(app.heads(), Vec::<String>::new());
    // Of two fields proxies see the first, the last, or both.
    for two in [["websocket", "h2c"], ["h2c", "websocket"], ["websocket", "websocket"]] {
        let [first, second] = two.map(|protocol| format!("Upgrade: {protocol}"));
        upgrade(front.url(), "/public/x", &[&first, &second, settings, "Connection: Upgrade"]).await;
    }
    // What is no upgrade passes, but for its settings.
    let (head, _) = upgrade(front.url(), "/public/x", &[settings]).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    for head in app.heads() {
        let named = head.to_lowercase();
        assert!(!named.contains("h2c") && !named.contains("http2-settings"), "{head}");
    }
}

async fn a_websocket_reaches_the_application_and_knows_its_visitor(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let app = Recorder::upgrading().await;
    let front = site.before(kind, &app.address).await;
    for spelt in ["websocket", "WebSocket", "WEBSOCKET"] {
        let protocol = format!("Upgrade: {spelt}");
        for path in ["/public/live", "/orders/live?room=1"] {
            let lines = [protocol.as_str(), HANDSHAKE, &cookie, "X-Miandeng-User-Id: evil"];
            let (head, mut stream) = upgrade(front.url(), path, &lines).await;
            assert!(head.starts_with("HTTP/1.1 101 "), "{path}: {head}");
            assert_eq!(value(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
            // "Hello" masked, and as it comes back (RFC 6455, 5.7).
            let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
            stream.write_all(&masked).await.unwrap();
            let mut echoed = [0; 7];
            stream.read_exact(&mut echoed).await.unwrap();
            assert_eq!(&echoed, b"\x81\x05Hello");

            let received = app.heads().pop().unwrap();
            assert!(received.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{received}");
            let user = if path.starts_with("/public/") { "" } else { "userid-employee-dingcorp1" };
            assert_eq!(value(&received, "x-miandeng-user-id").unwrap_or_default(), user, "{received}");
            assert_eq!(value(&received, "cookie").unwrap_or_default(), "", "{received}");
        }
    }
    let reached = app.heads().len();
    let (head, _) = upgrade(front.url(), "/orders/live", &["Upgrade: websocket", HANDSHAKE, SCRIPT[0]]).await;
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    assert_eq!(app.heads().len(), reached);
}
