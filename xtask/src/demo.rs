//! `cargo xtask demo`: the whole product on 127.0.0.1, against the simulator.

use anyhow::Result;

use crate::build;
use crate::demo_config::{Front, login_url};
use crate::ports::Ports;
use crate::repo::Repo;
use crate::servers::Servers;
use crate::services::{Outcome, Services};

pub fn run(repo: &Repo) -> Result<()> {
    build::demo(repo)?;
    let ports = Ports::choose()?;
    let mut services = Services::new(repo)?;
    let servers = Servers { repo, name: "demo", ports: &ports, front: Front::Server };
    if servers.start(&mut services)? == Outcome::Ready {
        println!("\nOpen {}", login_url(ports.server));
        println!("The simulator's phone is at http://127.0.0.1:{}/; Ctrl-C ends the demo.", ports.simulator);
        services.wait_for_end()?;
    }
    println!("\nThe demo has ended.");
    Ok(())
}
