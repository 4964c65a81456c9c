//! What goes wrong with nginx where the shipped files are not followed to the letter, and that they are right.

use super::{NAVIGATION, SCRIPT, site};
use crate::support::raw::send;
use crate::support::{AGENT, CORP, Kind, Nginx, Site, free_port, plain_site_conf};

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
