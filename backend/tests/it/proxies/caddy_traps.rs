//! What goes wrong with Caddy 2.6 where lines of the shipped file are left out, and that they are needed.

use super::{identity, logged_in, site};
use crate::support::raw::send;
use crate::support::{Caddy, Kind, Sample, Site, Trust, caddyfile, free_port};

/// A further Caddy before the application of `site`, which asks the gateway at `gateway`, with the shipped file less
/// the lines that contain one of `without`.
async fn further(site: &Site, gateway: &str, without: &[&str]) -> Caddy {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let shipped = caddyfile(&url, gateway, &site.app.address);
    for part in without {
        assert!(shipped.contains(part), "no {part} in\n{shipped}");
    }
    let lines = shipped.lines().filter(|line| !without.iter().any(|part| line.contains(part)));
    let lines: Vec<&str> = lines.collect();
    Caddy::start(port, url, &lines.join("\n")).await
}

#[tokio::test]
async fn without_its_first_line_underscores_reach_the_application() {
    let site = site(Kind::Caddy).await;
    let cookie = logged_in(&site).await;
    let miandeng = site.server.url.trim_start_matches("http://");
    let caddy = further(&site, miandeng, &["request_header -*Miandeng*"]).await;
    let headers = [cookie, "X_Miandeng_User_Id: evil".to_owned()];
    let received = send(&caddy.url, "GET /orders", &headers, "").await.json();
    assert!(identity(&received).iter().any(|(_, value)| value == "evil"), "the trap is there: {received}");
}

#[tokio::test]
async fn another_gateway_that_leaves_a_header_out_makes_it_a_placeholder() {
    let site = site(Kind::Caddy).await;
    // Answers everything with 200 and without any header.
    let nowhere = || String::from("http://127.0.0.1:1");
    let gateway = Sample::start(Trust { jwks_url: nowhere(), issuer: nowhere(), audience: nowhere() }).await;
    let caddy = further(&site, &gateway.address, &[]).await;
    let received = send(&caddy.url, "GET /orders", &[], "").await.json();
    let placeholder =
        identity(&received).iter().any(|(_, value)| value.contains("http.reverse_proxy.header"));
    assert!(placeholder, "the trap is there: {received}");
}
