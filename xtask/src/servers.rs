//! The simulator, a server that plays against it, and Trunk: what `demo`, `dev` and the test of both start.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::demo_config::{DemoConfig, Front};
use crate::ports::Ports;
use crate::repo::Repo;
use crate::services::{Outcome, Services};
use crate::{http, run};

/// Both programs answer within a second; a busy machine gets more.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// Trunk listens only after its first build, which compiles everything when all is new.
const FIRST_BUILD_PATIENCE: Duration = Duration::from_secs(20 * 60);

pub struct Servers<'a> {
    pub repo: &'a Repo,
    /// The directory under target/xtask for configuration, state and logs.
    pub name: &'a str,
    pub ports: &'a Ports,
    pub front: Front,
}

impl Servers<'_> {
    pub fn directory(&self) -> PathBuf {
        self.repo.scratch().join(self.name)
    }

    /// Starts simulator and server and waits until both answer.
    pub fn start(&self, services: &mut Services<'_>) -> Result<Outcome> {
        let config = self.write_config()?;
        let Ports { server, ops, simulator, .. } = *self.ports;

        let listen = format!("127.0.0.1:{simulator}");
        let page = format!("http://127.0.0.1:{}/", self.front.port(self.ports));
        let mut command = self.program("dingtalk-simulator");
        command.args(["--listen", &listen, "--page-url", &page, "--deep-link", "/demo/orders"]);
        services.start_logged("simulator", &self.directory(), &mut command)?;
        let mut command = self.program("miandeng");
        command.args(["serve", "--config"]).arg(&config);
        services.start_logged("server", &self.directory(), &mut command)?;

        run::timed("starting the simulator and the server", || {
            services.wait_until("the simulator or the server", START_PATIENCE, || {
                http::get(simulator, "/") == Some(200)
                    && http::get(ops, "/readyz") == Some(200)
                    // Any answer will do: without dist/, which `dev` does not wait for, the page is no 200.
                    && http::get(server, "/").is_some()
            })
        })
    }

    /// `trunk serve` beside them, as it is typed by hand, but for the directory: dist/ stays the release page, which the
    /// next `cargo build` embeds.
    pub fn trunk_serve(&self) -> Command {
        let mut command = local(self.repo, "trunk");
        let port = self.ports.trunk.to_string();
        command.args(["serve", "--offline", "--port", &port, "--dist"]).arg(self.directory().join("dist"));
        // Trunk takes NO_COLOR=1 for a wrong value of its own --no-color.
        command.env_remove("NO_COLOR");
        command
    }

    pub fn wait_for_trunk(&self, services: &mut Services<'_>) -> Result<Outcome> {
        let answers = || http::get(self.ports.trunk, "/") == Some(200);
        services.wait_until("Trunk", FIRST_BUILD_PATIENCE, answers)
    }

    fn program(&self, name: &str) -> Command {
        let path = self.repo.program("debug", name);
        local(self.repo, &path.to_string_lossy())
    }

    fn write_config(&self) -> Result<PathBuf> {
        let path = self.directory().join("miandeng.toml");
        let state_dir = self.directory().join("state");
        let problem = || format!("cannot write {}", self.repo.shown(&path));
        fs::create_dir_all(self.directory()).with_context(problem)?;
        let config = DemoConfig { ports: self.ports, front: self.front, state_dir: &state_dir };
        fs::write(&path, config.to_toml()).with_context(problem)?;
        Ok(path)
    }
}

/// A program that is to see nothing but the generated configuration: a proxy or a setting from the person's environment
/// would lead it away from the simulator.
fn local(repo: &Repo, program: &str) -> Command {
    let mut command = repo.command(program);
    for (name, _) in std::env::vars_os() {
        let lower = name.to_string_lossy().to_lowercase();
        if lower.starts_with("miandeng__") || lower.ends_with("_proxy") {
            command.env_remove(&name);
        }
    }
    command
}
