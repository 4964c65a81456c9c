//! The programs of one part of the benchmark: the server with so many applications, and the DingTalk that it asks.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::pinned::Cores;
use crate::repo::Repo;
use crate::services::Services;
use crate::{http, ports};

pub const AGENT: &str = "123456";

/// A start takes a fraction of a second, with ten thousand applications on a busy machine some seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Short beside any start.
const POLL: Duration = Duration::from_micros(500);

pub struct Stage<'a> {
    pub repo: &'a Repo,
    pub cores: Cores,
    pub directory: PathBuf,
    pub services: Services<'a>,
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
    pub fn new(repo: &'a Repo, cores: Cores, name: &str) -> Result<Self> {
        let directory = repo.scratch().join("bench").join(name);
        let _ = fs::remove_dir_all(&directory);
        let problem = || format!("cannot write {}", repo.shown(&directory));
        fs::create_dir_all(&directory).with_context(problem)?;
        Ok(Self { repo, cores, services: Services::new(repo)?, directory })
    }

    /// A DingTalk whose answers are fixed; gives its port.
    pub fn upstream(&mut self) -> Result<u16> {
        let port = ports::any()?;
        let mut command = self.cores.generator(self.repo, &self.program("miandeng-bench"));
        command.args(["upstream", &format!("127.0.0.1:{port}")]);
        self.start("upstream", &mut command)?;
        self.wait("upstream", || http::get(port, "/calls") == Some(200))?;
        Ok(port)
    }

    /// The server with one application for each of `apps` corporations.
    pub fn server(&mut self, upstream: u16, apps: usize) -> Result<Server> {
        let (port, ops) = (ports::any()?, ports::any()?);
        let config = self.directory.join("miandeng.toml");
        fs::write(&config, self.config(port, ops, upstream, apps))
            .context("cannot write the configuration")?;
        let mut command = self.cores.measured(self.repo, &self.program("miandeng"));
        command.args(["serve", "--config"]).arg(&config);
        let started = Instant::now();
        let pid = self.start("server", &mut command)?;
        self.wait("server", || http::get(ops, "/readyz") == Some(200))?;
        Ok(Server { port, pid, ready_after: started.elapsed() })
    }

    /// The bare handlers beside `server`; gives their port and process.
    pub fn bare(&mut self, server: &Server, upstream: u16) -> Result<(u16, u32)> {
        let port = ports::any()?;
        let mut command = self.cores.measured(self.repo, &self.program("miandeng-bench"));
        command.args(["bare", &format!("127.0.0.1:{port}")]);
        command.args(["--upstream", &format!("http://127.0.0.1:{upstream}")]);
        command.args(["--config", &format!("{}{}", server.origin(), server.config_path(&corp(0)))]);
        let pid = self.start("bare", &mut command)?;
        self.wait("bare handlers", || http::get(port, "/api/config") == Some(200))?;
        Ok((port, pid))
    }

    /// An nginx that answers everything with an empty 204, in one process; gives its port and process.
    pub fn nginx(&mut self) -> Result<(u16, u32)> {
        let port = ports::any()?;
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
        let mut command = self.cores.measured(self.repo, "nginx");
        command.arg("-c").arg(&config).arg("-p").arg(&self.directory);
        let pid = self.start("nginx", &mut command)?;
        self.wait("nginx", || http::get(port, "/") == Some(204))?;
        Ok((port, pid))
    }

    fn program(&self, name: &str) -> String {
        self.repo.program("release", name).to_string_lossy().into_owned()
    }

    fn start(&mut self, name: &'static str, command: &mut Command) -> Result<u32> {
        self.services.start_logged(name, &self.directory, command)
    }

    fn wait(&self, who: &str, answers: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !answers() {
            if Instant::now() > deadline {
                bail!("the {who} did not answer; see {}", self.repo.shown(&self.directory));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
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
