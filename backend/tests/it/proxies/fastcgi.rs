//! A PHP application: nginx hands it variables instead of headers, and dash and underscore are one there.

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
    let conf = format!(
        "include miandeng/upstream.conf; include miandeng/http.conf;\n\
         server {{ listen 127.0.0.1:PORT; include miandeng/server.conf;\n\
         location / {{ fastcgi_param REQUEST_METHOD $request_method; \
         fastcgi_param REQUEST_URI $request_uri; include miandeng/php.conf; fastcgi_pass {}; }} }}",
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
    assert!(!variables.values().any(|value| value.as_str().unwrap().contains("evil")), "{variables:?}");
    let names = IDENTITY.iter().skip(1).map(|name| format!("HTTP_{}", name.replace('-', "_").to_uppercase()));
    names.map(|name| variables[&name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_php_application_learns_who_it_is_and_nobody_can_lie_to_it() {
    let (site, _php, nginx) = php(|conf| conf).await;
    let cookie = logged_in(&site).await;
    let headers = [cookie.clone(), SCRIPT[0].to_owned()];
    let received = send(&nginx.url, "POST /orders?a=1", &headers, "a=1&b=2").await.json();
    assert_eq!(received["REQUEST_URI"], "/orders?a=1");
    assert_eq!(received["body"], "a=1&b=2");
    assert!(received.get("HTTP_COOKIE").is_none_or(|cookie| !cookie.as_str().unwrap().contains("miandeng=")));
    let honest = found(&received);
    assert_eq!(honest.last().unwrap(), "userid-employee-dingcorp1");
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
            assert_eq!(found(&received).last().unwrap(), "userid-employee-dingcorp1");
        }
    }
}
