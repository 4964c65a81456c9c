//! What goes wrong with nginx where the shipped files are not followed to the letter, and that they are right.

use super::{NAVIGATION, SCRIPT, site};
use crate::support::raw::{Answer, exchange, send};
use crate::support::{AGENT, CORP, Kind, Nginx, Site, free_port, plain_site_conf, shipped};

/// A further nginx before the application and the miandeng of `site`, with files changed by `adjust`, and its `site.conf`
/// by `change`.
async fn further(
    site: &Site,
    adjust: impl Fn(&str, String) -> String,
    change: impl FnOnce(String) -> String,
) -> Nginx {
    let upstream = [site.server.url.trim_start_matches("http://"), &site.app.address];
    Nginx::with_shipped(free_port(), upstream, &change(plain_site_conf()), adjust).await
}

async fn status(nginx: &Nginx, path: &str) -> u16 {
    send(&nginx.url, &format!("GET {path}"), &SCRIPT.map(str::to_owned), "").await.status
}

#[tokio::test]
async fn a_query_in_auth_request_misses_the_location_and_lets_everybody_in() {
    let site = site(Kind::Nginx).await;
    let miandeng = &site.server.url;
    let app = &site.app.address;
    let server = |asked: &str| {
        format!(
            "server {{ listen 127.0.0.1:PORT;\n\
             location = /_auth {{ internal; proxy_pass {miandeng}/_miandeng/auth; }}\n\
             location / {{ auth_request {asked}; proxy_pass http://{app}; }} }}"
        )
    };
    let trap = Nginx::start(free_port(), &server(&format!("/_auth?corpid={CORP}&agentid={AGENT}"))).await;
    assert_eq!(status(&trap, "/orders").await, 200, "the trap is there: the application itself is asked");
    let right = Nginx::start(free_port(), &server("/_auth")).await;
    assert_eq!(status(&right, "/orders").await, 401);
}

#[tokio::test]
async fn the_shipped_files_let_nobody_in_even_with_that_mistake() {
    let site = site(Kind::Nginx).await;
    let mistake = format!("auth_request /_miandeng/auth?corpid={CORP}&agentid={AGENT};");
    let adjust = |name: &str, text: String| match name {
        "app.conf" => {
            assert!(text.contains("auth_request /_miandeng/auth;"));
            text.replace("auth_request /_miandeng/auth;", &mistake)
        }
        _ => text,
    };
    let nginx = further(&site, adjust, |conf| conf).await;
    assert_eq!(status(&nginx, "/orders").await, 500);
}

/// Refusal and login cannot speak of two applications: the loop that this would be never ends by itself (K14).
#[tokio::test]
async fn k14_corpid_and_agentid_stand_in_one_place() {
    let site = site(Kind::Nginx).await;
    let adjust = |name: &str, text: String| match name {
        "app.conf" => {
            assert_eq!((text.matches("dingcorp1").count(), text.matches("123456").count()), (1, 1));
            text.replace("dingcorp1", "dingcorp2")
        }
        _ => {
            assert!(!text.contains("dingcorp1") && !text.contains("123456"), "{name}");
            text
        }
    };
    let nginx = further(&site, adjust, |conf| conf).await;
    let mut person = site.visitor();
    person.corp = "dingcorp2".into();
    assert_eq!(person.login().await.status(), 200);
    let cookie = format!("Cookie: {}", person.cookie_header().unwrap());
    assert_eq!(send(&nginx.url, "GET /orders", &[cookie], "").await.status, 200);
    let answer = send(&nginx.url, "GET /orders", &NAVIGATION.map(str::to_owned), "").await;
    let location = answer.header("location").unwrap();
    assert!(location.contains(&format!("?corpid=dingcorp2&agentid={AGENT}")), "{location}");
}

