//! What is left of `deploy/`: the files that the proxies' tests do not run, and that all of them speak of one site.

use crate::support::raw::send;
use crate::support::{Kind, Nginx, Scheme, Site, free_port, plain_site_conf, shipped};
use std::process::Command;

#[test]
fn the_shipped_configuration_is_valid() {
    let output = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["check", "--config", concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/miandeng.toml")])
        .env("CHANNEL_SECRET", "planted-secret")
        // As compose.yaml and the Dockerfile set them.
        .env("MIANDENG__LISTEN", "0.0.0.0:8080")
        .env("MIANDENG__OPS_LISTEN", "0.0.0.0:9090")
        .env("MIANDENG__STATE_DIR", "/var/lib/miandeng")
        .env("MIANDENG__STORE__URL", "redis://redis:6379/0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("planted-secret"));
}

#[test]
fn the_shipped_files_speak_of_one_site() {
    let [config, server, caddy] = ["miandeng.toml", "nginx/server.conf", "caddy/Caddyfile"]
        .map(|name| shipped::file(&format!("deploy/{name}")));
    assert!(config.contains("public_url = \"https://h5.example.com\""));
    assert!(config.contains("base_path = \"/_miandeng\""));
    assert!(config.contains("corp_id = \"dingcorp1\"\nagent_id = \"123456\""));
    for asked in [&server, &caddy] {
        assert!(asked.contains("corpid=dingcorp1&agentid=123456"));
    }
    let compose = shipped::file("deploy/compose.yaml");
    let subnet = compose.split("subnet: ").nth(1).unwrap().lines().next().unwrap();
    assert!(config.contains(&format!("\"{subnet}\"")), "nginx of compose.yaml is a trusted proxy");
    for service in ["miandeng", "redis", "nginx", "application"] {
        assert!(compose.contains(&format!("\n  {service}:\n")), "{service}");
    }
}

#[tokio::test]
async fn the_addresses_of_the_containers_stand_in_for_those_of_one_machine() {
    let site = Site::start(Kind::Nginx, Scheme::Http, |_, _| {}).await;
    let miandeng = site.server.url.trim_start_matches("http://");
    let upstream = shipped::file("deploy/compose.upstream.conf");
    let values = [("miandeng:8080", miandeng), ("application:3000", &site.app.address)];
    let upstream = shipped::fill(&upstream, &values);
    let adjust = |name: &str, text: String| match name {
        "upstream.conf" => upstream.clone(),
        _ => text,
    };
    let elsewhere = [miandeng, site.app.address.as_str()];
    let nginx = Nginx::with_shipped(free_port(), elsewhere, &plain_site_conf(), adjust).await;
    assert_eq!(send(&nginx.url, "GET /orders", &[], "").await.status, 401);
    assert_eq!(send(&nginx.url, "GET /public/prices", &[], "").await.status, 200);
}

#[test]
fn both_documents_show_the_same_configurations() {
    let blocks = |name: &str| -> Vec<String> {
        shipped::file(name).split("```").skip(1).step_by(2).map(str::to_owned).collect()
    };
    let chinese = blocks("docs/deploy.md");
    assert!(!chinese.is_empty());
    assert_eq!(chinese, blocks("docs/deploy.en.md"));
}
