//! Refusals that only an operator can end: who writes them down, how often, and with what; and connections that end.

use crate::support::{AGENT, CORP, Person, SUITE, Server, Sim, json_of, start};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn json_log(top: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| *config = format!("log = \"json\"\n{top}\n{config}")).await;
    (sim, server)
}

/// The lines with this message, once there are so many.
async fn lines(server: &Server, message: &str, count: usize) -> Vec<Value> {
    let log = server.log_with(message, count).await;
    // What the configuration is warned of stands before the log.
    let all = log.lines().filter(|line| line.starts_with('{'));
    let all = all.map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message))).collect()
}

#[tokio::test]
async fn k17_a_forwarding_header_that_is_dropped_is_in_the_log_once() {
    for (trusted, dropped) in [("[]", true), ("[\"192.0.2.0/24\"]", true), ("[\"127.0.0.0/8\"]", false)] {
        let (sim, server) = json_log(&format!("trusted_proxies = {trusted}")).await;
        let get = |path: &str| sim.http.get(format!("{}{path}", server.url));
        // Nothing to drop.
        assert!(get("/").header("x-request-id", "7").send().await.is_ok());
        let login = sim.http.post(format!("{}/api/login", server.url)).json(&json!({}));
        for request in [
            get("/start").header("x-forwarded-uri", "/orders"),
            get("/auth").header("x-forwarded-method", "POST"),
            get("/").header("x-forwarded-for", "198.51.100.7"),
            get("/api/config").header("x-forwarded-proto", "https"),
            get("/nothing").header("x-forwarded-host", "h5.example.com"),
            login.header("x-forwarded-for", "198.51.100.7"),
        ] {
            request.send().await.unwrap();
        }
        // A line that follows all of them.
        let foreign =
            sim.http.post(format!("{}/api/token", server.url)).header("origin", "https://evil.example");
        foreign.send().await.unwrap();
        lines(&server, "refused before the login", 1).await;
        let said = lines(&server, "a forwarding header is dropped", usize::from(dropped)).await;
        assert_eq!(said.len(), usize::from(dropped), "{trusted}: {said:#?}");
        for line in said {
            assert_eq!((&line["level"], &line["address"]), (&json!("WARN"), &json!("127.0.0.1")));
            assert_eq!(line["header"], "x-forwarded-uri");
            assert!(line["message"].as_str().unwrap().contains("trusted_proxies"));
        }
    }
}

/// Headers that this server never reads are of proxies all the same.
#[tokio::test]
async fn k17_a_proxy_is_known_by_whatever_header_it_sends() {
    for header in
        ["forwarded", "x-forwarded", "x-real-ip", "x-original-uri", "x-original-url", "true-client-ip"]
    {
        let (sim, server) = json_log("trusted_proxies = [\"192.0.2.1\"]").await;
        for path in ["/", "/auth"] {
            sim.http.get(format!("{}{path}", server.url)).header(header, "192.0.2.7").send().await.unwrap();
        }
        let said = lines(&server, "a forwarding header is dropped", 1).await;
        assert_eq!(said.len(), 1, "{said:#?}");
        assert_eq!((&said[0]["header"], &said[0]["address"]), (&json!(header), &json!("127.0.0.1")));
        assert!(said[0]["message"].as_str().unwrap().contains("trusted_proxies"));
    }
}

