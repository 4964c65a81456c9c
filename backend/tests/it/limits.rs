//! What the server bears, and from whom.

use crate::support::{Person, Server, Sim};
use reqwest::StatusCode;
use serde_json::{Value, json};
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

/// A login attempt by somebody at `forwarded_for`, through a proxy on this machine: status, error and Retry-After.
async fn knock(server: &Server, route: &str, forwarded_for: &str) -> (u16, String, Option<u64>) {
    let client = reqwest::Client::new();
    let request = match route {
        "login" => client.post(format!("{}/api/login", server.url)).json(&json!({})),
        _ => client.get(format!("{}/api/config", server.url)),
    };
    let answer = request.header("x-forwarded-for", forwarded_for).send().await.unwrap();
    let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"]["code"].as_str().unwrap().to_owned(), wait)
}

async fn behind_proxy(trusted: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("state_dir", &format!("trusted_proxies = [{trusted}]\nstate_dir"));
        *config =
            config.replace("[store]", "[limits]\nlogins_per_minute = 3\nconfigs_per_minute = 3\n[store]");
    })
    .await;
    (sim, server)
}

#[tokio::test]
async fn behind_a_trusted_proxy_an_address_that_asks_too_often_waits_and_nobody_else() {
    let (_sim, server) = behind_proxy("\"127.0.0.0/8\"").await;
    for route in ["login", "config"] {
        for _ in 0..3 {
            assert_eq!(knock(&server, route, "203.0.113.9, 198.51.100.7").await.0, 400);
        }
        // Whatever it says of those behind it, it stays the same address.
        let (status, code, wait) = knock(&server, route, "203.0.113.10, 198.51.100.7").await;
        assert_eq!((status, code.as_str()), (429, "too_many_requests"));
        assert!((1..=20).contains(&wait.unwrap()), "{wait:?}");
        assert_eq!(knock(&server, route, "198.51.100.8").await.0, 400, "somebody else");
        for last in 1..=4 {
            let household = format!("2001:db8:0:1::{last}");
            assert_eq!(knock(&server, route, &household).await.0, if last < 4 { 400 } else { 429 });
        }
        assert_eq!(knock(&server, route, "2001:db8:0:2::1").await.0, 400, "another household");
        let refused = format!("miandeng_address_refused_total{{route=\"{route}\"}}");
        assert_eq!(metric(&server, &refused).await, 2.0);
    }
}

#[tokio::test]
async fn without_trusted_proxies_no_address_is_counted() {
    for trusted in ["", "\"192.0.2.0/24\""] {
        let (_sim, server) = behind_proxy(trusted).await;
        let mut last = 0;
        for number in 0..4 {
            last = knock(&server, "login", &format!("198.51.100.{number}")).await.0;
        }
        // With a proxy elsewhere, whoever connects directly counts by the address of the connection.
        assert_eq!(last, if trusted.is_empty() { 400 } else { 429 });
    }
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
