//! A PHP application: nginx hands it variables instead of headers, and dash and underscore are one there.

use super::paths::ODD;
use super::spoofing::attempts;
use super::{SCRIPT, get, logged_in};
use crate::support::fastcgi::FastCgi;
use crate::support::raw::send;
use crate::support::{IDENTITY, Kind, Nginx, Scheme, Site, free_port};
use serde_json::Value;

/// A site, and an nginx with its PHP application before its miandeng; its `server.conf` may be changed.
async fn php(change: impl Fn(String) -> String) -> (Site, FastCgi, Nginx) {
    let site = Site::start(Kind::Nginx, Scheme::Http, |_, _| {}).await;
    let php = FastCgi::start().await;
    // As in fastcgi_params.
    let variables = "fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;";
    let conf = format!(
        "include miandeng/upstream.conf; include miandeng/http.conf;\n\
         server {{ listen 127.0.0.1:PORT; include miandeng/server.conf;\n\
         location / {{ {variables} include miandeng/php.conf; client_max_body_size 100m; fastcgi_pass {0}; }}\n\
         location /public/ {{ {variables} include miandeng/public.conf; fastcgi_pass {0}; }} }}",
        php.address
    );
    let upstream = [site.server.url.trim_start_matches("http://"), &php.address];
    let adjust = |name: &str, text: String| match name {
        "server.conf" => change(text),
        _ => text,
    };
    let nginx = Nginx::with_shipped(free_port(), upstream, &conf, adjust).await;
    (site, php, nginx)
}

/// The identity that the program finds.
fn found(variables: &Value) -> Vec<String> {
    let variables = variables.as_object().unwrap();
    let says_evil = |value: &Value| value.as_str().is_some_and(|text| text.contains("evil"));
    assert!(!variables.values().any(says_evil), "{variables:?}");
    let names = IDENTITY.iter().skip(1).map(|name| format!("HTTP_{}", name.replace('-', "_").to_uppercase()));
    names.map(|name| variables.get(&name).map_or("", |value| value.as_str().unwrap()).to_owned()).collect()
}

#[tokio::test]
async fn a_php_application_learns_who_it_is_and_nobody_can_lie_to_it() {
    let (site, _php, nginx) = php(|conf| conf).await;
    let cookie = logged_in(&site).await;
    let headers = [cookie.clone(), SCRIPT[0].to_owned()];
    let received = send(&nginx.url, "POST /orders?a=1", &headers, "a=1&b=2").await.json();
    assert_eq!(received["REQUEST_URI"], "/orders?a=1");
    assert_eq!(received["body"], "a=1&b=2");
    assert!(received.get("HTTP_COOKIE").is_none_or(|cookie| !cookie.as_str().unwrap().contains("miandeng")));
    let honest = found(&received);
    assert_eq!(honest[4..], ["userid-employee-dingcorp1", ""]);
    let claims = get(&site, "/orders", &[&cookie]).await.json()["claims"].clone();
    assert_eq!(honest[3], claims["unionId"]);

    assert_eq!(send(&nginx.url, "GET /orders", &headers[1..], "").await.status, 401);
    for mut headers in IDENTITY.into_iter().flat_map(attempts) {
        headers.push(cookie.clone());
        let answer = send(&nginx.url, "GET /orders", &headers, "").await;
        match answer.status {
            200 => assert_eq!(found(&answer.json()), honest, "{headers:?}"),
            status => assert_eq!(status, 400, "{headers:?}"),
        }
    }
}

#[tokio::test]
async fn underscores_let_through_elsewhere_do_not_reach_a_php_application() {
    let (site, _php, nginx) =
        php(|conf| conf.replace("underscores_in_headers off;", "underscores_in_headers on;")).await;
    let cookie = logged_in(&site).await;
    for name in IDENTITY {
        let underscores = name.replace('-', "_");
        for spelling in [underscores.clone(), underscores.to_lowercase(), name.replacen('-', "_", 1)] {
            let headers = [format!("{spelling}: evil"), "X_Other: through".to_owned(), cookie.clone()];
            let received = send(&nginx.url, "GET /orders", &headers, "").await.json();
            assert_eq!(received["HTTP_X_OTHER"], "through", "underscores are let through: {received}");
            assert_eq!(found(&received)[4..], ["userid-employee-dingcorp1", ""]);
        }
    }
}

#[tokio::test]
async fn a_php_application_answers_no_path_that_is_public_in_one_reading_only() {
    let (_site, _php, nginx) = php(|conf| conf).await;
    for path in ODD {
        for line in [format!("GET {path}"), format!("POST {path}"), format!("GET {path} HTTP/1.0")] {
            let body = if line.starts_with("POST") { "a=1" } else { "" };
            let answer = send(&nginx.url, &line, &[], body).await;
            assert!(matches!(answer.status, 400 | 401 | 404), "{line}: {}\n{}", answer.head, answer.body);
        }
    }
}

#[tokio::test]
async fn the_public_part_of_a_php_application_gets_neither_session_nor_lies() {
    let (site, _php, nginx) = php(|conf| conf).await;
    let session = logged_in(&site).await;
    for mut headers in IDENTITY.into_iter().flat_map(attempts) {
        headers.push(format!("{session}; theme=dark"));
        let answer = send(&nginx.url, "GET /public/x?a=%2F..", &headers, "").await;
        match answer.status {
            200 => {
                let received = answer.json();
                assert_eq!(received["REQUEST_URI"], "/public/x?a=%2F..");
                assert_eq!(received["HTTP_COOKIE"], "theme=dark");
                assert!(found(&received).iter().all(String::is_empty), "{headers:?}: {received}");
            }
            status => assert_eq!(status, 400, "{headers:?}"),
        }
    }
}

#[tokio::test]
async fn k04_a_php_application_takes_uploads() {
    let (site, _php, nginx) = php(|conf| conf).await;
    let session = logged_in(&site).await;
    for size in [5, 2_000_000, 20_000_000] {
        let body = "x".repeat(size);
        let received = send(&nginx.url, "PUT /file", std::slice::from_ref(&session), &body).await.json();
        assert_eq!((&received["REQUEST_METHOD"], &received["length"]), (&"PUT".into(), &size.into()));
        let answer = send(&nginx.url, "PUT /file", &[], &body).await;
        assert_eq!(answer.status, 401, "{size}: {}", answer.head);
        assert_eq!(answer.json()["error"]["code"], "no_session");
    }
}
