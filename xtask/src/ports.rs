//! Ports on 127.0.0.1: the ones that the documentation names where they are free, others where not.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Trunk.toml proxies `/api` to this one.
pub const SERVER: u16 = 8080;
pub const OPS: u16 = 9090;
pub const SIMULATOR: u16 = 8090;
/// `trunk serve`, by Trunk.toml.
pub const TRUNK: u16 = 8081;

pub struct Ports {
    pub server: u16,
    pub ops: u16,
    pub simulator: u16,
}

impl Ports {
    /// Each port is held until all are chosen, so that no two are the same.
    pub fn choose() -> Result<Self> {
        let (_server_held, server) = hold(SERVER)?;
        let (_ops_held, ops) = hold(OPS)?;
        let (_simulator_held, simulator) = hold(SIMULATOR)?;
        Ok(Self { server, ops, simulator })
    }
}

/// For `dev`, whose ports stand in Trunk.toml too.
pub fn require_free(port: u16, why: &str) -> Result<()> {
    if bind(port).is_err() {
        bail!("port {port} on 127.0.0.1 is busy, and {why}: stop what listens there and try again");
    }
    Ok(())
}

fn hold(wanted: u16) -> Result<(TcpListener, u16)> {
    if let Ok(listener) = bind(wanted) {
        return Ok((listener, wanted));
    }
    let listener = bind(0).context("no port on 127.0.0.1 can be had")?;
    let port = listener.local_addr().context("no port on 127.0.0.1 can be had")?.port();
    println!("port {wanted} is busy; using {port} instead");
    Ok((listener, port))
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_replaced_or_refused() {
        let held = bind(0).unwrap();
        let busy = held.local_addr().unwrap().port();
        let (_other_held, other) = hold(busy).unwrap();
        assert_ne!(busy, other);
        let refusal = require_free(busy, "Trunk.toml names it").unwrap_err().to_string();
        assert!(refusal.contains(&busy.to_string()), "{refusal}");
    }
}
