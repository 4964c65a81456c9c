//! The command line, as an operator uses it.

use crate::support::{Person, Server, Sim, free_port, until};
use reqwest::StatusCode;
use std::os::unix::fs::PermissionsExt;
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

/// What `check` says of files on the way to a secret.
fn check_files(files: &[(&str, &[u8], u32)], config: &str) -> (Option<i32>, String) {
    let dir = std::env::temp_dir().join(format!("miandeng-files-{}-{}", std::process::id(), free_port()));
    std::fs::create_dir_all(&dir).unwrap();
    for (name, content, mode) in files.iter().chain(&[("miandeng.toml", config.as_bytes(), 0o600)]) {
        let path = dir.join(name);
        if path.exists() {
            continue;
        }
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).unwrap();
    }
    let checked =
        Command::new(env!("CARGO_BIN_EXE_miandeng")).arg("check").current_dir(&dir).output().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    (checked.status.code(), String::from_utf8(checked.stderr).unwrap())
}

/// "stream did not contain valid UTF-8" was all that was said, and of a variable that it was not set.
#[test]
fn k20_what_is_not_utf_8_is_named_as_such() {
    let from_file = GOOD.replace("{ env = \"IT_CHANNEL_SECRET\" }", "{ file = \"secret.txt\" }");
    let bare: Vec<u8> = "secret\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big_endian: Vec<u8> = "secret\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let utf16: Vec<u8> = "\u{feff}secret\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [&b"caf\xe9"[..], &utf16, &bare, &big_endian, b"abc\xff", b"\xc3\x28"] {
        let (code, said) = check_files(&[("secret.txt", bytes, 0o600)], &from_file);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("apps[0].channel_secret: the file secret.txt is not UTF-8 text"), "{said}");
    }
    let gbk = [b"# \xc5\xe4\xd6\xc3\n".as_slice(), GOOD.as_bytes()].concat();
    let late = [GOOD.as_bytes(), b"\nhome = \"/\xe9\"\n".as_slice()].concat();
    let utf16 = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (config, line) in [(gbk, "line 1"), (late, "line 11"), (utf16, "line 2")] {
        let (code, said) = check_files(&[("miandeng.toml", &config, 0o600)], "");
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&format!("miandeng.toml: is not UTF-8 text ({line})")), "{said}");
    }
    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"caf\xe9");
    let odd: &std::ffi::OsStr = odd;
    let checked = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["check", "--config", "/dev/stdin"])
        .env("IT_CHANNEL_SECRET", odd)
        .env("MIANDENG__SESSION__TTL", odd)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), GOOD.as_bytes())?;
            child.wait_with_output()
        })
        .unwrap();
    let said = String::from_utf8(checked.stderr).unwrap();
    for part in ["variable IT_CHANNEL_SECRET is not UTF-8 text", "MIANDENG__SESSION__TTL: is not UTF-8 text"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// Finding 13: `check` said nothing of a configuration that everybody may read and write.
#[test]
fn p13_secrets_that_others_may_read_are_warned_of() {
    let inline = GOOD.replace("{ env = \"IT_CHANNEL_SECRET\" }", "\"planted\"");
    let from_file = GOOD.replace("{ env = \"IT_CHANNEL_SECRET\" }", "{ file = \"secret.txt\" }");
    let store = from_file.replace("memory:", "redis://:planted@127.0.0.1:1/0");
    for (mode, warned) in
        [(0o600, false), (0o640, false), (0o644, true), (0o666, true), (0o604, true), (0o602, true)]
    {
        let (code, said) = check_files(&[("secret.txt", b"planted\n", mode)], &from_file);
        assert_eq!(code, Some(0), "{said}");
        let warning = "warning: apps[0].channel_secret: every user of this machine may read or write the file secret.txt";
        assert_eq!(said.contains(warning), warned, "{mode:o}: {said}");
        assert_eq!(said.contains("(in Kubernetes: defaultMode: 0440"), warned, "{mode:o}: {said}");
        for (config, key) in [(&inline, "apps[0].channel_secret"), (&store, "store.url")] {
            let files =
                [("secret.txt", &b"planted\n"[..], 0o600), ("miandeng.toml", config.as_bytes(), mode)];
            let (code, said) = check_files(&files, "");
            assert_eq!(code, Some(0), "{said}");
            let warning =
                format!("warning: miandeng.toml: holds secrets ({key}), and every user of this machine");
            assert_eq!(said.contains(&warning), warned, "{mode:o}: {said}");
            assert_eq!(said.contains("defaultMode"), warned, "{mode:o}: {said}");
            assert!(!said.contains("planted"), "{said}");
        }
        let files = [("secret.txt", &b"planted\n"[..], 0o600), ("miandeng.toml", from_file.as_bytes(), mode)];
        assert_eq!(check_files(&files, "").1, "", "{mode:o}: it holds none");
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
            until("a call to DingTalk", async || sim.total().await > 0).await;
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

fn healthcheck(config: &str, environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = miandeng(&["healthcheck"], config, environment);
    assert!(output.stdout.is_empty());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// There was no probe for an image without a shell.
#[tokio::test]
async fn k13_a_server_that_is_up_is_healthy_wherever_it_listens() {
    let sim = Sim::start(1).await;
    for host in ["127.0.0.1", "0.0.0.0", "[::1]", "[::]", "127.0.0.2", "[::ffff:0.0.0.0]"] {
        let mut port = String::new();
        let server = Server::start(&sim, |config| {
            let ops = config.lines().find(|line| line.starts_with("ops_listen")).unwrap();
            port = ops.rsplit(':').next().unwrap().trim_matches('"').to_owned();
            *config = config.replace(
                &format!("ops_listen = \"127.0.0.1:{port}\""),
                &format!("ops_listen = \"{host}:{port}\""),
            );
        })
        .await;
        let config = std::fs::read_to_string(server.config_file()).unwrap();
        // A proxy for everything else, and secrets that are not there, are none of its business.
        let unset = config.replace("\"channel-secret-of-dingcorp1\"", "{ env = \"IT_NO_SUCH\" }");
        let proxies = [("HTTP_PROXY", "http://127.0.0.1:1"), ("http_proxy", "http://127.0.0.1:1")];
        assert_eq!(healthcheck(&unset, &proxies), (Some(0), String::new()), "{host}");
        // As in an image: no file where it is looked for, the address in the environment.
        let listen = format!("{host}:{port}");
        let output = Command::new(env!("CARGO_BIN_EXE_miandeng"))
            .arg("healthcheck")
            .env("MIANDENG__OPS_LISTEN", &listen)
            .current_dir("/")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{listen}: {}", String::from_utf8_lossy(&output.stderr));
        let elsewhere = format!("ops_listen = \"127.0.0.1:1\"\n{GOOD}");
        assert_eq!(
            healthcheck(&elsewhere, &[("MIANDENG__OPS_LISTEN", &listen)]).0,
            Some(0),
            "it comes first"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k13_what_is_not_healthy_says_so_in_one_line() {
    use tokio::io::AsyncWriteExt;
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other_address = other.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let at = |address: &str| format!("ops_listen = \"{address}\"\n{GOOD}");
    for (config, environment, part) in [
        (at(&format!("127.0.0.1:{}", free_port())), None, "does not answer: Connection refused"),
        (at(&silent.local_addr().unwrap().to_string()), None, "does not answer: no answer within 3 s"),
        (at(&other_address.to_string()), None, "answers \"HTTP/1.1 503\""),
        (at("nowhere"), None, "ops_listen: must be an address and port"),
        (GOOD.into(), Some("9090"), "ops_listen (MIANDENG__OPS_LISTEN): must be an address and port"),
        ("ops_listen = ".into(), None, "is not TOML"),
    ] {
        let environment: Vec<(&str, &str)> =
            environment.map(|value| ("MIANDENG__OPS_LISTEN", value)).into_iter().collect();
        let (code, said) = tokio::task::block_in_place(|| healthcheck(&config, &environment));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(part) && said.trim_end().lines().count() == 1, "{part}: {said}");
    }
    let missing = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["healthcheck", "--config", "/no/such.toml"])
        .env_remove("MIANDENG__OPS_LISTEN")
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/no/such.toml: cannot be read"));
    answering.abort();
}
