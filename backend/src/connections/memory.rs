//! A source of connections for tests in which time is paused.

use super::Source;
use axum::serve::Listener;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Connections of memory, all from one address.
pub struct Memory(pub mpsc::UnboundedReceiver<DuplexStream>);

pub const PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);
/// What each direction of them holds: more than the longest request here.
pub const BUFFER: usize = 256 * 1024;

impl Listener for Memory {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(stream) => (stream, PEER),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(PEER)
    }
}

impl Source for Memory {
    fn prepare(_: &DuplexStream) {}

    fn close(mut self) -> impl Iterator<Item = (DuplexStream, SocketAddr)> + Send {
        self.0.close();
        std::iter::from_fn(move || Some((self.0.try_recv().ok()?, PEER)))
    }
}
