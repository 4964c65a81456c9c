//! Who gets through, what the application then knows, and where everybody else is sent.

use super::{NAVIGATION, SCRIPT, behind_both, get, identity, logged_in, site, value_of};
use crate::support::raw::send;
use crate::support::{AGENT, CORP, Kind};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;

behind_both!(
    the_application_learns_who_it_is,
    without_a_session_people_are_sent_to_the_login_and_scripts_are_told,
    a_post_arrives_whole,
    s30_the_application_does_not_get_the_session,
    the_session_of_another_enterprise_does_not_open_the_application,
    a_logout_closes_the_application,
    hostile_deep_links_lead_nowhere,
    s7_a_visitor_cannot_say_what_he_opened,
    the_login_page_is_whole_under_its_base_path,
    a_miandeng_that_is_gone_lets_nobody_in,
);

async fn the_application_learns_who_it_is(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let answer = get(&site, "/orders/7?tab=%E5%85%A8%E9%83%A8&x=a+b", &[&cookie]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let received = answer.json();
    assert_eq!(received["uri"], "/orders/7?tab=%E5%85%A8%E9%83%A8&x=a+b");
    let identity = identity(&received);
    assert_eq!(value_of(&identity, "X_MIANDENG_CORP"), CORP);
    assert_eq!(value_of(&identity, "X_MIANDENG_AGENT"), AGENT);
    assert_eq!(value_of(&identity, "X_MIANDENG_USER_ID"), "userid-employee-dingcorp1");
    let claims = &received["claims"];
    assert_eq!(received["refused"], serde_json::Value::Null, "{received}");
    for (header, claim) in [("OPEN_ID", "openId"), ("UNION_ID", "unionId"), ("USER_ID", "userId")] {
        assert_eq!(value_of(&identity, &format!("X_MIANDENG_{header}")), claims[claim], "{claim}");
        assert_ne!(claims[claim], "");
    }
    assert_eq!(claims["sub"], format!("{CORP}:{}", claims["openId"].as_str().unwrap()));
    let lifetime = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert_eq!(lifetime, 360, "five minutes, and one that clocks may differ by");
}

async fn without_a_session_people_are_sent_to_the_login_and_scripts_are_told(kind: Kind) {
    let site = site(kind).await;
    let answer = get(&site, "/orders/7?tab=1&x=%26", &NAVIGATION).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    let location = answer.header("location").unwrap().to_owned();
    let path = location.strip_prefix(&site.url).unwrap_or(&location);
    let (page, next) = path.split_once("&next=").unwrap_or_else(|| panic!("no deep link in {location}"));
    assert_eq!(page, format!("/_miandeng/?corpid={CORP}&agentid={AGENT}"));
    let next = URL_SAFE_NO_PAD.decode(next).unwrap();
    assert_eq!(next, b"/orders/7?tab=1&x=%26");

    let answer = get(&site, "/api/orders", &SCRIPT).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.json()["error"]["code"], "no_session");

    // A session that is none.
    for cookie in ["Cookie: miandeng=", "Cookie: miandeng=AAAA", "Cookie: miandeng=%00; miandeng=x"] {
        assert_eq!(get(&site, "/api/orders", &[SCRIPT[0], cookie]).await.status, 401, "{cookie}");
    }
    // What needs no login does not get one.
    assert_eq!(get(&site, "/public/prices", &SCRIPT).await.json()["uri"], "/public/prices");
}

