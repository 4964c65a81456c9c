//! The public routes: what they take, what they refuse, and what never leaves them.

use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, report_of, start};
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};

async fn refused(response: Response, status: u16, code: &str) -> Value {
    let got = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
    let cache = response.headers().get(header::CACHE_CONTROL).cloned();
    let body = json_of(response).await;
    assert_eq!((got, body["error"]["code"].as_str()), (status, Some(code)), "{body}");
    assert_eq!(content_type.unwrap(), "application/json");
    assert_eq!(cache.unwrap(), "no-store");
    body
}

#[tokio::test]
async fn config_refuses_bad_input_by_name() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let page = person.page();
    let long = "x".repeat(65);
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'static str, &'static str);
    let cases: &[Case<'_>] = &[
        (&[], 400, "invalid_request", "corpid"),
        (&[("corpid", CORP)], 400, "invalid_request", "agentid"),
        (&[("corpid", "$CORPID$"), ("agentid", AGENT)], 400, "invalid_request", "corpid"),
        (&[("corpid", &long), ("agentid", AGENT)], 400, "invalid_request", "corpid"),
        (&[("corpid", "ding corp"), ("agentid", AGENT)], 400, "invalid_request", "corpid"),
        (&[("corpid", CORP), ("corpid", CORP), ("agentid", AGENT)], 400, "invalid_request", "corpid"),
        (&[("corpid", "dingother"), ("agentid", AGENT), ("url", &page)], 404, "unknown_app", ""),
        (&[("corpid", CORP), ("agentid", "7"), ("url", &page)], 404, "unknown_app", ""),
        (&[("corpid", CORP), ("agentid", AGENT)], 400, "url_required", ""),
        (&[("corpid", CORP), ("agentid", AGENT), ("url", "")], 400, "url_required", ""),
        (&[("corpid", CORP), ("agentid", AGENT), ("url", "/")], 400, "invalid_request", "url"),
        (
            &[("corpid", CORP), ("agentid", AGENT), ("url", "https://evil.example/")],
            403,
            "origin_not_allowed",
            "",
        ),
        (
            &[("corpid", CORP), ("agentid", AGENT), ("url", &page), ("sign", "2")],
            400,
            "invalid_request",
            "sign",
        ),
    ];
    for (query, status, code, field) in cases {
        let answer = person.request(Method::GET, "/api/config").query(query).send().await.unwrap();
        let body = refused(answer, *status, code).await;
        assert!(body["error"]["message"].as_str().unwrap().contains(field), "{body}");
        assert_eq!(body["error"]["upstream"], Value::Null);
    }
    assert_eq!(sim.total().await, 0, "nothing of this reaches DingTalk");
}

#[tokio::test]
async fn login_refuses_bad_input_by_name() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let sign_zero = format!("/api/config?corpid={CORP}&agentid={AGENT}&sign=0");
    person.send(person.request(Method::GET, &sign_zero)).await;
    let good = json!({ "corpId": CORP, "agentId": AGENT, "code": "c" });
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body.to_string()
    };
    for (body, status, code, field) in [
        ("".to_owned(), 400, "invalid_request", "body"),
        ("[]".to_owned(), 400, "invalid_request", "body"),
        ("{".to_owned(), 400, "invalid_request", "body"),
        ("{}".to_owned(), 400, "invalid_request", "corpId"),
        (with("corpId", json!(7)), 400, "invalid_request", "corpId"),
        (with("corpId", json!("a/b")), 400, "invalid_request", "corpId"),
        (with("agentId", json!(null)), 400, "invalid_request", "agentId"),
        (with("agentId", json!("7")), 404, "unknown_app", ""),
        (with("code", json!(null)), 400, "invalid_request", "code"),
        (with("code", json!("")), 400, "invalid_request", "code"),
        (with("code", json!("a\nb")), 400, "invalid_request", "code"),
        (with("code", json!("x".repeat(513))), 400, "invalid_request", "code"),
        (with("code", json!({ "a": 1 })), 400, "invalid_request", "code"),
        (with("code", json!("x".repeat(20_000))), 413, "payload_too_large", ""),
    ] {
        let request = person.request(Method::POST, "/api/login").header("content-type", "application/json");
        let body = refused(request.body(body).send().await.unwrap(), status, code).await;
        assert!(body["error"]["message"].as_str().unwrap().contains(field), "{body}");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let request = person.request(Method::POST, "/api/login").header("content-type", content_type);
        refused(request.body(good.to_string()).send().await.unwrap(), 415, "unsupported_media_type").await;
    }
    assert_eq!(sim.total().await, 0);
}

