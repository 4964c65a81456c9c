//! A server that keeps the heads of the requests that reached it, and answers each as a test wants it to. After a 101 it
//! is a WebSocket that echoes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Recorder {
    /// Host and port.
    pub address: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Recorder {
    /// `answer` makes an answer, head and body, of a request's head.
    pub async fn start(answer: fn(&str) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answer, Arc::clone(&kept)));
            }
        });
        Self { address, heads, task }
    }

    /// An application that upgrades to whatever it is asked for, and says 200 to the rest.
    pub async fn upgrading() -> Self {
        Self::start(|head| match value(head, "upgrade") {
            None => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into(),
            Some(protocol) => {
                let key = value(head, "sec-websocket-key").unwrap_or_default();
                let accept =
                    STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
                format!(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\
                     Sec-WebSocket-Accept: {accept}\r\n\r\n"
                )
            }
        })
        .await
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The value of the header `name`, in lower case, in a request's head.
pub fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

async fn serve(mut stream: TcpStream, answer: fn(&str) -> String, heads: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let answer = answer(&head);
    heads.lock().unwrap().push(head);
    stream.write_all(answer.as_bytes()).await.unwrap();
    if answer.starts_with("HTTP/1.1 101") {
        let _ = echo(&mut stream).await;
    }
}

/// Short text frames of a client come back as a server's (RFC 6455, 5.2).
async fn echo(stream: &mut TcpStream) -> std::io::Result<()> {
    loop {
        let mut start = [0; 6];
        stream.read_exact(&mut start).await?;
        let [kind, length, mask @ ..] = start;
        let mut text = vec![0; usize::from(length & 0x7f)];
        stream.read_exact(&mut text).await?;
        for (byte, mask) in text.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        stream.write_all(&[&[kind, length & 0x7f], text.as_slice()].concat()).await?;
    }
}
