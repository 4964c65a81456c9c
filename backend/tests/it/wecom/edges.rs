//! The two routes, and the files at the root.

use super::*;

#[tokio::test]
async fn only_a_navigation_begins_a_login() {
    let (sim, server) = start("web_login = true").await;
    for user_agent in [WECOM, WECHAT, DESKTOP] {
        let visitor = Visitor::new(&sim, &server, "member").with(user_agent);
        for headers in [
            vec![("sec-fetch-mode", "cors"), ("accept", "text/html")],
            vec![("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            vec![("accept", "*/*")],
            vec![("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")],
            vec![],
        ] {
            let mut request = visitor.request(Method::GET, &visitor.start(""));
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
            assert!(!answer.headers().contains_key("set-cookie"), "{headers:?}");
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], "no_session");
            // The page itself is what a script gets where a person would be redirected.
            let mut request = visitor.request(Method::GET, &visitor.menu());
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK, "{headers:?}");
        }
        let answer = visitor.step(&visitor.start("")).await;
        assert_eq!(
            (answer.status(), &answer.headers()["cache-control"].to_str().unwrap()),
            (StatusCode::FOUND, &"no-store")
        );
    }
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for address in ["/wecom/start", "/wecom/callback"] {
            let answer =
                sim.http.request(method.clone(), format!("{}{address}", server.url)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {address}");
        }
    }
}

/// DingTalk's pages ask for a code, WeCom's are redirected: neither way is good for the other.
#[tokio::test]
async fn each_kind_has_its_own_way() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let code = parameter(&visitor.callback_of(&visitor.menu()).await, "code").unwrap();
    let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code });
    let login =
        visitor.request(Method::POST, &format!("{}/api/login", server.url)).header("origin", &server.url);
    let answer = login.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(!answer.headers().contains_key("set-cookie"));
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "invalid_request");
    assert_eq!(count(&sim, CODE).await, 0);

    let query = "corpid=dingcorp1&agentid=123456";
    for more in ["", "&next=/orders", "&state=x"] {
        let other = Visitor::new(&sim, &server, "member");
        let end = other.open(&format!("{}/wecom/start?{query}{more}", server.url)).await;
        assert_eq!(end.status, StatusCode::OK);
        assert!(end.at.starts_with(&format!("{}/?{query}", server.url)), "{:?}", end.way);
        assert_eq!(error_in(&end.at), None, "the page logs in by itself: {:?}", end.way);
        assert!(other.cookie_names(ATTEMPT).is_empty());
    }
    // A state whose digest names DingTalk's application.
    use sha2::{Digest, Sha256};
    let tag = &hex::encode(Sha256::digest("dingcorp1/123456"))[..8];
    let stray = Visitor::new(&sim, &server, "member");
    let state = format!("{}{tag}0", "0".repeat(32));
    let to = stray.redirected(&format!("{}/wecom/callback?code=x&state={state}", server.url)).await;
    assert!(to.ends_with('#') && error_in(&to).is_none(), "{to}");
    assert!(stray.cookie_names("").is_empty(), "{:?}", stray.cookie_names(""));
}

#[tokio::test]
async fn an_unknown_application_gets_the_page() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    for query in [
        "",
        "?",
        "?corpid=ww0123456789abcdef",
        "?corpid=other&agentid=1000002",
        "?corpid=<&agentid=%0d%0aX",
        "?corpid=ww0123456789abcdef&agentid=1000002x",
    ] {
        let end = visitor.open(&format!("{}/wecom/start{query}", server.url)).await;
        assert_eq!(end.status, StatusCode::OK, "{query}: {:?}", end.way);
        assert!(end.text.contains("<html"), "{query}");
        assert!(visitor.cookie_names(ATTEMPT).is_empty(), "{query}");
    }
}

#[tokio::test]
async fn names_of_parameters_are_read_in_any_case() {
    let (sim, server) = start("").await;
    for query in [
        "corpId=C&agentId=A&next=/api/session",
        "CORPID=C&AGENTID=A&NEXT=/api/session",
        "agentid=A&corpid=C&Next=/api/session",
    ] {
        let query = query.replace("=C", &format!("={CORP}")).replace("=A", &format!("={AGENT}"));
        for path in ["/", "/wecom/start"] {
            let visitor = Visitor::new(&sim, &server, "member");
            let end = visitor.open(&format!("{}{path}?{query}", server.url)).await;
            assert_eq!(end.at, format!("{}/api/session", server.url), "{:?}", end.way);
        }
    }
}

/// A person reads what to do, and the link asks again: nothing has been spent. A script gets JSON.
#[tokio::test]
async fn who_asks_too_often_reads_a_page_that_leads_on() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config
            .replace("state_dir", "trusted_proxies = [\"127.0.0.0/8\"]\nstate_dir")
            .replace("[store]", "[limits]\nlogins_per_minute = 3\nconfigs_per_minute = 3\n[store]");
        beside(config, &sim, "");
    })
    .await;
    trust(&sim, &server.url).await;
    let visitor = Visitor::new(&sim, &server, "member");
    let callback = visitor.callback_of(&format!("{}&next=/orders", visitor.menu())).await;
    let from = |request: reqwest::RequestBuilder, address: &str| {
        let request = request.header("x-forwarded-for", address).header("accept-language", "en");
        async { request.send().await.unwrap() }
    };
    for address in [visitor.start(""), callback.clone()] {
        let stray = address.replace("state=", "state=0");
        for _ in 0..3 {
            let answer = from(visitor.http.get(&stray).header("sec-fetch-mode", "navigate"), "198.51.100.7");
            assert_eq!(answer.await.status(), StatusCode::FOUND, "{address}");
        }
        for mark in [("sec-fetch-mode", "navigate"), ("accept", "text/html,*/*;q=0.8")] {
            let answer = from(visitor.http.get(&address).header(mark.0, mark.1), "198.51.100.7").await;
            assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{address}");
            let headers = answer.headers().clone();
            assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{mark:?}");
            assert_eq!(headers["cache-control"], "no-store");
            assert!(headers.contains_key("retry-after") && !headers.contains_key("set-cookie"));
            assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'none'"));
            let text = answer.text().await.unwrap();
            for part in
                ["<html lang=\"en\"", "too_many_requests", "Too many logins", "<a href=\"\">Try again</a>"]
            {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
        let script = from(visitor.http.get(&address).header("sec-fetch-mode", "cors"), "198.51.100.7").await;
        assert_eq!(script.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(script.json::<Value>().await.unwrap()["error"]["code"], "too_many_requests");
        // Another address is not concerned.
        let other = from(visitor.http.get(&stray).header("sec-fetch-mode", "navigate"), "198.51.100.8").await;
        assert_eq!(other.status(), StatusCode::FOUND, "{address}");
    }
    // Asked again, the code that came with it is as good as before.
    assert_eq!(visitor.redirected(&callback).await, format!("{}/orders#", server.url));
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    assert_eq!(count(&sim, CODE).await, 1);
}

/// What else a browser may be led to that has no page of its own.
#[tokio::test]
async fn a_person_reads_a_page_and_a_program_json() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    for (path, status, code) in [
        ("/start?corpid=x", StatusCode::UNAUTHORIZED, "auth_misconfigured"),
        ("/nowhere", StatusCode::NOT_FOUND, "not_found"),
        ("/wecom/nowhere", StatusCode::NOT_FOUND, "not_found"),
    ] {
        let address = format!("{}{path}", server.url);
        let answer = visitor.step(&address).await;
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.starts_with("<!DOCTYPE html>") && text.contains(code), "{path}: {text}");
        let answer = sim.http.get(&address).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], code, "{path}");
    }
    // The API and the proxies' question are for programs, also where a browser opens them.
    for (path, code) in [("/api/session", "no_session"), ("/auth", "no_session"), ("/api/x", "not_found")] {
        let answer = visitor.step(&format!("{}{path}", server.url)).await;
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["code"], code, "{path}");
        assert!(!body.to_string().contains("钉钉"), "{path}: {body}");
    }
    let script = sim.http.get(visitor.start("")).send().await.unwrap().text().await.unwrap();
    assert!(script.contains("no_session") && !script.contains("钉钉"), "{script}");
}

