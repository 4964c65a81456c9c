//! The audit log: one line for each login, logout and refusal, with names and addresses and without a secret.

use crate::support::{AGENT, CORP, Person, SUITE, Server, Sim, json_of};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// A server that writes JSON, and the lines of its audit log so far.
async fn server(sim: &Sim, top: &str) -> Server {
    Server::start(sim, |config| *config = format!("log = \"json\"\n{top}\n{config}")).await
}

/// The audit lines, once there are `count`.
async fn audited(server: &Server, count: usize) -> Vec<Value> {
    let log = server.log_with("\"target\":\"audit\"", count).await;
    // What is said of the configuration comes before there is a log.
    let lines = log.lines().filter(|line| !line.starts_with("warning: "));
    let lines = lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")));
    let audit: Vec<Value> = lines.filter(|line: &Value| line["target"] == "audit").collect();
    assert_eq!(audit.len(), count, "{audit:#?}");
    audit
}

/// Those fields of `line` that `expected` names.
fn part(line: &Value, expected: &Value) -> Value {
    expected.as_object().unwrap().keys().map(|key| (key.clone(), line[key].clone())).collect()
}

#[tokio::test]
async fn it_names_who_came_and_went_and_who_was_refused() {
    let sim = Sim::start(1).await;
    let server = server(&sim, "").await;
    let person = Person::new(&sim, &server);
    let user = json_of(person.login().await).await["user"].clone();
    let token = person.send(person.request(Method::POST, "/api/token")).await;
    let token = json_of(token).await["token"].as_str().unwrap().to_owned();
    let code = person.code_again().await;
    assert_eq!(person.post_code(&code).await.status(), StatusCode::OK);
    assert_eq!(person.post_code(&code).await.status(), StatusCode::CONFLICT);
    let cookies = person.cookie_header().unwrap();

    let foreign = |method, path| {
        person.http.request(method, format!("{}{path}", server.url)).header("origin", "https://evil.example")
    };
    let body = |corp| json!({ "corpId": corp, "agentId": AGENT, "code": &code });
    for refused in [
        foreign(Method::POST, "/api/login").json(&body(CORP)),
        foreign(Method::POST, "/api/login").json(&body("dingother")),
        foreign(Method::POST, "/api/token"),
        foreign(Method::DELETE, "/api/session").header("cookie", &cookies),
    ] {
        assert!(refused.send().await.unwrap().status().is_client_error());
    }
    person.send(person.request(Method::DELETE, "/api/session?everywhere=1")).await;

    let app = json!({ "corp": CORP, "agent": AGENT, "from": "127.0.0.1" });
    let who = json!({ "open_id": user["openId"], "union_id": user["unionId"], "user_id": user["userId"] });
    let with = |parts: &[&Value], more: Value| {
        let all = parts.iter().copied().chain([&more]).flat_map(|part| part.as_object().unwrap().clone());
        all.collect::<Value>()
    };
    let nobody = json!({ "open_id": null, "user_id": null });
    let login = "login";
    let expected = [
        with(&[&app, &who], json!({ "message": login, "result": "ok", "reason": "ok" })),
        with(&[&app, &who], json!({ "message": login, "result": "ok" })),
        with(&[&app, &nobody], json!({ "message": login, "result": "failed", "reason": "code_used" })),
        with(&[&app, &nobody], json!({ "message": login, "result": "failed", "reason": "cross_site" })),
        json!({ "message": "refused", "what": "login", "reason": "unknown_app", "from": "127.0.0.1", "value": format!("dingother/{AGENT}") }),
        json!({ "message": "refused", "what": "token", "reason": "cross_site", "value": "https://evil.example" }),
        json!({ "message": "refused", "what": "logout", "reason": "cross_site", "value": "https://evil.example" }),
        with(&[&app, &who], json!({ "message": "logout", "result": "ok", "everywhere": true })),
    ];
    let lines = audited(&server, expected.len()).await;
    for (line, expected) in lines.iter().zip(&expected) {
        assert_eq!(part(line, expected), *expected);
        assert!(line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
    }

    let log = server.log();
    let values = cookies.split("; ").filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    for secret in values.chain([token.as_str(), code.as_str(), "secret-of-", "王小明"]) {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn the_address_is_the_proxys_word_only_where_the_proxy_is_trusted() {
    let sim = Sim::start(1).await;
    for (trusted, from) in [("[]", "127.0.0.1"), ("[\"127.0.0.0/8\"]", "198.51.100.7")] {
        let server = server(&sim, &format!("trusted_proxies = {trusted}")).await;
        let person = Person::new(&sim, &server);
        let body = json!({ "corpId": CORP, "agentId": AGENT, "code": "x" });
        let login = person.request(Method::POST, "/api/login").json(&body);
        person.send(login.header("x-forwarded-for", "192.0.2.66, 198.51.100.7")).await;
        assert_eq!(audited(&server, 1).await[0]["from"], from, "{trusted}");
    }
}

/// Finding 9 of the penetration test: 15,263 lines a second.
#[tokio::test]
async fn p9_repeated_refusals_are_counted_and_not_written_one_by_one() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = format!("log = \"json\"\ntrusted_proxies = [\"127.0.0.1/32\"]\n{config}{SUITE}");
    })
    .await;
    let http = &sim.http;
    let login = |corp: &str| {
        let body = json!({ "corpId": corp, "agentId": AGENT, "code": "x" });
        http.post(format!("{}/api/login", server.url)).json(&body).header("origin", &server.url)
    };
    let push = |name: &str| http.post(format!("{}/dingtalk/suites/{name}/callback", server.url)).body("{}");
    let token = || http.post(format!("{}/api/token", server.url)).header("origin", "https://evil.example");
    let logout = || http.delete(format!("{}/api/session", server.url)).header("origin", "null");
    for address in ["198.51.100.7", "198.51.100.8"] {
        for _ in 0..20 {
            for request in [
                login(CORP),
                login("dingother"),
                push("main"),
                push("other"),
                push("another"),
                token(),
                logout(),
            ] {
                let answer = request.header("x-forwarded-for", address).send().await.unwrap();
                assert!(answer.status().is_client_error());
            }
        }
    }
    // Of each cause and address one; a suite that does not exist has no name.
    let lines = audited(&server, 2 * 6).await;
    for (what, level) in [("login", "WARN"), ("push", "WARN"), ("token", "WARN"), ("logout", "WARN")] {
        let of = |line: &&Value| line["what"] == what && line["level"] == level;
        assert_eq!(lines.iter().filter(of).count(), if what == "push" { 4 } else { 2 }, "{what}: {lines:#?}");
    }
}
