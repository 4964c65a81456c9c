//! `/auth` and `/start`, as a proxy asks them.

use crate::support::{AGENT, CORP, IDENTITY, Person, Server, Sim, json_of, start};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    let mut values = answer.headers().get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap());
    assert_eq!(values.next(), None, "{name} is there twice");
    value
}

/// What a proxy may do with this answer: let nobody in, and know where to send people.
fn assert_refused(answer: &Response, what: &str) {
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
    assert!(header(answer, "x-miandeng-login").is_some(), "{what}");
    assert_eq!(header(answer, "cache-control"), Some("no-store"), "{what}");
    for name in IDENTITY {
        assert_eq!(header(answer, name), None, "{what}: {name}");
    }
}

/// Behind a proxy on this machine that is trusted, with a second application beside the first.
async fn behind_a_proxy(base_path: &str) -> (Sim, Server) {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        *config = format!("trusted_proxies = [\"127.0.0.0/8\"]\nbase_path = \"{base_path}\"\n{config}");
        config.push_str(
            "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"123456\"\nkind = \"channel\"\ndefault = true\n\
             channel_secret = \"channel-secret-of-dingcorp2\"\n",
        );
    })
    .await;
    (sim, server)
}

#[tokio::test]
async fn a_session_opens_and_says_whose_it_is() {
    let (sim, server) = start("").await;
    for (name, has_userid) in [("employee", true), ("stranger", false)] {
        let person = Person::named(name, &sim, &server);
        let user = json_of(person.login().await).await["user"].clone();
        sim.clear_journal().await;
        for path in
            ["/auth".to_owned(), format!("/auth?corpid={CORP}&agentid={AGENT}"), "/auth?mode=redirect".into()]
        {
            let answer = person.request(Method::GET, &path).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&answer, "x-miandeng-corp"), Some(CORP));
            assert_eq!(header(&answer, "x-miandeng-agent"), Some(AGENT));
            assert_eq!(header(&answer, "x-miandeng-open-id"), user["openId"].as_str());
            assert_eq!(header(&answer, "x-miandeng-union-id"), user["unionId"].as_str());
            let user_id = header(&answer, "x-miandeng-user-id").expect("present even when empty");
            assert_eq!(user_id, user["userId"].as_str().unwrap_or_default());
            assert_eq!(user_id.is_empty(), !has_userid);
            assert_eq!(header(&answer, "x-miandeng-jwt").unwrap().split('.').count(), 3);
            assert_eq!(header(&answer, "cache-control"), Some("no-store"));
            assert!(!answer.headers().contains_key("set-cookie"));
        }
        assert_eq!(sim.total().await, 0, "a session is verified without DingTalk");
    }
}

