//! `miandeng healthcheck`: the probe of an image without a shell.

use anyhow::{Context, ensure};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// For each step. The server answers from memory.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks the ops listener at `listen` for `/healthz`, over loopback where it listens on every address.
///
/// # Errors
/// Why it is not healthy.
pub fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let status =
        status(address).map_err(timely).with_context(|| format!("{address} (ops_listen) does not answer"))?;
    let status = String::from_utf8_lossy(&status);
    ensure!(status.ends_with(" 200"), "{address} (ops_listen) answers {status:?} to GET /healthz");
    Ok(())
}

/// What a socket says when its time is up is "Resource temporarily unavailable".
fn timely(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, format!("no answer within {} s", TIMEOUT.as_secs()))
        }
        _ => error,
    }
}

fn reachable(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Version and status of the answer, such as `HTTP/1.1 200`.
fn status(address: SocketAddr) -> io::Result<[u8; 12]> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(
        format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status)
}
