//! A real Caddy, in a process of its own.

use super::{listening, until};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What a test needs that an enterprise does not: nothing outside its directory, no other ports, no certificates of the
/// system.
const GLOBAL: &str =
    "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tdefault_sni 127.0.0.1\n}\n";

pub struct Caddy {
    pub url: String,
    child: Child,
    dir: PathBuf,
}

impl Caddy {
    /// Listens on `port` and runs with `sites`, a Caddyfile without global options, for the address `url`.
    pub async fn start(port: u16, url: String, sites: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("miandeng-caddy-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("Caddyfile");
        std::fs::write(&file, format!("{GLOBAL}{}", patient(sites))).unwrap();
        let log = std::fs::File::create(dir.join("log")).unwrap();
        let mut child = Command::new("caddy")
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("XDG_DATA_HOME", dir.join("data"))
            .env("XDG_CONFIG_HOME", dir.join("config"))
            .env("HOME", &dir)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("caddy: {e}; `cargo xtask test` installs it"));
        if let Err(status) = listening(port, &mut child).await {
            let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            panic!("caddy ended with {status}:\n{log}");
        }
        // It listens before it has made its certificate.
        let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        until("Caddy's certificate", async || {
            url.starts_with("http:") || client.get(&url).send().await.is_ok()
        })
        .await;
        Self { url, child, dir }
    }
}

/// The sites with a minute for dialling what is behind them: Caddy's three seconds are less than a busy machine may pause.
fn patient(sites: &str) -> String {
    const PATIENT: &str = "transport http {\n dial_timeout 1m\n }\n";
    let line = |line: &str| {
        let proxies =
            ["reverse_proxy ", "forward_auth "].iter().any(|name| line.trim_start().starts_with(name));
        match (proxies, line.ends_with('{')) {
            (true, true) => format!("{line}\n{PATIENT}"),
            (true, false) => format!("{line} {{\n{PATIENT}}}\n"),
            (false, _) => format!("{line}\n"),
        }
    };
    sites.lines().map(line).collect()
}

impl Drop for Caddy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("caddy:\n{}", std::fs::read_to_string(self.dir.join("log")).unwrap_or_default());
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
