//! The smallest program behind FastCGI: like PHP it sees a request as a set of variables, and it answers with them.
//! The protocol: <https://fastcgi-archives.github.io/FastCGI_Specification.html>.

use serde_json::Value;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const STDOUT: u8 = 6;
const END_REQUEST: u8 = 3;

pub struct FastCgi {
    /// Host and port.
    pub address: String,
    task: tokio::task::JoinHandle<()>,
}

impl FastCgi {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        });
        Self { address, task }
    }
}

impl Drop for FastCgi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request of one connection, as nginx makes them.
async fn answer(mut stream: TcpStream) {
    let (mut params, mut body) = (Vec::new(), Vec::new());
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).await.unwrap();
        let [_, kind, _, _, high, low, padding, _] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut content = vec![0; length + usize::from(padding)];
        stream.read_exact(&mut content).await.unwrap();
        match kind {
            PARAMS => params.extend(&content[..length]),
            STDIN if length == 0 => break,
            STDIN => body.extend(&content[..length]),
            _ => {}
        }
    }
    let mut variables = variables(&params);
    // A record of the answer holds 64 KB.
    variables.insert("length".into(), body.len().into());
    body.truncate(1000);
    variables.insert("body".into(), String::from_utf8(body).unwrap().into());
    let json = serde_json::to_string(&variables).unwrap();
    let output = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}", json.len());
    for (kind, content) in [(STDOUT, output.as_bytes()), (STDOUT, b""), (END_REQUEST, &[0; 8])] {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        stream.write_all(&[1, kind, 0, 1, high, low, 0, 0]).await.unwrap();
        stream.write_all(content).await.unwrap();
    }
}

/// The variables as PHP has them in `$_SERVER`: of two with one name the last one counts.
fn variables(mut params: &[u8]) -> BTreeMap<String, Value> {
    let mut variables = BTreeMap::new();
    let length = |params: &mut &[u8]| {
        let long = params[0] & 0x80 != 0;
        let (bytes, rest) = params.split_at(if long { 4 } else { 1 });
        *params = rest;
        let [first, others @ ..] = bytes else { unreachable!() };
        others.iter().fold(usize::from(first & 0x7f), |length, &byte| length << 8 | usize::from(byte))
    };
    while !params.is_empty() {
        let (name, value) = (length(&mut params), length(&mut params));
        let (pair, rest) = params.split_at(name + value);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        variables.insert(text(&pair[..name]), text(&pair[name..]).into());
        params = rest;
    }
    variables
}
