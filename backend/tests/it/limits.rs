//! What the server bears, and from whom.

use crate::support::{Person, Server, Sim};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server with `limits` in its section of that name.
async fn start(limits: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let section = format!("[limits]\n{limits}\n\n[store]");
    let server = Server::start(&sim, |config| *config = config.replace("[store]", &section)).await;
    (sim, server)
}

async fn metric(server: &Server, name: &str) -> f64 {
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    let line = metrics.lines().find(|line| line.starts_with(name));
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn connections_that_nobody_uses_take_no_seat_from_those_who_come() {
    let (sim, server) = start("connections = 2").await;
    let address = server.url.trim_start_matches("http://");
    let mut idle = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /api/session HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
        idle.push(stream);
    }
    assert_eq!(metric(&server, "miandeng_connections ").await, 2.0);
    assert_eq!(metric(&server, "miandeng_connections_waited_total").await, 0.0);
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    assert!(metric(&server, "miandeng_connections_waited_total").await >= 1.0);
}
