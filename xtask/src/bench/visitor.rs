//! One browser's worth of HTTP, over one connection: enough to log in many times and to look at the answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::stage::{AGENT, Server};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Visitor {
    port: u16,
    stream: BufReader<TcpStream>,
}

pub struct Answer {
    pub cookie: Option<String>,
    pub body: String,
}

impl Visitor {
    pub fn to(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("nobody listens")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { port, stream: BufReader::new(stream) })
    }

    /// Sends a request and reads its answer, which has to be a 200 with a length.
    pub fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.port,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let ok = line.starts_with("HTTP/1.1 200");
        let status = line.trim_end().to_owned();
        let (mut length, mut cookie) = (0, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse()?,
                "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if ok { Ok(Answer { cookie, body }) } else { bail!("{method} {path}: {status}: {body}") }
    }

    /// Opens the page of `corp`: its signature, and the login cookie.
    pub fn login_cookie(&mut self, server: &Server, corp: &str) -> Result<String> {
        let answer = self.ask("GET", &server.config_path(corp), "", "")?;
        answer.cookie.context("the answer has no login cookie")
    }

    /// A whole login.
    pub fn log_in(&mut self, server: &Server, corp: &str, code: &str) -> Result<Answer> {
        let cookie = self.login_cookie(server, corp)?;
        let headers =
            format!("Cookie: {cookie}\r\nOrigin: {}\r\nContent-Type: application/json\r\n", server.origin());
        let body = format!(r#"{{"corpId":"{corp}","agentId":"{AGENT}","code":"{code}"}}"#);
        self.ask("POST", "/api/login", &headers, &body)
    }
}
