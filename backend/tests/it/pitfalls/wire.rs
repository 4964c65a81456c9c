//! HTTP as bytes, for requests that no proper client sends.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An answer, as far as tests look at it.
#[derive(Debug)]
pub struct Answer {
    /// None where the server hung up without one.
    pub status: Option<u16>,
    /// Status line, headers and body.
    pub text: String,
}

/// A server that still waits for more after this long will not answer; its own patience is half a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends `request` as it is to `url` and reads until the server closes.
pub async fn exchange(url: &str, request: &[u8]) -> Answer {
    let mut stream = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    // A server that refuses early closes while we still send.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(
        read.is_ok(),
        "no end of the answer to {:?}",
        String::from_utf8_lossy(&request[..request.len().min(200)])
    );
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    Answer { status, text }
}

/// A request of `line` with these headers, which may be bytes, and this body.
pub fn request(line: &str, headers: &[(&str, &[u8])], body: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = format!("{line} HTTP/1.1\r\n").into_bytes();
    let given = |name: &str| headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
    let length = body.map(|body| body.len().to_string());
    let mut needed: Vec<(&str, &[u8])> = Vec::new();
    if !given("Host") {
        needed.push(("Host", b"127.0.0.1"));
    }
    if let Some(length) = length.as_deref().filter(|_| !given("Content-Length")) {
        needed.push(("Content-Length", length.as_bytes()));
    }
    // Also beside another one: it ends the answer.
    needed.push(("Connection", b"close"));
    for (name, value) in headers.iter().copied().chain(needed) {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}
