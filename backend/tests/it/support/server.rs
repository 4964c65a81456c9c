//! The binary under test, in a process of its own.

use super::{AGENT, CORP, PATIENCE, Sim};
use redb::{ReadableDatabase, ReadableTable};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use tokio::sync::watch;

pub struct Server {
    pub url: String,
    pub ops_url: String,
    child: Child,
    dir: PathBuf,
    environment: Vec<(String, String)>,
    log: watch::Sender<String>,
}

/// A port that nobody listens on, and never the same one twice: below the range from which the system takes the ports
/// of outgoing connections, so that none of those can slip in before the server listens.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 1000) as u16 * 11;
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Server {
    /// Starts the server for the simulator's first corporation. `adjust` may change the configuration, whose last
    /// section is the application's.
    pub async fn start(sim: &Sim, adjust: impl FnOnce(&mut String)) -> Self {
        Self::start_in(Vec::new(), sim, adjust).await
    }

    /// The same, with these variables in its environment.
    pub async fn start_in(
        environment: Vec<(String, String)>,
        sim: &Sim,
        adjust: impl FnOnce(&mut String),
    ) -> Self {
        let (port, ops_port) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{port}");
        let sim_url = &sim.url;
        let dir = std::env::temp_dir().join(format!("miandeng-it-{}-{port}", std::process::id()));
        let state = dir.join("state");
        let mut config = format!(
            r#"
listen = "127.0.0.1:{port}"
ops_listen = "127.0.0.1:{ops_port}"
public_url = "{url}"
state_dir = "{}"

[dingtalk]
oapi_url = "{sim_url}"
api_url = "{sim_url}"
timeout = "6s"

[store]
url = "memory:"

[[apps]]
corp_id = "{CORP}"
agent_id = "{AGENT}"
kind = "channel"
channel_secret = "channel-secret-of-{CORP}"
corp_secret = "corp-secret-of-{CORP}"
jsapi_url = "{sim_url}/jsapi/dingtalk.js"
"#,
            state.display()
        );
        adjust(&mut config);
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(CONFIG), config).unwrap();
        let (log, ops_url) = (watch::Sender::default(), format!("http://127.0.0.1:{ops_port}"));
        let child = spawn(&dir, &environment, &log).await;
        Self { url, ops_url, child, dir, environment, log }
    }

    /// Kills the process as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills the process as a power cut would, and starts it again on the same files.
    pub async fn kill_and_start_again(&mut self) {
        self.kill();
        self.start_again().await;
    }

    /// Starts it again on the same files, after a kill.
    pub async fn start_again(&mut self) {
        self.child = spawn(&self.dir, &self.environment, &self.log).await;
    }

    pub fn config_file(&self) -> PathBuf {
        self.dir.join(CONFIG)
    }

    pub fn state_dir(&self) -> PathBuf {
        self.dir.join("state")
    }

    /// What is in the file of a store of `embedded:`, whose process has been killed: whether it is whole, and each key
    /// with its value. Read from a copy, so that the server meets the file as the kill left it.
    pub fn embedded(&self) -> (bool, Vec<(String, String)>) {
        let copy = self.dir.join("copy.redb");
        std::fs::copy(self.state_dir().join("miandeng.redb"), &copy).unwrap();
        let mut database = redb::Database::open(&copy).unwrap();
        let whole = database.check_integrity().unwrap();
        let table: redb::TableDefinition<'_, &str, (u64, &str)> = redb::TableDefinition::new("entries");
        let read = database.begin_read().unwrap();
        let entries = read.open_table(table).unwrap();
        let held = entries.iter().unwrap().map(|entry| {
            let (key, value) = entry.unwrap();
            (key.value().to_owned(), value.value().1.to_owned())
        });
        (whole, held.collect())
    }

    /// What the server has written so far.
    pub fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// The log once `part` stands in it `times` times: a line is written before the answer leaves, but read beside it.
    pub async fn log_with(&self, part: &str, times: usize) -> String {
        let mut log = self.log.subscribe();
        let written = log.wait_for(|log| log.matches(part).count() >= times);
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(log) => log.unwrap().clone(),
            Err(_) => panic!("{part} is not in\n{}", self.log()),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the process to end by itself.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

const CONFIG: &str = "miandeng.toml";

/// Starts the process and waits until it says that it is ready.
async fn spawn(dir: &Path, environment: &[(String, String)], log: &watch::Sender<String>) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_miandeng"))
        .args(["serve", "--config"])
        .arg(dir.join(CONFIG))
        // Whatever an operator may turn on has to keep the secrets, also where it is named as narrowly as can be.
        .env(
            "RUST_LOG",
            "trace,hyper_util::client=trace,hyper::proto::h1=trace,reqwest::connect=trace,redis::aio=trace",
        )
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let lines = log.clone();
    std::thread::spawn(move || {
        let mut ready = Some(ready);
        for line in stderr.lines().map_while(Result::ok) {
            let started = line.contains("miandeng is ready");
            lines.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
            if let Some(ready) = ready.take_if(|_| started) {
                let _ = ready.send(());
            }
        }
    });
    if is_ready.await.is_err() {
        panic!("the server did not start:\n{}", *log.borrow());
    }
    child
}