#[tokio::test]
async fn another_applications_session_does_not_open() {
    let (sim, server) = behind_a_proxy("/").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    assert_eq!(person.request(Method::GET, "/auth").send().await.unwrap().status(), StatusCode::OK);
    for query in
        ["corpid=dingcorp2&agentid=123456", "corpid=dingcorp9&agentid=123456", "corpid=dingcorp1&agentid=7"]
    {
        let answer = person.request(Method::GET, &format!("/auth?{query}")).send().await.unwrap();
        assert_refused(&answer, query);
        let login = format!("{}/?{query}", server.url);
        assert_eq!(header(&answer, "x-miandeng-login"), Some(login.as_str()));
    }
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    for (decision, times) in [("allowed", 1), ("other_app", 3)] {
        let line = format!("miandeng_forward_auth_total{{decision=\"{decision}\"}} {times}");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_a_session() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let login = person.login().await;
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (name, value) = cookie.split_once('=').unwrap();
    // Another character than the one that is there, whichever that is.
    let other = if value.as_bytes()[40] == b'A' { 'B' } else { 'A' };
    let flipped = format!("{name}={}{other}{}", &value[..40], &value[41..]);
    let of_this_name = |value: &str| format!("{name}={value}");
    let cookies = [
        String::new(),
        name.to_owned(),
        of_this_name(""),
        of_this_name("%00"),
        of_this_name("e30="),
        of_this_name("\"\""),
        "=".to_owned(),
        ";;;".to_owned(),
        cookie[..cookie.len() - 1].to_owned(),
        flipped,
        cookie.replace("miandeng-", "Miandeng-"),
        cookie.replace(name, "miandeng"),
        cookie.replace(name, "miandeng-000000000000"),
        cookie.replace(name, "miandeng_login_00000000"),
        format!("{name}=x; ").repeat(500),
        "miandeng=x; ".repeat(500),
    ];
    for bad in cookies {
        for path in ["/auth", "/auth?mode=redirect", "/start"] {
            let request = sim.http.get(format!("{}{path}", server.url)).header("cookie", &bad);
            assert_refused(&request.send().await.unwrap(), &bad);
        }
    }
    // Many cookies of the name, as several logins may leave behind: the genuine one counts.
    for stale in ["miandeng=x", &of_this_name("x")] {
        let many = format!("{}{cookie}; {stale}", format!("{stale}; ").repeat(50));
        let request = sim.http.get(format!("{}/auth", server.url)).header("cookie", many);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_guard_that_is_written_wrongly_lets_nobody_in() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    for query in [
        "corpid=dingcorp1",
        "agentid=123456",
        "corpid=&agentid=",
        "corpid=dingcorp1&agentid=123456&agentid=123456",
        "corpid=$CORPID$&agentid=123456",
        "corpid=ding%0d%0aX-Miandeng-User-Id:+boss&agentid=123456",
        "corpID=dingcorp1",
        "CorpId=&agentId=",
        "corpid=dingcorp1&agentid=123456&corpId=dingcorp2",
        "corp_id=dingcorp1&agent_id=123456",
        "mode=open",
        "%ff%00",
    ] {
        for route in ["auth", "start"] {
            let path = format!("/{route}?{query}");
            let answer =
                person.request(Method::GET, &path).header("sec-fetch-mode", "navigate").send().await.unwrap();
            assert_refused(&answer, &path);
            // A proxy passes on what `/start` says to the person.
            match route {
                "start" => {
                    let page = answer.text().await.unwrap();
                    assert!(page.contains("<code>auth_misconfigured</code>"), "{path}: {page}");
                }
                _ => assert_eq!(json_of(answer).await["error"]["code"], "auth_misconfigured"),
            }
        }
    }
}

#[tokio::test]
async fn s05_what_the_request_says_of_itself_counts_for_nothing() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let plain = person.request(Method::GET, "/auth").send().await.unwrap();
    let spellings = |name: &str| {
        [name.to_owned(), name.to_uppercase(), name.replace('-', "_"), name.replacen('-', "_", 1)]
    };
    let spoof = |mut request: reqwest::RequestBuilder| {
        for name in IDENTITY.iter().flat_map(|name| spellings(name)) {
            request = request.header(name, "boss");
        }
        request
            .header("connection", "x-miandeng-user-id, x-miandeng-jwt, cookie")
            .header("authorization", "Bearer boss")
            .header("x-forwarded-user", "boss")
            .header("x-original-url", "/public")
            .header("user-agent", "kube-probe/1.0")
    };
    let anonymous = spoof(sim.http.get(format!("{}/auth", server.url))).send().await.unwrap();
    assert_refused(&anonymous, "identity headers without a cookie");
    let spoofed = spoof(person.request(Method::GET, "/auth")).send().await.unwrap();
    assert_eq!(spoofed.status(), StatusCode::OK);
    for name in IDENTITY {
        assert_eq!(header(&spoofed, name), header(&plain, name), "{name}");
    }
}

#[tokio::test]
async fn people_are_redirected_and_scripts_are_told() {
    let (sim, server) = behind_a_proxy("/_miandeng").await;
    let login = |query: &str, next: &str| format!("{}/_miandeng/?{query}{next}", server.url);
    let default = "corpid=dingcorp2&agentid=123456";
    let html = ("accept", "text/html,*/*;q=0.8");
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);
    let cases: [Case<'_>; 8] = [
        ("start", &[("sec-fetch-mode", "navigate")], true),
        ("auth?mode=redirect", &[("sec-fetch-mode", "navigate")], true),
        ("auth", &[("sec-fetch-mode", "navigate")], false),
        ("start", &[html], true),
        ("auth?mode=redirect", &[html], true),
        ("auth?mode=redirect", &[html, ("x-forwarded-method", "POST")], false),
        ("start", &[("sec-fetch-mode", "cors"), html], false),
        ("start", &[("accept", "application/json")], false),
    ];
    for (path, headers, redirected) in cases {
        let url = format!("{}/_miandeng/{path}", server.url);
        let mut request = sim.http.get(url).header("x-forwarded-uri", "/orders/7?q=%E4%B8%AD&x=1+2%2F3");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // The address that people are sent to never comes from the request.
        for name in ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix", "forwarded"] {
            request = request.header(name, "evil.example");
        }
        let answer = request.header("host", "evil.example").send().await.unwrap();
        let expected = login(default, "&next=L29yZGVycy83P3E9JUU0JUI4JUFEJng9MSsyJTJGMw");
        if redirected {
            assert_eq!(answer.status(), StatusCode::FOUND, "{path} {headers:?}");
            assert_eq!(header(&answer, "location"), Some(expected.as_str()));
            assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        } else {
            assert_refused(&answer, path);
            // Only a page is returned to.
            let expected = if headers[0].1 == "navigate" { expected } else { login(default, "") };
            assert_eq!(header(&answer, "x-miandeng-login"), Some(expected.as_str()));
            assert_eq!(json_of(answer).await["error"]["code"], "no_session", "{path} {headers:?}");
        }
    }
    let other = format!("{}/_miandeng/start?corpid={CORP}&agentid={AGENT}", server.url);
    let answer = sim.http.get(other).header("sec-fetch-mode", "navigate").send().await.unwrap();
    assert_eq!(header(&answer, "location"), Some(login("corpid=dingcorp1&agentid=123456", "").as_str()));
}

