//! `cargo xtask dev`: the demo, with the page from `trunk serve`, which rebuilds and reloads it.

use anyhow::Result;

use crate::build;
use crate::demo_config::{Front, login_url};
use crate::ports::Ports;
use crate::repo::Repo;
use crate::servers::Servers;
use crate::services::{Outcome, Services};

pub fn run(repo: &Repo) -> Result<()> {
    build::dev(repo)?;
    let ports = Ports::behind_trunk()?;
    let mut services = Services::new(repo)?;
    let servers = Servers { repo, name: "dev", ports: &ports, front: Front::Trunk };
    if servers.start(&mut services)? == Outcome::Stopped {
        return Ok(());
    }
    services.start_shown("Trunk", &mut servers.trunk_serve())?;
    if servers.wait_for_trunk(&mut services)? == Outcome::Stopped {
        return Ok(());
    }
    println!("\nOpen {}", login_url(ports.trunk));
    println!("The simulator's phone is at http://127.0.0.1:{}/; Ctrl-C ends it all.", ports.simulator);
    println!("The logs of server and simulator are in {}.", repo.shown(&servers.directory()));
    services.wait_for_end().map(|_| ())
}
