//! What the server bears, and from whom.

use crate::support::{Person, SUITE, Server, Sim, json_of, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

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

/// A server that may make so many calls a minute for an application, a sixth of them at once.
async fn on_a_budget(per_minute: u32) -> (Sim, Server) {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        let budget = format!("max_calls_per_minute = {per_minute}\n\n[store]");
        *config = config.replace("[store]", &budget);
        config.push_str(
            "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
             channel_secret = \"channel-secret-of-dingcorp2\"\ncorp_secret = \"corp-secret-of-dingcorp2\"\n",
        );
    })
    .await;
    (sim, server)
}

#[tokio::test]
async fn over_its_budget_an_application_waits_its_codes_stay_good_and_others_log_in() {
    // Seven at once: five for the first login, two for the next; one more comes every second and a half.
    let (sim, server) = on_a_budget(42).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let mut logins = 0;
    let (code, refused) = loop {
        let code = person.code_again().await;
        let calls = sim.counts().await["/channel/user/get_by_code"];
        let answer = person.post_code(&code).await;
        if answer.status() != StatusCode::OK {
            // The budget may end between the code and the directory: then the code is spent, and the next one refused.
            if sim.counts().await["/channel/user/get_by_code"] == calls {
                break (code, answer);
            }
        }
        logins += 1;
        assert!(logins < 10, "never refused");
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait = refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    assert_eq!(json_of(refused).await["error"]["code"], "call_budget");
    assert!(metric(&server, "miandeng_upstream_refused_total{scope=\"app\"}").await >= 1.0);

    let mut other = Person::new(&sim, &server);
    other.corp = "dingcorp2".to_owned();
    assert_eq!(other.login().await.status(), StatusCode::OK, "another application has its own");

    // Nothing tells when there is something to spend again, so the code is offered until it is taken.
    until("an admitted login", async || {
        let answer = person.post_code(&code).await;
        assert_ne!(answer.status(), StatusCode::CONFLICT, "the code was never sent, so it is not used");
        sim.counts().await["/channel/user/get_by_code"] > logins + 2
    })
    .await;
}

#[tokio::test]
async fn a_ban_leaves_a_code_that_was_not_sent_usable() {
    let (sim, server) = crate::support::start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let ban = json!({ "status": 1111, "wait": 5, "punish": "deny" });
    sim.reply("/channel/user/get_by_code", 1, ban).await;
    let (sent, kept) = (person.code_again().await, person.code_again().await);
    assert_eq!(person.post_code(&sent).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(person.post_code(&sent).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..2 {
        let refused = json_of(person.post_code(&kept).await).await;
        assert_eq!(refused["error"]["code"], "platform_banned", "told of the ban and not of a used code");
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

/// A connection that sends nothing, or asks for what it will never read.
async fn silent(url: &str) -> TcpStream {
    TcpStream::connect(url.trim_start_matches("http://")).await.unwrap()
}

/// Whether `url` answers 200 within `seconds`.
async fn answers(url: &str, seconds: u64) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(seconds)).build().unwrap();
    client.get(url).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK)
}

/// Finding 6 of the penetration test: idle connections to the operator's listener took every descriptor, and with them
/// the public one.
#[tokio::test]
async fn p6_the_operators_listener_is_bounded() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |_| {}).await;
    let limit = format!("--nofile={0}:{0}", 256);
    let set = Command::new("prlimit").args(["--pid", &server.pid().to_string(), &limit]).status().unwrap();
    assert!(set.success());
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(silent(&server.ops_url).await);
    }
    let page = format!("{}/.well-known/jwks.json", server.url);
    assert!(answers(&page, 20).await, "the public listener has its own");
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    // Five times 64 of them have to be found silent, two seconds each.
    assert!(answers(&format!("{}/healthz", server.ops_url), 60).await, "probes get through");
    assert!(answers(&page, 20).await);
}