#[tokio::test]
async fn every_other_route_refuses_bad_input_too() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    for (method, path, status, code) in [
        (Method::GET, "/api/login", 405, "method_not_allowed"),
        (Method::POST, "/api/config", 405, "method_not_allowed"),
        (Method::PUT, "/api/session", 405, "method_not_allowed"),
        (Method::POST, "/", 405, "method_not_allowed"),
        (Method::GET, "/api/session", 401, "no_session"),
        (Method::DELETE, "/api/session?everywhere=yes", 400, "invalid_request"),
        (Method::GET, "/api/nothing", 404, "not_found"),
        (Method::GET, "/index.html", 404, "not_found"),
        (Method::GET, "/../Cargo.toml", 404, "not_found"),
        (Method::GET, "/%2e%2e/Cargo.toml", 404, "not_found"),
        (Method::GET, "/..%2fCargo.toml", 404, "not_found"),
    ] {
        refused(person.request(method, path).send().await.unwrap(), status, code).await;
    }
    for body in [
        json!({}),
        json!({ "corpId": CORP, "agentId": AGENT }),
        json!({ "corpId": CORP, "agentId": AGENT, "nonceStr": "n" }),
    ] {
        refused(
            person.request(Method::POST, "/api/report").json(&body).send().await.unwrap(),
            400,
            "invalid_request",
        )
        .await;
    }
    let unsigned = json!({ "timeStamp": "1", "nonceStr": "unknown", "url": "u", "signature": "s" });
    let known = report_of(&unsigned, "52013");
    let answer = person.request(Method::POST, "/api/report").json(&known).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let foreign =
        person.http.post(format!("{}/api/report", server.url)).header("origin", "https://evil.example");
    refused(foreign.json(&known).send().await.unwrap(), 403, "cross_site").await;
}

#[tokio::test]
async fn errors_speak_the_readers_language() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    for (language, word) in
        [("zh-CN,zh;q=0.9,en;q=0.8", "登录"), ("en-GB,en", "Not logged in"), ("fr", "登录")]
    {
        let answer = person.request(Method::GET, "/api/session").header("accept-language", language);
        let body = refused(answer.send().await.unwrap(), 401, "no_session").await;
        assert!(body["error"]["message"].as_str().unwrap().contains(word), "{body}");
    }
}

#[tokio::test]
async fn s15_the_login_needs_our_origin_and_our_cookie() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let code = person.code().await;
    let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code });
    let login = format!("{}/api/login", server.url);
    let with_origin = |origin: &str| person.http.post(&login).header("origin", origin).json(&body).send();
    for origin in
        ["https://evil.example", "null", "", "http://127.0.0.1", &format!("{}.evil.example", server.url)]
    {
        refused(with_origin(origin).await.unwrap(), 403, "cross_site").await;
    }
    refused(person.http.post(&login).json(&body).send().await.unwrap(), 403, "cross_site").await;

    let stranger = Person::new(&sim, &server);
    refused(stranger.post_code(&code).await, 403, "cross_site").await;
    let damaged = stranger
        .request(Method::POST, "/api/login")
        .header("cookie", "miandeng_login_a8c9b30e=x; miandeng=x");
    refused(damaged.json(&body).send().await.unwrap(), 403, "cross_site").await;

    assert_eq!(person.post_code(&code).await.status(), StatusCode::OK, "none of this has spent the code");
}