/// A location that asks without saying for which application is not open to the sessions of all of them.
#[tokio::test]
async fn a_location_that_names_no_application_is_closed() {
    let site = site(Kind::Nginx).await;
    let cookie = super::logged_in(&site).await;
    let elsewhere =
        "location /other/ { auth_request /_miandeng/auth; proxy_pass http://application; }\nlocation / {";
    let nginx = further(&site, |_, text| text, |conf| conf.replace("location / {", elsewhere)).await;
    for (path, status) in [("/orders", 200), ("/other/orders", 401)] {
        let answer = send(&nginx.url, &format!("GET {path}"), std::slice::from_ref(&cookie), "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.head);
    }
}

/// `$host` has no port, and is there where a client of HTTP/1.0 names no host.
#[tokio::test]
async fn a_site_may_hand_on_either_host() {
    let site = site(Kind::Nginx).await;
    let cookie = super::logged_in(&site).await;
    let host = |text: String| text.replace("$http_host", "$host");
    let nginx = further(&site, |_, text| host(text), host).await;
    let answer = send(&nginx.url, "GET /orders", std::slice::from_ref(&cookie), "").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let login = send(&nginx.url, "GET /orders", &NAVIGATION.map(str::to_owned), "").await;
    let location = login.header("location").unwrap();
    assert!(location.starts_with(&format!("{}/_miandeng/?corpid=", site.url)), "{location}");
    for url in [&site.url, &nginx.url] {
        let request = format!("GET /orders HTTP/1.0\r\n{cookie}\r\n\r\n");
        let answer = exchange(url.trim_start_matches("http://"), request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

/// As docs/deploy.md answers it: a preflight has no cookie.
#[tokio::test]
async fn a_preflight_is_answered_before_the_guard() {
    let site = site(Kind::Nginx).await;
    let cookie = super::logged_in(&site).await;
    let text = shipped::file("docs/deploy.md");
    let block = text.split("```nginx\n").find(|block| block.trim_start().starts_with("location /api/"));
    let block = block.unwrap().split("```").next().unwrap().to_owned();
    let nginx = further(
        &site,
        |_, text| text,
        |conf| conf.replace("location / {", &format!("{block}\nlocation / {{")),
    )
    .await;
    let preflight =
        ["Origin: https://shop.example.com".to_owned(), "Access-Control-Request-Method: PUT".into()];
    let answer = send(&nginx.url, "OPTIONS /api/orders", &preflight, "").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example.com"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("PUT"));
    assert_eq!(send(&nginx.url, "OPTIONS /orders", &preflight, "").await.status, 401);
    // What the front end reads of the guard's answer, of the application's, and of nothing outside `/api/`.
    let cors = |answer: &Answer| {
        ["allow-origin", "allow-credentials", "expose-headers"]
            .map(|name| answer.header(&format!("access-control-{name}")).map(str::to_owned))
    };
    let readable =
        ["https://shop.example.com", "true", "X-Miandeng-Login"].map(|value| Some(value.to_owned()));
    for (line, body) in [("PUT /api/orders", "a=1"), ("GET /api/orders?a=b", ""), ("DELETE /api/orders", "")]
    {
        let refused = send(&nginx.url, line, &preflight, body).await;
        assert_eq!((refused.status, cors(&refused)), (401, readable.clone()), "{line}");
        assert!(refused.header("x-miandeng-login").is_some(), "{line}");
        let answer = send(&nginx.url, line, &[cookie.clone(), preflight[0].clone()], body).await;
        assert_eq!((answer.status, cors(&answer)), (200, readable.clone()), "{line}");
        assert_eq!(answer.json()["body"], body);
    }
    for path in ["/orders", "/orders?x=/api/", "/public/x", "/_miandeng/", "/_miandeng/api/session"] {
        let answer = send(&nginx.url, &format!("GET {path}"), &preflight[..1], "").await;
        assert_eq!(cors(&answer)[2], None, "{path}");
    }
}

#[tokio::test]
async fn what_is_between_nginx_and_miandeng_is_not_open_to_visitors() {
    let site = site(Kind::Nginx).await;
    for path in ["/_miandeng/auth", "/_miandeng/start", "/_miandeng/%61uth", "/_miandeng/x/../auth"] {
        assert_eq!(super::get(&site, path, &NAVIGATION).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn locations_by_regular_expression_do_not_take_the_pages_files() {
    let site = site(Kind::Nginx).await;
    let nginx = further(
        &site,
        |_, text| text,
        |conf| conf.replace("location / {", "location ~ \\.(js|css|wasm)$ { return 418; }\nlocation / {"),
    )
    .await;
    assert_eq!(status(&nginx, "/app.js").await, 418);
    assert_eq!(status(&nginx, "/_miandeng/no-such-file.js").await, 404, "miandeng was asked");
}
