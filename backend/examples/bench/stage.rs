//! The programs of one part of the benchmark: the server with so many applications, and the DingTalk that it asks.

use std::fmt::Write;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Client;

use crate::pinned::Cores;

pub const AGENT: &str = "123456";

/// A start takes a fraction of a second, with ten thousand applications on a busy machine some seconds.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Short beside any start.
const POLL: Duration = Duration::from_millis(1);

pub struct Programs {
    pub server: PathBuf,
    /// This one.
    pub bench: PathBuf,
    pub scratch: PathBuf,
    pub cores: Cores,
}

pub struct Stage<'a> {
    programs: &'a Programs,
    directory: PathBuf,
    running: Vec<Child>,
}

/// Ctrl-C in a terminal reaches them by itself, because they are of the same process group.
impl Drop for Stage<'_> {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A running server.
pub struct Server {
    pub port: u16,
    pub pid: u32,
    /// From the start of the process to the first 200 of `/readyz`.
    pub ready_after: Duration,
}

impl Server {
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the page of `corp` asks first.
    pub fn config_path(&self, corp: &str) -> String {
        let page = format!("http%3A%2F%2F127.0.0.1%3A{}%2F%3Fcorpid%3D{corp}%26agentid%3D{AGENT}", self.port);
        format!("/api/config?corpid={corp}&agentid={AGENT}&url={page}")
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> Result<f64> {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.pid)).context("the server is gone")?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        let kib: f64 = kib.and_then(|kib| kib.trim().parse().ok()).context("no VmRSS in /proc")?;
        Ok(kib / 1024.0)
    }
}

/// The corporation with this number, each with one application.
pub fn corp(number: usize) -> String {
    format!("dingbench{number}")
}

impl<'a> Stage<'a> {
    /// An empty stage with a directory of its own.
    pub fn new(programs: &'a Programs, name: &str) -> Result<Self> {
        let directory = programs.scratch.join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).with_context(|| format!("cannot write {}", directory.display()))?;
        Ok(Self { programs, directory, running: Vec::new() })
    }

    /// A DingTalk whose answers are fixed; gives its port.
    pub async fn upstream(&mut self) -> Result<u16> {
        let port = free_port()?;
        let mut command = self.programs.cores.generator(&self.programs.bench);
        command.args(["upstream", &format!("127.0.0.1:{port}")]);
        self.start("upstream", &mut command, port, "/calls", 200).await?;
        Ok(port)
    }

    /// The server with one application for each of `apps` corporations.
    pub async fn server(&mut self, upstream: u16, apps: usize) -> Result<Server> {
        let (port, ops) = (free_port()?, free_port()?);
        let config = self.directory.join("miandeng.toml");
        fs::write(&config, self.config(port, ops, upstream, apps))
            .context("cannot write the configuration")?;
        let mut command = self.programs.cores.measured(&self.programs.server);
        command.args(["serve", "--config"]).arg(&config);
        let started = Instant::now();
        let pid = self.start("server", &mut command, ops, "/readyz", 200).await?;
        Ok(Server { port, pid, ready_after: started.elapsed() })
    }

    /// The bare handlers beside `server`; gives their port and process.
    pub async fn bare(&mut self, server: &Server, upstream: u16) -> Result<(u16, u32)> {
        let port = free_port()?;
        let mut command = self.programs.cores.measured(&self.programs.bench);
        command.args(["bare", &format!("127.0.0.1:{port}")]);
        command.args(["--upstream", &format!("http://127.0.0.1:{upstream}")]);
        command.args(["--config", &format!("{}{}", server.origin(), server.config_path(&corp(0)))]);
        Ok((port, self.start("bare", &mut command, port, "/api/config", 200).await?))
    }

    /// An nginx that answers everything with an empty 204, in one process; gives its port and process.
    pub async fn nginx(&mut self) -> Result<(u16, u32)> {
        let port = free_port()?;
        let directory = self.directory.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {directory}/{name}; "))
            .concat();
        let text = format!(
            "daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr; events {{}}\n\
             http {{ access_log off; keepalive_requests 1000000000; {temporary}\n\
             server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }} }}\n"
        );
        let config = self.directory.join("nginx.conf");
        fs::write(&config, text).context("cannot write the configuration of nginx")?;
        let mut command = self.programs.cores.measured("nginx");
        command.arg("-c").arg(&config).arg("-p").arg(&self.directory);
        Ok((port, self.start("nginx", &mut command, port, "/", 204).await?))
    }

    /// Starts a program and waits until `path` on `port` answers `status`; gives its process.
    async fn start(
        &mut self,
        name: &str,
        command: &mut Command,
        port: u16,
        path: &str,
        status: u16,
    ) -> Result<u32> {
        let log = self.directory.join(format!("{name}.log"));
        let out = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let err = out.try_clone()?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        self.running.push(command.spawn().with_context(|| format!("cannot start the {name}"))?);
        let Some(child) = self.running.last_mut() else { bail!("the {name} is not there") };
        let http = client()?;
        let deadline = Instant::now() + TIMEOUT;
        let url = format!("http://127.0.0.1:{port}{path}");
        while http.get(&url).send().await.map_or(true, |answer| answer.status() != status) {
            let waiting = child.try_wait()?.is_none() && Instant::now() < deadline;
            ensure!(waiting, "the {name} does not answer; see {}", log.display());
            tokio::time::sleep(POLL).await;
        }
        Ok(child.id())
    }

    /// What an operator would write, and nothing that makes it faster than by default.
    fn config(&self, port: u16, ops: u16, upstream: u16, apps: usize) -> String {
        let state = self.directory.join("state");
        let mut text = format!(
            r#"listen = "127.0.0.1:{port}"
ops_listen = "127.0.0.1:{ops}"
public_url = "http://127.0.0.1:{port}"
state_dir = "{}"

[dingtalk]
oapi_url = "http://127.0.0.1:{upstream}"
api_url = "http://127.0.0.1:{upstream}"
"#,
            state.display()
        );
        for number in 0..apps {
            let corp = corp(number);
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n[[apps]]\ncorp_id = \"{corp}\"\nagent_id = \"{AGENT}\"\nkind = \"channel\"\n\
                 channel_secret = \"channel-secret-of-{corp}\"\ncorp_secret = \"corp-secret-of-{corp}\"\n"
            );
        }
        text
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port on 127.0.0.1 can be had")?;
    Ok(listener.local_addr()?.port())
}

/// A proxy from the environment would lead away from this machine.
pub fn client() -> Result<Client> {
    Ok(Client::builder().no_proxy().build()?)
}