#[tokio::test]
async fn one_applications_cookie_does_not_log_in_to_another() {
    let sim = Sim::start(1).await;
    let second = r#"
[[apps]]
corp_id = "dingcorp1"
agent_id = "2147483648123"
kind = "channel"
channel_secret = "channel-secret-of-dingcorp1"
"#;
    let server = Server::start(&sim, |config| config.push_str(second)).await;
    let person = Person::new(&sim, &server);
    let code = person.code().await;
    let body = json!({ "corpId": CORP, "agentId": "2147483648123", "code": code });
    let crossed = person.request(Method::POST, "/api/login").json(&body).send().await.unwrap();
    refused(crossed, 403, "cross_site").await;
    assert_eq!(person.post_code(&code).await.status(), StatusCode::OK);
    let shared = format!("/api/config?corpid={CORP}&agentid=2147483648123&url={}/", server.url);
    assert_eq!(person.request(Method::GET, &shared).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(sim.counts().await["/channel/get_channel_token"], 1, "one secret, one token");
}

#[tokio::test]
async fn s36_cookies_are_strict() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        let start = config.find("public_url").unwrap();
        let end = start + config[start..].find('\n').unwrap();
        config.replace_range(start..end, "public_url = \"https://h5.example.com\"");
    })
    .await;
    let http = reqwest::Client::new();
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    let config =
        format!("{}/api/config?corpid={CORP}&agentid={AGENT}&url=https://h5.example.com/", server.url);
    for url in [page, config] {
        let answer = http.get(&url).send().await.unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-miandeng_login_"), "{cookie}");
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=600"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
    }
}

#[tokio::test]
async fn a_session_is_new_at_every_login_and_ends_at_logout() {
    let (sim, server) = start("home = \"/orders\"\n").await;
    let person = Person::new(&sim, &server);
    let first = person.login().await;
    let first_cookie = first.headers()[header::SET_COOKIE].clone();
    assert_eq!(json_of(first).await["next"], "/orders");
    let second = person.post_code(&person.code_again().await).await;
    assert_ne!(second.headers()[header::SET_COOKIE], first_cookie);
    let session = json_of(person.session().await).await;
    assert_eq!(session["home"], "/orders");
    assert!(session["expiresAt"].as_str().unwrap().ends_with('Z'), "{session}");

    let foreign =
        person.http.delete(format!("{}/api/session", server.url)).header("origin", "https://evil.example");
    refused(foreign.send().await.unwrap(), 403, "cross_site").await;
    assert_eq!(person.session().await.status(), StatusCode::OK);
    let kept = first_cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    let replay =
        || reqwest::Client::new().get(format!("{}/api/session", server.url)).header("cookie", &kept).send();
    assert_eq!(replay().await.unwrap().status(), StatusCode::OK);
    let ended = person.send(person.request(Method::DELETE, "/api/session?everywhere=1")).await;
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(person.session().await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(replay().await.unwrap().status(), StatusCode::UNAUTHORIZED, "a kept cookie is dead too");
}

#[tokio::test]
async fn only_pages_of_allowed_origins_may_read_answers() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = format!("allowed_origins = [\"http://127.0.0.1:8081\"]\n{config}");
    })
    .await;
    let url =
        format!("{}/api/config?corpid={CORP}&agentid={AGENT}&url=http://127.0.0.1:8081/app", server.url);
    let http = reqwest::Client::new();
    for (origin, allowed) in
        [("http://127.0.0.1:8081", true), ("https://evil.example", false), ("null", false)]
    {
        let answer = http.get(&url).header("origin", origin).send().await.unwrap();
        let permission = answer.headers().get("access-control-allow-origin");
        assert_eq!(permission.is_some_and(|value| value == origin), allowed, "{origin}");
        assert!(permission.is_none_or(|value| value == origin), "never a wildcard");
        let login = format!("{}/api/login", server.url);
        let preflight = http.request(Method::OPTIONS, login).header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST").send().await.unwrap();
        assert_eq!(preflight.headers().contains_key("access-control-allow-origin"), allowed, "{origin}");
    }
}

#[tokio::test]
async fn the_referer_is_signed_only_from_public_url() {
    let (_sim, server) = start("").await;
    let url = format!("{}/api/config?corpid={CORP}&agentid={AGENT}", server.url);
    let http = reqwest::Client::new();
    let ours =
        http.get(&url).header("referer", format!("{}/?corpid=a%20b", server.url)).send().await.unwrap();
    assert_eq!(json_of(ours).await["url"], format!("{}/?corpid=a b", server.url));
    for referer in ["https://evil.example/", "not a url", ""] {
        refused(http.get(&url).header("referer", referer).send().await.unwrap(), 400, "url_required").await;
    }
}

