//! HTTP as bytes, for requests that no proper client sends.

use serde_json::Value;
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An answer, as far as tests look at it.
pub struct Answer {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
}

impl Answer {
    fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "not understood here: {head}");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {head}"));
        Self { status, head: head.into(), body: body.into() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.head, self.body))
    }

    /// The value of the header `name`, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// Sends `line`, a method and a target and perhaps a version, with `headers` as they are and `body`, over plain HTTP to
/// `url`.
pub async fn send(url: &str, line: &str, headers: &[String], body: &str) -> Answer {
    let address = url.trim_start_matches("http://");
    let version = if line.contains(" HTTP/") { "" } else { " HTTP/1.1" };
    let mut request = format!("{line}{version}\r\nHost: {address}\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    // Whatever else a test writes into a Connection of its own, this one ends the answer.
    request.push_str("Connection: close\r\n");
    if !body.is_empty() && !headers.iter().any(|header| header.starts_with("Transfer-Encoding")) {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body);
    Answer::read(&exchange(address, request.as_bytes()).await)
}

/// What comes back for `request` until the connection ends. A server may answer and hang up before it has read all.
pub async fn exchange(address: &str, request: &[u8]) -> String {
    let (mut reader, mut writer) = tokio::net::TcpStream::connect(address).await.unwrap().into_split();
    let mut answer = Vec::new();
    let (_, _) = tokio::join!(writer.write_all(request), reader.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

/// One request over HTTP/2 and TLS to a site with a certificate of its own making.
pub async fn send_http2(url: &str, line: &str, headers: &[String]) -> Answer {
    let (method, target) = line.split_once(' ').unwrap();
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--insecure",
        "--http2",
        "--path-as-is",
        "--globoff",
        "--include",
        "--request",
        method,
    ]);
    for header in headers {
        curl.args(["--header", header]);
    }
    curl.arg(format!("{url}{target}"));
    // The application answers in this thread.
    let output = tokio::task::spawn_blocking(move || curl.output()).await.unwrap();
    let output = output.unwrap_or_else(|e| panic!("curl: {e}; `cargo xtask test` installs it"));
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.starts_with("HTTP/2 "), "{line}: {answer}{}", String::from_utf8_lossy(&output.stderr));
    Answer::read(&answer)
}