async fn a_post_arrives_whole(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let headers = ["Content-Type: text/plain".to_owned(), SCRIPT[0].to_owned(), cookie];
    // Larger than what the proxies keep in memory, and than what miandeng would take.
    for size in [5, 300_000] {
        let body = "x".repeat(size);
        let answer = send(&site.url, "POST /orders", &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let received = answer.json();
        assert_eq!(received["method"], "POST");
        assert!(received["body"] == body, "{} of {size}", received["body"].as_str().unwrap().len());
    }
    let answer = send(&site.url, "POST /orders", &headers[..2], "small").await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(answer.json()["error"]["code"], "no_session");
}

async fn s30_the_application_does_not_get_the_session(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let session = cookie.strip_prefix("Cookie: ").unwrap();
    let session = session.split("; ").find(|pair| pair.starts_with("miandeng-")).unwrap();
    let value = session.split_once('=').unwrap().1;
    for (sent, received) in [
        (session.to_owned(), ""),
        (format!("{session}; theme=dark"), "theme=dark"),
        (format!("theme=dark; {session}"), "theme=dark;"),
        (format!("theme=dark;{session};lang=zh"), "theme=dark;lang=zh"),
        (format!("my_miandeng=1; {session}; lang=zh"), "my_miandeng=1; lang=zh"),
    ] {
        for path in ["/orders", "/public/prices"] {
            let received_by_app = get(&site, path, &[&format!("Cookie: {sent}")]).await.json();
            let headers = received_by_app["headers"].as_array().unwrap();
            let cookies: Vec<&str> = headers
                .iter()
                .filter(|header| header[0] == "cookie")
                .map(|header| header[1].as_str().unwrap())
                .collect();
            assert!(!cookies.concat().contains(value), "{cookies:?}");
            let without_spaces = |text: &str| text.replace(' ', "");
            assert_eq!(without_spaces(&cookies.concat()), without_spaces(received), "{path} of {sent}");
        }
    }
}

async fn the_session_of_another_enterprise_does_not_open_the_application(kind: Kind) {
    let site = site(kind).await;
    let mut person = site.visitor();
    person.corp = "dingcorp2".into();
    assert_eq!(person.login().await.status(), 200);
    assert_eq!(person.session().await.status(), 200, "the session is a good one");
    let cookie = format!("Cookie: {}", person.cookie_header().unwrap());
    let answer = get(&site, "/orders", &[&cookie, SCRIPT[0]]).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(get(&site, "/orders", &[&cookie, NAVIGATION[0], NAVIGATION[1]]).await.status, 302);
}

async fn a_logout_closes_the_application(kind: Kind) {
    let site = site(kind).await;
    let person = site.visitor();
    assert_eq!(person.login().await.status(), 200);
    let cookie = format!("Cookie: {}", person.cookie_header().unwrap());
    assert_eq!(get(&site, "/orders", &[&cookie]).await.status, 200);
    let logout = person.request(Method::DELETE, "/api/session");
    assert_eq!(person.send(logout).await.status(), 204);
    // With the cookie that was copied before.
    assert_eq!(get(&site, "/orders", &[&cookie, SCRIPT[0]]).await.status, 401);
}

async fn hostile_deep_links_lead_nowhere(kind: Kind) {
    let site = site(kind).await;
    for path in
        ["//evil.example/", "/%5Cevil.example", "/.//evil.example", "/%09/evil.example", "//evil.example@x/"]
    {
        let answer = get(&site, path, &NAVIGATION).await;
        assert!(matches!(answer.status, 302 | 308 | 400), "{path}: {}", answer.head);
        let Some(location) = answer.header("location") else { continue };
        let url = url::Url::parse(&site.url).unwrap().join(location).unwrap();
        assert_eq!(url.origin().ascii_serialization(), site.url, "{path}: {location}");
        let next = url.query_pairs().find(|(name, _)| name == "next");
        let next = next.map_or(b"/".to_vec(), |(_, word)| URL_SAFE_NO_PAD.decode(word.as_ref()).unwrap());
        let there = url.join(std::str::from_utf8(&next).unwrap()).unwrap();
        assert_eq!(there.origin().ascii_serialization(), site.url, "{path}: {location}");
    }
}

async fn s7_a_visitor_cannot_say_what_he_opened(kind: Kind) {
    let site = site(kind).await;
    let lie = "X-Forwarded-Uri: /elsewhere";
    for lie in [lie, "X_Forwarded_Uri: /elsewhere", "x-forwarded-uri: /elsewhere"] {
        let answer = get(&site, "/orders", &[lie, NAVIGATION[0], NAVIGATION[1]]).await;
        let (_, next) = answer.header("location").unwrap().split_once("&next=").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(next).unwrap(), b"/orders");
    }
    let answer = get(&site, "/_miandeng/start", &[lie, NAVIGATION[0], NAVIGATION[1]]).await;
    assert!(!answer.head.contains("next="), "{}", answer.head);
}

async fn the_login_page_is_whole_under_its_base_path(kind: Kind) {
    let site = site(kind).await;
    let answer = get(&site, &format!("/_miandeng?corpid={CORP}&agentid={AGENT}"), &NAVIGATION).await;
    assert!(matches!(answer.status, 301 | 308), "{}", answer.head);
    let location = answer.header("location").unwrap();
    assert!(location.ends_with(&format!("/_miandeng/?corpid={CORP}&agentid={AGENT}")), "{location}");
    // The very path only, and not whatever begins like it.
    assert_eq!(get(&site, "/_miandengx", &SCRIPT).await.status, 401);
}

async fn a_miandeng_that_is_gone_lets_nobody_in(kind: Kind) {
    let mut site = site(kind).await;
    site.server.kill();
    for headers in [NAVIGATION, SCRIPT] {
        let answer = get(&site, "/orders", &headers).await;
        assert!(answer.status >= 500, "{}", answer.head);
        assert!(!answer.body.contains("/orders"), "{}", answer.body);
    }
}
