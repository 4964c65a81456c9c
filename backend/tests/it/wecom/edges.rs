//! The two routes, the files at the root, and the configuration.

use super::*;
use std::process::Command;

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

#[tokio::test]
async fn callbacks_are_paced_like_logins_behind_a_trusted_proxy() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        *config = config
            .replace("state_dir", "trusted_proxies = [\"127.0.0.0/8\"]\nstate_dir")
            .replace("[store]", "[limits]\nlogins_per_minute = 3\n[store]");
        beside(config, &sim, "");
    })
    .await;
    let knock = async |from: &str| {
        let request = sim.http.get(format!("{}/wecom/callback?code=x&state=y", server.url));
        request.header("x-forwarded-for", from).send().await.unwrap().status()
    };
    for _ in 0..3 {
        assert_eq!(knock("198.51.100.7").await, StatusCode::FOUND);
    }
    assert_eq!(knock("198.51.100.7").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(knock("198.51.100.8").await, StatusCode::FOUND, "another address");
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

const GOOD: &str = r#"
public_url = "https://h5.example.com"
[store]
url = "memory:"
[[apps]]
corp_id = "ww0123456789abcdef"
agent_id = "1000002"
kind = "wecom"
secret = "planted-secret"
[wecom]
"#;

/// Exit code, standard output, standard error of `check`.
fn check(config: &str) -> (Option<i32>, String, String) {
    let dir = std::env::temp_dir().join(format!(
        "miandeng-wecom-{}-{}",
        std::process::id(),
        crate::support::free_port()
    ));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("miandeng.toml"), config).unwrap();
    std::fs::write(dir.join("WW_verify_abc.txt"), "abc").unwrap();
    std::fs::write(dir.join("WW_verify_big.txt"), "a".repeat(2000)).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_miandeng")).arg("check").current_dir(&dir).output().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn check_prints_a_wecom_application_with_its_secret_masked() {
    let (code, printed, said) = check(&format!("{GOOD}verify_files = [\"WW_verify_abc.txt\"]"));
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "secret = \"***\"",
        "kind = \"wecom\"",
        "audience = \"members\"",
        "visible_only = false",
        "web_login = false",
        "WW_verify_abc.txt",
        "https://qyapi.weixin.qq.com/",
        "https://open.weixin.qq.com/connect/oauth2/authorize",
        "https://login.work.weixin.qq.com/wwlogin/sso/login",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!format!("{printed}{said}").contains("planted"), "{printed}");
    assert!(!printed.contains("jsapi"), "{printed}");
}

#[test]
fn check_names_what_is_wrong_with_a_wecom_application() {
    let in_app = |line: &str| GOOD.replace("[wecom]", &format!("{line}\n[wecom]"));
    for (config, said) in [
        (GOOD.replace("secret = \"planted-secret\"", ""), "apps[0].secret: is missing"),
        (in_app("audience = \"everybody\""), "apps[0].audience"),
        (in_app("audience = 1"), "apps[0].audience"),
        (in_app("visible_only = \"yes\""), "apps[0].visible_only"),
        (in_app("web_login = 1"), "apps[0].web_login"),
        (in_app("jsapi_url = \"https://g.alicdn.com/x.js\""), "apps[0].jsapi_url: is not a known key"),
        (in_app("js_api_list = [\"a\"]"), "apps[0].js_api_list: is not a known key"),
        (in_app("sign_alg = \"sha256\""), "apps[0].sign_alg: is not a known key"),
        (in_app("sign_plus_as_space = true"), "apps[0].sign_plus_as_space: is not a known key"),
        (in_app("client_id = \"x\""), "apps[0].client_id: is not a known key"),
        (in_app("channel_secret = \"x\""), "apps[0].channel_secret: is not a known key"),
        (GOOD.replace("\"wecom\"", "\"wechat\""), "apps[0].kind"),
        (GOOD.replace("agent_id = \"1000002\"", "agent_id = 1000002"), "apps[0].agent_id"),
        (format!("{GOOD}qyapi_url = \"http://qyapi.weixin.qq.com\""), "wecom.qyapi_url"),
        (format!("{GOOD}authorize_url = \"ftp://x\""), "wecom.authorize_url"),
        (format!("{GOOD}login_url = \"x\""), "wecom.login_url"),
        (format!("{GOOD}oapi_url = \"https://x.example\""), "wecom.oapi_url: is not a known key"),
        (format!("{GOOD}timeout = \"5\""), "wecom.timeout"),
        (format!("{GOOD}max_calls_per_minute = -1"), "wecom.max_calls_per_minute"),
        (format!("{GOOD}verify_files = \"WW_verify_abc.txt\""), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_none.txt\"]"), "WW_verify_none.txt"),
        (format!("{GOOD}verify_files = [\"WW_verify_big.txt\"]"), "WW_verify_big.txt"),
        (format!("{GOOD}verify_files = [\"miandeng.toml\"]"), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_.txt\"]"), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_{{x}}.txt\"]"), "wecom.verify_files"),
        (
            format!("{GOOD}verify_files = [\"WW_verify_abc.txt\", \"WW_verify_abc.txt\"]"),
            "wecom.verify_files",
        ),
    ] {
        let (code, _, problems) = check(&config);
        assert_eq!(code, Some(2), "{said}: {problems}");
        assert!(problems.contains(said), "{said}: {problems}");
        assert!(!problems.contains("planted") && !problems.contains("panicked"), "{problems}");
    }
}
