//! What is left of `deploy/`: the files that the proxies' tests do not run, and that all of them speak of one site.

use crate::support::raw::send;
use crate::support::{Kind, Nginx, Scheme, Site, free_port, plain_site_conf, shipped};
use std::process::Command;

#[test]
fn the_shipped_configuration_is_valid() {
    let output = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["check", "--config", concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/miandeng.toml")])
        .env("CHANNEL_SECRET", "planted-secret")
        // As compose.yaml, its secrets.env and the Dockerfile set them.
        .env("MIANDENG__SESSION__KEY", "cGxhbnRlZC1zZWNyZXQtb2YtdGhpcnR5LXR3by1ieXQ=")
        .env("MIANDENG__LISTEN", "0.0.0.0:8080")
        .env("MIANDENG__OPS_LISTEN", "0.0.0.0:9090")
        .env("MIANDENG__STATE_DIR", "/var/lib/miandeng")
        .env("MIANDENG__STORE__URL", "redis://:planted-secret@redis:6379/0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!printed.contains("planted-secret") && !printed.contains("cGxhbnRlZC"), "{printed}");
}

#[test]
fn the_shipped_files_speak_of_one_site() {
    let [config, app, caddy] = ["miandeng.toml", "nginx/app.conf", "caddy/Caddyfile"]
        .map(|name| shipped::file(&format!("deploy/{name}")));
    assert!(config.contains("public_url = \"https://h5.example.com\""));
    assert!(config.contains("base_path = \"/_miandeng\""));
    assert!(config.contains("corp_id = \"dingcorp1\"\nagent_id = \"123456\""));
    assert!(app.contains("corpid dingcorp1;") && app.contains("agentid 123456;"));
    assert!(caddy.contains("corpid=dingcorp1&agentid=123456"));
}

/// The lines of `text` that belong to `key`, which are indented further.
fn under(text: &str, key: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| line.trim_start() != format!("{key}:"));
    let depth = indent(lines.next().unwrap_or_else(|| panic!("no {key} in\n{text}")));
    let belonging: Vec<&str> = lines.take_while(|line| line.is_empty() || indent(line) > depth).collect();
    belonging.join("\n")
}

/// The session key and everything that is as good as one are behind miandeng, so an application that is broken into must
/// not get there (pentest 3).
#[test]
fn the_application_of_compose_shares_no_network_with_miandeng_and_the_store() {
    let compose = shipped::file("deploy/compose.yaml");
    let service = |name: &str| under(&under(&compose, "services"), name);
    for (name, networks) in [("application", "[app]"), ("redis", "[store]"), ("miandeng", "[front, store]")] {
        assert!(service(name).contains(&format!("\n    networks: {networks}")), "{}", service(name));
    }
    let nginx: Vec<String> = under(&service("nginx"), "networks")
        .lines()
        .filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned()))
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert_eq!(nginx, ["front", "app"]);
    assert!(service("redis").contains("\"--requirepass\", \"${REDIS_PASSWORD:?is missing}\""));
    assert!(service("miandeng").contains("redis://:${REDIS_PASSWORD:?is missing}@redis:6379/0"));
    assert!(compose.contains("MIANDENG__SESSION__KEY="), "in secrets.env, and not in the store");
}

/// Every address of `trusted_proxies` may invent visitors' addresses (pentest 10).
#[test]
fn the_only_trusted_proxies_are_the_machine_itself_and_the_nginx_of_compose() {
    let compose = shipped::file("deploy/compose.yaml");
    let after = |name: &str| -> String {
        let value = compose.split(&format!("{name}: ")).nth(1).unwrap();
        value.split(['\n', ' ', ',']).next().unwrap().to_owned()
    };
    let nginx: std::net::Ipv4Addr = after("ipv4_address").parse().unwrap();
    let [subnet, others] = ["subnet", "ip_range"].map(|name| after(name).parse::<ipnet::Ipv4Net>().unwrap());
    assert!(subnet.contains(&nginx) && subnet.contains(&others), "{nginx} {subnet} {others}");
    assert!(!others.contains(&nginx), "another container may get {nginx} first");
    let config = shipped::file("deploy/miandeng.toml");
    assert!(
        config.contains(&format!("\ntrusted_proxies = [\"127.0.0.1/32\", \"{nginx}/32\"]\n")),
        "{config}"
    );
}

#[test]
fn k13_the_image_says_whether_it_is_healthy_and_nginx_waits_for_it() {
    let dockerfile = shipped::file("deploy/Dockerfile");
    let probe = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK ")).unwrap();
    assert!(probe.contains(r#"CMD ["/miandeng", "healthcheck", "--config", "#), "{probe}");
    // The probe reads the same configuration as the server.
    let config = |line: &str| line.split("--config\", \"").nth(1).map(str::to_owned);
    assert_eq!(config(probe), config(dockerfile.lines().last().unwrap()));
    let compose = shipped::file("deploy/compose.yaml");
    assert!(
        under(&compose, "nginx").contains("\n      miandeng: { condition: service_healthy }"),
        "{compose}"
    );
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