#[tokio::test]
async fn hostile_deep_links_are_left_out() {
    let (sim, server) = behind_a_proxy("/").await;
    let (_sim, strict) = start("").await;
    let login = format!("{}/?corpid=dingcorp2&agentid=123456", server.url);
    let long = format!("/{}", "a".repeat(5000));
    let uris = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%5cevil.example",
        "/%2fevil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/a\\b",
        "/\tevil",
        "/ evil",
        "/../evil",
        "/%2e%2e//evil",
        "@evil.example",
        "evil.example",
        "?next=/a",
        "",
        &long,
        "/start",
        "/start?corpid=x",
        "/auth",
        "/orders/..//evil",
        "/a/.././/evil",
    ];
    for uri in uris {
        for path in ["/start", "/auth?mode=redirect"] {
            let request = sim.http.get(format!("{}{path}", server.url)).header("sec-fetch-mode", "navigate");
            let answer = request.header("x-forwarded-uri", uri).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::FOUND, "{uri:?}");
            assert_eq!(header(&answer, "location"), Some(login.as_str()), "{uri:?}");
        }
    }
    // Without trusted proxies a good one is not believed either.
    let request = sim.http.get(format!("{}/start", strict.url)).header("sec-fetch-mode", "navigate");
    let answer = request.header("x-forwarded-uri", "/orders/7").send().await.unwrap();
    assert_eq!(
        header(&answer, "location"),
        Some(format!("{}/?corpid={CORP}&agentid={AGENT}", strict.url).as_str())
    );
}

#[tokio::test]
async fn any_method_and_the_length_of_a_body_elsewhere_do_not_matter() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = person.request(method.clone(), "/auth").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{method}");
        let stranger = sim.http.request(method.clone(), format!("{}/auth", server.url)).send().await.unwrap();
        assert_refused(&stranger, method.as_str());
    }
    let upload = person.request(Method::POST, "/auth").body("x".repeat(1_000_000)).send().await.unwrap();
    assert_eq!(upload.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_speaks_the_readers_language() {
    let (sim, server) = start("").await;
    for (lang, word) in [("en", "Not logged in"), ("zh-CN", "尚未登录")] {
        let request = sim.http.get(format!("{}/auth", server.url)).header("accept-language", lang);
        let body: Value = json_of(request.send().await.unwrap()).await;
        assert!(body["error"]["message"].as_str().unwrap().contains(word), "{body}");
    }
}
