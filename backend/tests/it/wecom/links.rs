//! Where people go after the login, and what the browser carries meanwhile.

use super::*;
use miandeng_shared::encode_next;

/// The parameter `next` for a target: as a path, and as a word.
fn both(next: &str) -> [String; 2] {
    let path: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    [path, encode_next(next)]
}

#[tokio::test]
async fn a_deep_link_is_reached_with_its_query_and_fragment() {
    let (sim, server) = start("home = \"/home\"").await;
    for (next, at) in [
        ("/orders/7", "/orders/7"),
        ("/orders/7?tab=a&x=%E4%B8%AD&y=a+b", "/orders/7?tab=a&x=%E4%B8%AD&y=a+b"),
        ("/spa/#/orders/5?x=1", "/spa/#/orders/5?x=1"),
        ("/spa/?x=1#!/a//b", "/spa/?x=1#!/a//b"),
        ("/api/session", "/api/session"),
        ("/a?next=//evil.example/", "/a?next=//evil.example/"),
        ("/", "/"),
    ] {
        for word in both(next) {
            for first in ["menu", "start"] {
                let visitor = Visitor::new(&sim, &server, "member");
                let address = match first {
                    "menu" => format!("{}&next={word}", visitor.menu()),
                    _ => visitor.start(&format!("&next={word}")),
                };
                let end = visitor.open(&address).await;
                assert_eq!(end.at, format!("{}{at}", server.url), "{word} by {first}: {:?}", end.way);
            }
        }
    }
}

#[tokio::test]
async fn without_a_deep_link_there_is_home_and_without_home_the_page() {
    for (extra, at) in
        [("home = \"/home?a=1\"", "/home?a=1"), ("", "/?corpid=ww0123456789abcdef&agentid=1000002")]
    {
        let (sim, server) = start(extra).await;
        let visitor = Visitor::new(&sim, &server, "member");
        for visit in ["first", "again"] {
            let end = visitor.open(&visitor.menu()).await;
            assert_eq!(end.at, format!("{}{at}", server.url), "{visit}: {:?}", end.way);
        }
    }
}

/// `home` or a deep link may be the page itself, which has nothing to lead on to.
#[tokio::test]
async fn the_page_does_not_lead_to_itself() {
    for home in [
        "/",
        "/?",
        "/?corpid=ww0123456789abcdef&agentid=1000002",
        "/?agentid=1000002&CORPID=ww0123456789abcdef#a",
    ] {
        let (sim, server) = start(&format!("home = \"{home}\"")).await;
        let visitor = Visitor::new(&sim, &server, "member");
        let word = encode_next(home);
        for address in
            [visitor.menu(), visitor.menu(), format!("{}&next={word}", visitor.menu()), visitor.start("")]
        {
            let end = visitor.open(&address).await;
            assert_eq!(end.status, StatusCode::OK, "{home}: {:?}", end.way);
            assert!(end.text.contains("<html") && error_in(&end.at).is_none(), "{home}: {:?}", end.way);
        }
        assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    }
}

/// A browser that is redirected without a fragment keeps that of the link, which is a route to a hash router.
#[tokio::test]
async fn no_address_inherits_the_fragment_of_the_link() {
    let (sim, server) = start("").await;
    let with_next = |next: &str| format!("&next={next}");
    for (fault, more) in [
        (None, String::new()),
        (None, with_next("/orders")),
        (Some(json!({ "endpoint": CODE, "errcode": 50001 })), with_next("/orders")),
        (Some(json!({ "endpoint": CODE, "errcode": 40029, "times": 2 })), String::new()),
    ] {
        if let Some(fault) = fault {
            sim.fault(fault).await;
        }
        let visitor = Visitor::new(&sim, &server, "member");
        let end = visitor.open(&format!("{}{more}", visitor.menu())).await;
        assert!(!end.at.contains('#'), "{} after {:?}", end.at, end.way);
        // Back, and a stray without any cookie, twice.
        let callback = end.way.iter().rfind(|at| at.contains("/wecom/callback")).unwrap().clone();
        for forgotten in ["nothing", "miandeng"] {
            visitor.forget(forgotten);
            let location = visitor.redirected(&callback).await;
            assert!(location.contains('#'), "{location}");
        }
    }
    sim.wecom(json!({ "decline": true })).await;
    let visitor = Visitor::new(&sim, &server, "member");
    let end = visitor.open(&visitor.menu()).await;
    assert!(error_in(&end.at).is_some() && !end.at.contains('#'), "{:?}", end.way);
}

