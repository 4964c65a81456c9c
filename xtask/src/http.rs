//! As much HTTP as it takes to see whether a server answers.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);

/// The status of `GET path` on 127.0.0.1, or None where no HTTP is answered.
pub fn get(port: u16, path: &str) -> Option<u16> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    // Trunk answers a request that does not accept HTML with 404.
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html,*/*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    status(BufReader::new(stream))
}

fn status(mut answer: impl BufRead) -> Option<u16> {
    let mut line = String::new();
    answer.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_and_what_is_not_http_has_none() {
        assert_eq!(status(&b"HTTP/1.1 503 Busy\r\n\r\n"[..]), Some(503));
        for answer in [&b""[..], b"SSH-2.0-OpenSSH", b"HTTP/1.1 abc\r\n\r\n", b"\xff\xff"] {
            assert_eq!(status(answer), None);
        }
    }
}
