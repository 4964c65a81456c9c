//! As much HTTP as it takes to see whether a server answers, and to speak to chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Starting a browser and loading a page take seconds, everything else less.
const PATIENCE: Duration = Duration::from_secs(30);

/// The status of `GET path` on 127.0.0.1, or None while nobody answers in HTTP.
pub fn get(port: u16, path: &str) -> Option<u16> {
    request(port, "GET", path, "").map(|(status, _)| status)
}

/// Status and body of an exchange with a server on 127.0.0.1.
pub fn request(port: u16, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    // Trunk answers a request that does not accept HTML with 404.
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html,*/*\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    read_answer(BufReader::new(stream))
}

fn read_answer(mut reader: impl BufRead) -> Option<(u16, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/1."))?;
    let status = words.next()?.parse().ok()?;
    let mut length = None;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        }
    }
    // Without a length, and in chunks, the body ends with the connection; nobody here reads such a body closely.
    let mut body = Vec::new();
    reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body).ok()?;
    Some((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn an_answer_is_read_from_a_real_socket_that_stays_open() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 16];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nwait, and more").unwrap();
            (stream, String::from_utf8(request.to_vec()).unwrap())
        });
        assert_eq!(request(port, "GET", "/readyz", ""), Some((503, "wait".to_owned())));
        let (stream, asked) = server.join().unwrap();
        assert_eq!(asked, "GET /readyz HTTP");
        drop(stream);
        assert_eq!(get(port, "/readyz"), None, "the listener is closed");
    }

    #[test]
    fn a_body_without_length_ends_with_the_connection() {
        let answer = &b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello"[..];
        assert_eq!(read_answer(answer), Some((200, "hello".to_owned())));
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for answer in [&b""[..], b"SSH-2.0-OpenSSH", b"HTTP/1.1 abc\r\n\r\n", b"\xff\xff"] {
            assert_eq!(read_answer(answer), None);
        }
    }
}
