//! `cargo xtask demo`: the whole product on 127.0.0.1, against the simulator.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::build::{self, Profile};
use crate::demo_config::{DemoConfig, login_url};
use crate::ports::{self, Ports};
use crate::repo::Repo;
use crate::services::{Outcome, Services};
use crate::{http, run};

/// Both programs answer within a second; a busy machine gets more.
const START_PATIENCE: Duration = Duration::from_secs(30);

pub fn run(repo: &Repo) -> Result<()> {
    build::everything(repo)?;
    let ports = Ports::choose()?;
    let mut services = Services::new(repo)?;
    let public_port = ports.server;
    let servers = Servers {
        name: "demo",
        profile: Profile::Release,
        ports: &ports,
        public_port,
        also_port: ports::TRUNK,
    };
    if servers.start(repo, &mut services)? == Outcome::Stopped {
        return Ok(());
    }
    println!("\nOpen {}", login_url(public_port));
    println!("The simulator's phone is at http://127.0.0.1:{}/; Ctrl-C ends the demo.", ports.simulator);
    services.wait_for_end()?;
    println!("\nThe demo has ended.");
    Ok(())
}

/// The simulator and a server that plays against it.
pub struct Servers<'a> {
    /// The directory under target/xtask for configuration and state.
    pub name: &'a str,
    pub profile: Profile,
    pub ports: &'a Ports,
    pub public_port: u16,
    pub also_port: u16,
}

impl Servers<'_> {
    pub fn start(&self, repo: &Repo, services: &mut Services<'_>) -> Result<Outcome> {
        let config = self.write_config(repo)?;
        let program = |name| local(repo, &repo.program(self.profile.directory(), name).to_string_lossy());
        let Ports { server, ops, simulator } = *self.ports;

        let listen = format!("127.0.0.1:{simulator}");
        let page = format!("http://127.0.0.1:{}/", self.public_port);
        let mut command = program("dingtalk-simulator");
        services.start_logged("simulator", command.args(["--listen", &listen, "--page-url", &page]))?;
        let mut command = program("miandeng");
        services.start_logged("server", command.args(["serve", "--config"]).arg(&config))?;

        run::timed("starting the simulator and the server", || {
            services.wait_until("the simulator or the server", START_PATIENCE, || {
                http::status(simulator, "/") == Some(200)
                    && http::status(ops, "/readyz") == Some(200)
                    // Any answer will do: without dist/, which `dev` does not wait for, the page is no 200.
                    && http::status(server, "/").is_some()
            })
        })
    }

    fn write_config(&self, repo: &Repo) -> Result<std::path::PathBuf> {
        let directory = repo.scratch().join(self.name);
        let path = directory.join("miandeng.toml");
        let problem = || format!("cannot write {}", repo.shown(&path));
        let state_dir = directory.join("state");
        fs::create_dir_all(&directory).with_context(problem)?;
        let Self { ports, public_port, also_port, .. } = *self;
        let config = DemoConfig { ports, public_port, also_port, state_dir: &state_dir };
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