/// Finding 7: connections that read none of their answers held every seat for 130 s.
#[tokio::test]
async fn p7_unread_answers_hold_no_seat() {
    let (sim, server) = start("connections = 12").await;
    let page = reqwest::get(&server.url).await.unwrap().text().await.unwrap();
    let wasm = page.split(['"', '\'']).find(|part| part.ends_with(".wasm")).unwrap();
    let address: SocketAddr = server.url.trim_start_matches("http://").parse().unwrap();
    let get = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", wasm.trim_start_matches(['.', '/']));
    // Together more than the buffers on the way take, which is some megabytes.
    let mut stuck = Vec::new();
    for number in 0..12 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(get.repeat(30 + number).as_bytes()).await.unwrap();
        stuck.push(stream);
    }
    let seats = async || metric(&server, "miandeng_connections ").await;
    for _ in 0..3 {
        assert!(answers(&format!("{}/.well-known/jwks.json", server.url), 30).await);
        assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
    }
    assert!(metric(&server, "miandeng_connections_waited_total").await >= 1.0, "no seat was missing");
    // Where nothing waits they go, too.
    until("seats", async || seats().await <= 4.0).await;
}

/// A2 of the redesign: a store that swallows what it gets held `/readyz` for two seconds per suite, and probes failed.
#[tokio::test]
async fn a2_no_probe_waits_for_the_store() {
    let sim = Sim::start(1).await;
    let swallows = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = format!("redis://{}/0", swallows.local_addr().unwrap());
    let swallowing = tokio::spawn(async move {
        let mut all = Vec::new();
        while let Ok((stream, _)) = swallows.accept().await {
            all.push(stream);
        }
    });
    let second = SUITE.replace("\"main\"", "\"second\"").replace("suitekey1\"", "suitekey2\"");
    let server = Server::start(&sim, |config| {
        let key = "[session]\nkey = \"AVJq0Pmu8vrhAVYk4ZJl9nH1bXzM3xQm0JtqL5c2d7E=\"\n[store]";
        *config = config.replace("[store]", key).replace("memory:", &store);
        config.push_str(&format!("{SUITE}{second}"));
    })
    .await;
    for path in ["readyz", "metrics", "healthz"] {
        let probe = format!("{}/{path}", server.ops_url);
        let probes = futures_util::future::join_all((0..3).map(|_| answers(&probe, 1))).await;
        assert!(probes.contains(&true), "{path}");
    }
    let ready = reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap();
    assert_eq!(json_of(ready).await["status"], "degraded");
    swallowing.abort();
}

/// Finding 9: the callback answered everywhere, as often as it was asked.
#[tokio::test]
async fn p9_without_suites_there_is_no_callback() {
    let (sim, server) = start("").await;
    let based = Server::start(&sim, |config| *config = format!("base_path = \"/_miandeng\"\n{config}")).await;
    for base in [server.url.clone(), format!("{}/_miandeng", based.url)] {
        for name in ["main", "x", "%E4%B8%AD"] {
            let url = format!("{base}/dingtalk/suites/{name}/callback?signature=x&timestamp=1&nonce=n");
            for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
                let answer = sim.http.request(method.clone(), &url).body("{}").send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {url}");
                assert_eq!(json_of(answer).await["error"]["code"], "not_found", "{method} {url}");
            }
        }
    }
}

/// Behind proxies that are trusted, an address counts; else that of the connection. DingTalk's pushes are never held up.
#[tokio::test]
async fn p9_pushes_that_are_refused_are_few_and_genuine_ones_as_many_as_there_are() {
    for trusted in ["", "trusted_proxies = [\"127.0.0.1/32\"]\n"] {
        let sim = Sim::start(1).await;
        let server = Server::start(&sim, |config| *config = format!("{trusted}{config}{SUITE}")).await;
        let callback = format!("{}/dingtalk/suites/main/callback", server.url);
        sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
        let push = async |address: &str| {
            let request = sim.http.post(&callback).header("x-forwarded-for", address);
            let answer = request.body("{}").send().await.unwrap();
            (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
        };
        for _ in 0..60 {
            assert_eq!(push("198.51.100.7").await, (400, false));
        }
        assert_eq!(push("198.51.100.7").await, (429, true), "{trusted}");
        let other = push("198.51.100.8").await.0;
        assert_eq!(other, if trusted.is_empty() { 429 } else { 400 }, "{trusted}");
        assert!(metric(&server, "miandeng_address_refused_total{route=\"push\"}").await >= 1.0);
        let genuine = sim.post("/_sim/suites/suite1/ticket", json!({})).await;
        assert_eq!(genuine["ok"], true, "from the address that was refused: {genuine}");
    }
}
