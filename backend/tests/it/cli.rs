//! The command line, as an operator uses it.

use crate::support::{Person, Server, Sim, free_port};
use reqwest::StatusCode;
use std::process::{Command, Output};

fn miandeng(args: &[&str], config: &str, environment: &[(&str, &str)]) -> Output {
    let dir = std::env::temp_dir().join(format!("miandeng-cli-{}-{}", std::process::id(), free_port()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("miandeng.toml");
    std::fs::write(&file, config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(args)
        .arg("--config")
        .arg(&file)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    output
}

const GOOD: &str = r#"
public_url = "https://h5.example.com"
[store]
url = "memory:"
[[apps]]
corp_id = "dingcorp1"
agent_id = "123456"
kind = "channel"
channel_secret = { env = "IT_CHANNEL_SECRET" }
"#;

#[test]
fn check_prints_the_configuration_with_secrets_masked() {
    let output = miandeng(
        &["check"],
        GOOD,
        &[("IT_CHANNEL_SECRET", "planted-secret"), ("MIANDENG__SESSION__TTL", "8h")],
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("channel_secret = \"***\"") && printed.contains("ttl = \"8h\""), "{printed}");
    assert!(!printed.contains("planted"), "{printed}");
}

#[test]
fn check_and_serve_name_every_problem_and_exit_2() {
    for command in ["check", "serve"] {
        let output = miandeng(&[command], &GOOD.replace("public_url", "publik_url"), &[]);
        let problems = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{problems}");
        for part in [
            "public_url: is missing",
            "publik_url: is not a known key",
            "apps[0].channel_secret",
            "IT_CHANNEL_SECRET",
        ] {
            assert!(problems.contains(part), "{part}: {problems}");
        }
    }
}

#[test]
fn a_missing_file_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["check", "--config", "/no/such.toml"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/no/such.toml"));
}

#[test]
fn a_taken_port_is_one_clear_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "listen = \"{}\"\nstate_dir = \"{}\"\n{GOOD}",
        taken.local_addr().unwrap(),
        std::env::temp_dir().display()
    );
    let output = miandeng(&["serve"], &config, &[("IT_CHANNEL_SECRET", "s"), ("RUST_BACKTRACE", "1")]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("listen: cannot listen on") && said.lines().count() == 1, "{said}");
}

#[tokio::test]
async fn sigterm_ends_the_server_after_what_has_begun() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |_| {}).await;
    sim.settings(serde_json::json!({ "latencyMs": 300 })).await;
    let status = {
        let person = Person::new(&sim, &server);
        let visit = person.config();
        let stop = async {
            // The visit has begun once DingTalk has been asked.
            while sim.total().await == 0 && !server.log().contains("stopping") {
                tokio::task::yield_now().await;
            }
            Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().unwrap();
        };
        let (visit, ()) = tokio::join!(visit, stop);
        visit.status()
    };
    assert_eq!(status, StatusCode::OK);
    assert!(server.wait().success());
}

/// Service managers and log rotation send these; each ended the server at once.
#[tokio::test]
async fn signals_that_mean_nothing_here_are_ignored_with_a_warning() {
    let (sim, server) = crate::support::start("").await;
    for signal in ["HUP", "USR1", "USR2", "HUP"] {
        let sent = Command::new("kill").args(["-s", signal, &server.pid().to_string()]).status().unwrap();
        assert!(sent.success());
        let log = server.log_with(&format!("SIG{signal} is ignored"), 1).await;
        let line = log.lines().find(|line| line.contains(&format!("SIG{signal} is ignored"))).unwrap();
        assert!(line.contains("WARN") && line.contains("restart"), "{line}");
    }
    assert_eq!(Person::new(&sim, &server).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_operators_listener() {
    let (_sim, server) = crate::support::start("").await;
    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/", 404), ("/api/session", 404)]
    {
        let answer = reqwest::get(format!("{}{path}", server.ops_url)).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(answer.status(), 404, "{path} is never on the public listener");
    }
}