#[tokio::test]
async fn what_is_signed_is_fresh_and_accepted() {
    let sim = Sim::start(1).await;
    for alg in ["sha1", "sha256"] {
        let server = Server::start(&sim, |config| config.push_str(&format!("sign_alg = \"{alg}\"\n"))).await;
        let person = Person::new(&sim, &server);
        let (first, second) = (json_of(person.config().await).await, json_of(person.config().await).await);
        assert_ne!(first["nonceStr"], second["nonceStr"]);
        assert!(first["nonceStr"].as_str().unwrap().len() >= 32);
        assert_eq!(person.dd_config(&first).await["ok"], true, "{first}");
        let mut wrong = first.clone();
        wrong["nonceStr"] = json!("another");
        assert!(person.dd_config(&wrong).await["errorMessage"].as_str().unwrap().contains("52013"));
    }
}

#[tokio::test]
async fn facts_without_a_signature_do_not_call_dingtalk() {
    let (sim, server) = start("").await;
    let url = format!("/api/config?corpid={CORP}&agentid={AGENT}&sign=0");
    let answer = json_of(Person::new(&sim, &server).request(Method::GET, &url).send().await.unwrap()).await;
    assert_eq!(answer["kind"], "channel");
    assert_eq!(answer["simulator"], false);
    for field in ["timeStamp", "nonceStr", "signature", "url", "clientId"] {
        assert_eq!(answer[field], Value::Null, "{field}");
    }
    assert_eq!(sim.total().await, 0);
}

#[tokio::test]
async fn everything_lives_under_base_path() {
    let sim = Sim::start(1).await;
    let server =
        Server::start(&sim, |config| *config = format!("base_path = \"/_miandeng\"\n{config}")).await;
    let person = Person::new(&sim, &server);
    let bare = person.request(Method::GET, "/_miandeng?corpid=a&agentid=1").send().await.unwrap();
    assert!(bare.status().is_redirection());
    assert_eq!(bare.headers()[header::LOCATION], "/_miandeng/?corpid=a&agentid=1");
    let query = format!("corpid={CORP}&agentid={AGENT}&url={}/_miandeng/", server.url);
    let config = person.request(Method::GET, &format!("/_miandeng/api/config?{query}")).send().await.unwrap();
    assert_eq!(config.status(), StatusCode::OK);
    for outside in ["/", "/api/session", "/_miandeng/_miandeng/api/session"] {
        assert_eq!(
            person.request(Method::GET, outside).send().await.unwrap().status(),
            StatusCode::NOT_FOUND,
            "{outside}"
        );
    }
}

#[tokio::test]
async fn s20_no_secret_leaves_by_answers_errors_metrics_or_log() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let mut said = String::new();
    let code = person.code().await;
    let config = person.config().await;
    said.push_str(&config.text().await.unwrap());
    said.push_str(&person.post_code(&code).await.text().await.unwrap());
    sim.fault(json!({ "endpoint": "/channel/user/get_by_code", "drop": true })).await;
    let second = person.code_again().await;
    said.push_str(&person.post_code(&second).await.text().await.unwrap());
    sim.post("/_sim/revoke", json!({ "what": "all" })).await;
    sim.fault(json!({ "endpoint": "/channel/get_channel_token", "drop": true })).await;
    let third = person.code_again().await;
    said.push_str(&person.post_code(&third).await.text().await.unwrap());
    said.push_str(&reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap());
    let log = server.log_with(": login ", 3).await;
    assert_eq!(log.matches(": login ").count(), 3, "each login is one line:\n{log}");
    assert!(log.contains("corp=dingcorp1") && log.contains("reason=\"platform_unreachable\""), "{log}");
    said.push_str(&log);
    for secret in
        ["channel-secret-of", "corp-secret-of", "access_token=", "jsapi_ticket=", &code, &second, &third]
    {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

#[tokio::test]
async fn the_demo_page_is_for_demos() {
    let (_sim, server) = start("").await;
    let elsewhere = reqwest::get(format!("{}/demo/orders", server.url)).await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let sim = Sim::start(1).await;
    let server =
        Server::start(&sim, |config| *config = config.replace("timeout = ", "simulator = true\ntimeout = "))
            .await;
    let person = Person::new(&sim, &server);
    let stranger = person.send(person.request(Method::GET, "/demo/orders")).await;
    assert!(stranger.status().is_redirection(), "only for a person who is logged in");
    person.login().await;
    let orders = person.send(person.request(Method::GET, "/demo/orders")).await.text().await.unwrap();
    assert!(orders.contains("userid-employee-dingcorp1"), "{orders}");
}