/// Requests of one cause, with the code that the log names, what is to be changed, and the value that does not fit.
type Cause = (&'static str, Vec<RequestBuilder>, &'static str, &'static str);

fn causes(person: &Person<'_>, url: &str) -> Vec<Cause> {
    let get = |path: &str| person.http.get(format!("{url}{path}"));
    let config = |app: &str, page: &str| get(&format!("/api/config?{app}&url={page}"));
    let post = |path: &str, origin: &str| {
        let request = person.http.post(format!("{url}{path}")).header("origin", origin);
        request.json(&json!({ "corpId": CORP, "agentId": AGENT, "code": "c" }))
    };
    let app = format!("corpid={CORP}&agentid={AGENT}");
    let long = format!("mode={}", "x".repeat(500));
    vec![
        (
            "unknown_app",
            vec![config("corpid=dingother&agentid=7", ""), config("corpid=ding3&agentid=8", "")],
            "[[apps]]",
            "dingother/7",
        ),
        (
            "invalid_request",
            vec![
                config("corpid=$CORPID$&agentid=7", ""),
                config("corpid=&agentid=7", ""),
                config("agentid=7", ""),
            ],
            "corpid",
            "$CORPID$",
        ),
        ("invalid_request", vec![config("corpid=dingcorp1", "")], "agentid", ""),
        (
            "origin_not_allowed",
            vec![
                config(&app, "https://www.evil.example:8443/a?secret=s"),
                config(&app, "http://h5.example.com/"),
            ],
            "public_url or allowed_origins",
            "https://www.evil.example:8443",
        ),
        (
            "cross_site",
            vec![
                post("/api/login", "https://old.example.com"),
                post("/api/report", "null"),
                post("/api/token", "https://\"evil\".example"),
            ],
            "public_url or allowed_origins, for this Origin",
            "https://old.example.com",
        ),
        (
            "unknown_app",
            vec![get("/auth?corpid=dingcorp9&agentid=7"), get("/auth?corpid=ding3&agentid=7&mode=redirect")],
            "[[apps]], or corpid and agentid of the proxy's /auth",
            "dingcorp9/7",
        ),
        (
            "unknown_app",
            vec![get("/start?corpid=dingcorp9&agentid=7").header("sec-fetch-mode", "navigate")],
            "[[apps]], or corpid and agentid of the proxy's /start",
            "dingcorp9/7",
        ),
        (
            "auth_misconfigured",
            vec![get("/auth?corpid=dingcorp1&token=secret")],
            "corpid, agentid or mode in the query of the proxy's /auth",
            "corpid=dingcorp1&token=…",
        ),
        (
            "auth_misconfigured",
            vec![get(&format!("/start?{long}"))],
            "corpid, agentid or mode in the query of the proxy's /start",
            "mode=xxxxxxxx",
        ),
        (
            "link_placeholder",
            vec![get("/?corpid=$CORPID$&agentid=7&token=secret")],
            MENU,
            "corpid=$CORPID$&agentid=7&token=…",
        ),
        (
            "link_incomplete",
            vec![get("/?corpid=ding1&token%3Dsecret%26x"), get("/?agentid=7")],
            MENU,
            "corpid=ding1",
        ),
        (
            "link_invalid",
            vec![get("/?corpid=a%20b&agentid=7"), get("/?corpid=a&corpid=b&agentid=7")],
            MENU,
            "corpid=a b",
        ),
        (
            "invalid_request",
            vec![
                get(&format!("/api/config?{app}&url=ftp://name:secret@x/?token=secret")),
                get(&format!("/api/config?{app}&url=http://a@x/")),
                get(&format!("/api/config?{app}&sign=2")),
                get(&format!("/api/config?{app}&url=a&url=b")),
            ],
            CONFIG,
            "x/",
        ),
        (
            "url_required",
            vec![get(&format!("/api/config?{app}")).header("referer", "https://other.example/?token=secret")],
            CONFIG,
            "https://other.example/",
        ),
    ]
}

const MENU: &str = "corpid and agentid in the address of the menu";
const CONFIG: &str = "the page that asks /api/config, or a proxy before it";

#[tokio::test]
async fn refusals_before_the_login_are_one_line_a_minute_and_a_number() {
    let (sim, server) = json_log("").await;
    let person = Person::new(&sim, &server);
    let mut counts = std::collections::BTreeMap::new();
    let causes = causes(&person, &server.url);
    let mut expected = Vec::new();
    for (reason, requests, change, value) in causes {
        for request in requests {
            // Twice each: what repeats is only counted.
            for request in [request.try_clone().unwrap(), request] {
                let status = request.send().await.unwrap().status();
                let is_page = reason.starts_with("link_") && status == StatusCode::OK;
                assert!(
                    status.is_client_error() || status == StatusCode::FOUND || is_page,
                    "{reason}: {status}"
                );
                *counts.entry(reason).or_insert(0) += 1;
            }
        }
        expected.push((reason, change, value));
    }
    let said = lines(&server, "refused before the login", expected.len()).await;
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (line, (reason, change, value)) in said.iter().zip(expected) {
        assert_eq!(
            (&line["level"], &line["reason"], &line["change"]),
            (&json!("WARN"), &json!(reason), &json!(change))
        );
        let shown = line["value"].as_str().unwrap();
        assert!(shown.contains(value) && shown.len() < 120, "{shown} for {value}");
    }
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    for (reason, count) in counts {
        let line = format!("miandeng_refused_total{{reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    let log = server.log();
    let ours = log.lines().filter(|line| line.contains("refused before the login"));
    assert!(ours.into_iter().all(|line| !line.contains("secret")));
}

/// Each guard that is written wrongly is one to mend, and strangers cannot fill the log with them.
#[tokio::test]
async fn every_wrong_question_of_a_proxy_is_one_line_and_their_number_is_bounded() {
    let (sim, server) = json_log("").await;
    let get = |query: &str| sim.http.get(format!("{}/auth?{query}", server.url)).send();
    let wrong = ["agentid=7", "corpid=ding1", "mode=Redirect", "corpid=ding2"];
    for query in wrong.iter().chain(&wrong) {
        assert_eq!(get(query).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let said = lines(&server, "refused before the login", wrong.len()).await;
    let values: Vec<_> = said.iter().map(|line| line["value"].as_str().unwrap().trim_matches('"')).collect();
    assert_eq!(values, wrong);
    for i in 0..200 {
        get(&format!("mode=m{i}")).await.unwrap();
    }
    let foreign = sim.http.post(format!("{}/api/token", server.url)).header("origin", "https://evil.example");
    foreign.send().await.unwrap();
    server.log_with("https://evil.example", 1).await;
    let said = lines(&server, "refused before the login", 10).await;
    assert!(said.len() < 40, "{}", said.len());
}

#[tokio::test]
async fn what_is_in_order_is_no_refusal() {
    let (sim, server) = json_log("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    for path in ["/auth", "/auth?corpid=dingcorp1&agentid=123456", "/start", "/api/session", "/"] {
        person.request(Method::GET, path).send().await.unwrap();
        sim.http.get(format!("{}{path}", server.url)).send().await.unwrap();
    }
    assert!(!server.log().contains("refused before the login"));
}

#[tokio::test]
async fn a_page_that_could_not_be_signed_is_a_failed_login() {
    for (endpoint, reply, reason) in [
        ("/channel/get_channel_token", json!({ "errcode": 40089, "errmsg": "bad" }), "app_misconfigured"),
        (
            "/channel/get_channel_jsapi_ticket",
            json!({ "errcode": 90018, "errmsg": "busy" }),
            "platform_throttled",
        ),
        ("/channel/get_channel_jsapi_ticket", json!("<html>"), "platform_bad_answer"),
    ] {
        let (sim, server) = start("").await;
        sim.reply(endpoint, 9, reply).await;
        let person = Person::new(&sim, &server);
        let answer = person.config().await;
        let status = answer.status();
        let code = json_of(answer).await["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert!(status.is_server_error() && code == reason, "{endpoint}: {status} {code}");
        let metrics =
            reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
        let line = format!(
            "miandeng_logins_total{{corp=\"{CORP}\",agent=\"{AGENT}\",result=\"failed\",reason=\"{code}\"}} 1"
        );
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

/// However many people come, a cause that stays is a line a minute.
#[tokio::test]
async fn a_failure_that_every_visit_meets_is_one_line() {
    let (sim, server) = json_log("").await;
    sim.reply("/channel/get_channel_jsapi_ticket", 99, json!({ "errcode": 52010, "errmsg": "bad" })).await;
    let person = Person::new(&sim, &server);
    for _ in 0..5 {
        assert!(person.config().await.status().is_server_error());
    }
    sim.reply("/channel/get_channel_jsapi_ticket", 99, json!({ "errcode": 90018, "errmsg": "busy" })).await;
    for _ in 0..5 {
        assert!(person.config().await.status().is_server_error());
    }
    for message in ["page not signed", "no credential was given"] {
        let said = lines(&server, message, 1).await;
        let errors: Vec<_> = said.iter().map(|line| line["error"].as_str().unwrap()).collect();
        assert!((1..=2).contains(&errors.len()), "{message}: {errors:?}");
        assert!(errors[0].contains("52010"), "{message}: {errors:?}");
    }
}

/// Redesign A6: the store and DingTalk, which may know the application of a suite, are not asked for a request that is
/// refused anyway.
#[tokio::test]
async fn a_login_from_elsewhere_is_refused_before_its_application_is_looked_up() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| config.push_str(SUITE)).await;
    for corp in ["dingcust1", "dingnobody", "dingcust2"] {
        for origin in [Some("https://evil.example"), Some("null"), None] {
            sim.clear_journal().await;
            let body = json!({ "corpId": corp, "agentId": "3000000000001", "code": "c" });
            let request = sim.http.post(format!("{}/api/login", server.url)).json(&body);
            let request =
                origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{corp} {origin:?}");
            assert_eq!(json_of(answer).await["error"]["code"], "cross_site");
            assert_eq!(sim.total().await, 0, "{corp} {origin:?}");
        }
    }
}

/// Finding 13: the next request of a proxy is lost where the connection ends without a word.
#[tokio::test]
async fn a_connection_whose_body_never_comes_is_said_to_end() {
    let (_sim, server) = start("").await;
    for (line, framing) in [
        ("POST /auth", "Content-Length: 10"),
        ("GET /auth?mode=redirect", "Content-Length: 2000000"),
        ("PUT /start", "Transfer-Encoding: chunked"),
        ("POST /auth?mode=", "Content-Length: 1"),
    ] {
        let mut stream =
            tokio::net::TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
        let head = format!("{line} HTTP/1.1\r\nHost: h5.example.com\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{line}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{line}: {answer}");
    }
    // One without a body goes on.
    let mut stream = tokio::net::TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    for framing in ["", "Content-Length: 0\r\n"] {
        let head = format!("GET /auth HTTP/1.1\r\nHost: h5.example.com\r\n{framing}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 4096];
        let read = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]).to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 401") && !answer.contains("connection: close"), "{answer}");
    }
}