#[tokio::test]
async fn what_leaves_the_site_is_no_deep_link() {
    let (sim, server) = start("home = \"/home\"").await;
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/./\\evil.example",
        "/..//evil.example/",
        "/\tevil",
        "/\r\nLocation: https://evil.example/",
        "javascript:alert(1)",
        "wxwork://jump",
        "evil.example",
        "@evil.example",
        "",
    ] {
        for word in both(next) {
            let visitor = Visitor::new(&sim, &server, "member");
            let end = visitor.open(&format!("{}&next={word}", visitor.menu())).await;
            assert_eq!(end.at, format!("{}/home", server.url), "{next:?} as {word}: {:?}", end.way);
        }
    }
}

/// `next` of 1.5 KB arrives; one that would not fit into a cookie is left out, and the login goes on.
#[tokio::test]
async fn a_deep_link_that_is_too_long_for_a_cookie_is_left_out() {
    let (sim, server) = start("home = \"/home\"").await;
    for (next, arrives) in [
        (format!("/{}", "a".repeat(1400)), true),
        (format!("/a?{}", "%E4%B8%AD".repeat(150)), true),
        (format!("/{}", "a".repeat(1640)), false),
        (format!("/{}", "a".repeat(4000)), false),
        // Longer once it is JSON.
        (format!("/?{}", "\"".repeat(1400)), false),
        (format!("/?{}", "\\".repeat(1400)), false),
    ] {
        let visitor = Visitor::new(&sim, &server, "member");
        let word = encode_next(&next);
        let end = visitor.open(&format!("{}&next={word}", visitor.menu())).await;
        let at = if arrives { &next } else { "/home" };
        assert_eq!(end.at, format!("{}{at}", server.url), "{} bytes", next.len());
        assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    }
}

/// Browsers keep 4 KB for each cookie, nginx takes 8 KB of a request's headers.
#[tokio::test]
async fn many_attempts_stay_small() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let mut callbacks = Vec::new();
    for tab in 0..30 {
        let next = format!("/{tab}?{}", "x".repeat(tab * 45));
        callbacks.push((
            visitor.callback_of(&format!("{}&next={}", visitor.menu(), encode_next(&next))).await,
            next,
        ));
        let line = visitor.cookie_line();
        assert!(line.len() <= 2600, "{} bytes in {:?}", line.len(), visitor.cookie_names("miandeng"));
    }
    // The latest is the one that people finish.
    let (callback, next) = callbacks.pop().unwrap();
    assert_eq!(visitor.redirected(&callback).await, format!("{}{next}#", server.url));
    // Of an older one the cookie made room: it begins anew, once, and ends logged in.
    let (callback, _) = callbacks.remove(0);
    let end = visitor.open(&callback).await;
    assert_eq!(error_in(&end.at), None, "{:?}", end.way);
    assert!(visitor.cookie_line().len() <= 4000, "{}", visitor.cookie_line().len());
    let small = (0..30).map(|_| visitor.menu_of(OTHER_AGENT));
    for address in small {
        visitor.redirected(&address).await;
    }
    assert!(visitor.cookie_line().len() <= 4000, "{}", visitor.cookie_line().len());
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
}

#[tokio::test]
async fn the_web_login_is_for_other_browsers_where_it_is_on() {
    for (extra, is_on) in [("web_login = true", true), ("", false)] {
        let (sim, server) = start(extra).await;
        let visitor = Visitor::new(&sim, &server, "member").with(DESKTOP);
        let page = visitor.step(&visitor.menu()).await;
        assert_eq!(page.status(), StatusCode::OK, "the page, and no redirect");
        let config = format!("{}/api/config?corpid={CORP}&agentid={AGENT}&url={}/", visitor.url, visitor.url);
        let config: Value = visitor.request(Method::GET, &config).send().await.unwrap().json().await.unwrap();
        let login = format!("wecom/start?corpid={CORP}&agentid={AGENT}");
        assert_eq!(config["loginUrl"], if is_on { json!(login) } else { Value::Null }, "{config}");
        let end = visitor.open(&visitor.start("&next=/orders")).await;
        match is_on {
            true => assert_eq!(end.at, format!("{}/orders", server.url), "{:?}", end.way),
            false => assert_eq!(error_in(&end.at).as_deref(), Some("not_in_wecom"), "{:?}", end.way),
        }
        assert_eq!(visitor.who().await.is_some(), is_on);
    }
}

/// With a failure in its address the page shows it, in every client, and people decide.
#[tokio::test]
async fn an_address_with_an_error_is_the_page() {
    let (sim, server) = start("web_login = true").await;
    for user_agent in [WECOM, WECHAT, DESKTOP] {
        let visitor = Visitor::new(&sim, &server, "member").with(user_agent);
        for error in ["cancelled", "code_rejected", "platform_busy", "x", "<script>"] {
            let page = visitor.step(&format!("{}&error={error}", visitor.menu())).await;
            assert_eq!(page.status(), StatusCode::OK, "{error}");
            assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        }
        assert!(visitor.cookie_names(ATTEMPT).is_empty());
    }
}