#[tokio::test]
async fn below_a_base_path_everything_is_below_it() {
    let sim = Sim::start(1).await;
    let file = std::env::temp_dir().join(format!("WW_verify_below{}.txt", std::process::id()));
    std::fs::write(&file, "abc").unwrap();
    let server = Server::start(&sim, |config| {
        *config = config.replace("state_dir", "base_path = \"/_miandeng\"\nstate_dir");
        beside(config, &sim, "");
        config.push_str(&format!("verify_files = [\"{}\"]\n", file.display()));
    })
    .await;
    trust(&sim, &server.url).await;
    let visitor = Visitor::at(&sim, &format!("{}/_miandeng", server.url), "member");
    let link = visitor.redirected(&visitor.menu()).await;
    assert_eq!(parameter(&link, "redirect_uri").unwrap(), format!("{}/_miandeng/wecom/callback", server.url));
    let end = visitor.open(&format!("{}&next=/orders", visitor.menu())).await;
    assert_eq!(end.at, format!("{}/orders", server.url), "{:?}", end.way);
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    sim.fault(json!({ "endpoint": CODE, "errcode": 50001 })).await;
    let end = visitor.open(&visitor.start("")).await;
    assert!(end.at.starts_with(&format!("{}/_miandeng/?corpid=", server.url)), "{:?}", end.way);
    let name = file.file_name().unwrap().to_str().unwrap();
    for path in [format!("/{name}"), format!("/_miandeng/{name}")] {
        let answer = sim.http.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn the_proof_of_the_domain_is_served_at_the_root() {
    let sim = Sim::start(1).await;
    let file = std::env::temp_dir().join(format!("WW_verify_Aa{}.txt", std::process::id()));
    std::fs::write(&file, "Aa0123").unwrap();
    let server = Server::start(&sim, |config| {
        beside(config, &sim, "");
        config.push_str(&format!("verify_files = [\"{}\"]\n", file.display()));
    })
    .await;
    std::fs::remove_file(&file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let answer = sim.http.get(format!("{}/{name}", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(answer.text().await.unwrap(), "Aa0123");
    for path in [format!("/a/{name}"), "/WW_verify_other.txt".to_owned(), format!("/{}", name.to_lowercase())]
    {
        let answer = sim.http.get(format!("{}{path}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
