//! Ports on 127.0.0.1: the ones that the documentation names where they are free, others where not.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, ensure};

/// Trunk.toml sends `/api` there, and Trunk lets no argument overrule that.
const SERVER: u16 = 8080;

const DOCUMENTED: [u16; 4] = [SERVER, 9090, 8090, 8081];

pub struct Ports {
    pub server: u16,
    pub ops: u16,
    pub simulator: u16,
    /// `trunk serve`.
    pub trunk: u16,
}

impl Ports {
    /// Those of the documentation and of Trunk.toml.
    pub fn choose() -> Result<Self> {
        Ok(Self::hold(DOCUMENTED)?.announced())
    }

    /// The same for a server that Trunk has to find.
    pub fn behind_trunk() -> Result<Self> {
        Ok(Self::hold(DOCUMENTED)?.with_server_where_trunk_looks()?.announced())
    }

    /// The server where Trunk looks, and anything else wherever it may be: for a test beside a developer's own servers.
    pub fn for_test() -> Result<Self> {
        Self::hold([SERVER, 0, 0, 0])?.with_server_where_trunk_looks()
    }

    fn with_server_where_trunk_looks(self) -> Result<Self> {
        ensure!(
            self.server == SERVER,
            "Trunk.toml needs port {SERVER}: stop what listens there and try again"
        );
        Ok(self)
    }

    fn announced(self) -> Self {
        for (wanted, chosen) in
            DOCUMENTED.into_iter().zip([self.server, self.ops, self.simulator, self.trunk])
        {
            if wanted != chosen {
                println!("port {wanted} is busy; using {chosen} instead");
            }
        }
        self
    }

    /// Each port is held until all are chosen, so that no two are the same.
    fn hold(wanted: [u16; 4]) -> Result<Self> {
        let [server, ops, simulator, trunk] = wanted.map(hold);
        let (server, ops, simulator, trunk) = (server?, ops?, simulator?, trunk?);
        Ok(Self { server: server.1, ops: ops.1, simulator: simulator.1, trunk: trunk.1 })
    }
}

fn hold(wanted: u16) -> Result<(TcpListener, u16)> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = bind(wanted).or_else(|_| bind(0)).context("no port on 127.0.0.1 can be had")?;
    let port = listener.local_addr().context("no port on 127.0.0.1 can be had")?.port();
    Ok((listener, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_replaced() {
        let (_held, busy) = hold(0).unwrap();
        let (_other_held, other) = hold(busy).unwrap();
        assert_ne!(busy, other);
    }

    #[test]
    fn no_two_ports_are_the_same() {
        let Ports { server, ops, simulator, trunk } = Ports::hold([0; 4]).unwrap();
        let mut ports = vec![server, ops, simulator, trunk];
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 4);
    }
}
