//! `cargo xtask dev`: the demo with debug builds, and the page from `trunk serve`, which rebuilds and reloads it.

use std::time::Duration;

use anyhow::Result;

use crate::build::{self, Profile};
use crate::demo::Servers;
use crate::demo_config::login_url;
use crate::ports::{self, Ports};
use crate::repo::Repo;
use crate::services::{Outcome, Services};
use crate::{http, tools};

/// Trunk listens only after its first build, which compiles everything when all is new.
const FIRST_BUILD_PATIENCE: Duration = Duration::from_secs(20 * 60);

pub fn run(repo: &Repo) -> Result<()> {
    tools::for_building(repo)?;
    build::fetch(repo)?;
    build::programs(repo, Profile::Debug)?;
    ports::require_free(ports::SERVER, "Trunk.toml sends `/api` there")?;
    ports::require_free(ports::TRUNK, "`trunk serve` listens there")?;
    let ports = Ports::choose()?;

    let mut services = Services::new(repo)?;
    let public_port = ports::TRUNK;
    let servers =
        Servers { name: "dev", profile: Profile::Debug, ports: &ports, public_port, also_port: ports.server };
    if servers.start(repo, &mut services)? == Outcome::Stopped {
        return Ok(());
    }
    let mut trunk = repo.command("trunk");
    let port = ports::TRUNK.to_string();
    trunk.args(["serve", "--offline", "--address", "127.0.0.1", "--port", &port]).env_remove("NO_COLOR");
    services.start_shown("page's Trunk", &mut trunk)?;
    let answers = || http::status(ports::TRUNK, "/") == Some(200);
    if services.wait_until("Trunk", FIRST_BUILD_PATIENCE, answers)? == Outcome::Stopped {
        return Ok(());
    }
    println!("\nOpen {}", login_url(public_port));
    println!("The simulator's phone is at http://127.0.0.1:{}/; Ctrl-C ends it all.", ports.simulator);
    let logs = repo.scratch();
    println!("The server's log is {0}/server.log, the simulator's {0}/simulator.log.", repo.shown(&logs));
    services.wait_for_end().map(|_| ())
}
