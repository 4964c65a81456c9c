//! A listener that, asked to stop, first takes everybody who has already knocked: whoever the kernel has accepted for us
//! must not be turned away.

use axum::serve::Listener;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Accepts until it is asked to stop and nobody waits any more; then says so and accepts nobody.
pub struct Draining {
    inner: TcpListener,
    stop: watch::Receiver<bool>,
    drained: watch::Sender<bool>,
}

impl Draining {
    /// Wraps `inner`, to be stopped by `stop`. The receiver turns true when nobody waits any more.
    pub fn new(inner: TcpListener, stop: watch::Receiver<bool>) -> (Self, watch::Receiver<bool>) {
        let (drained, is_drained) = watch::channel(false);
        (Self { inner, stop, drained }, is_drained)
    }
}

impl Listener for Draining {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let stop = async {
            // The error, that nobody can ask any more, comes only when everything ends.
            let _ = self.stop.wait_for(|stop| *stop).await;
        };
        tokio::select! {
            biased;
            connection = Listener::accept(&mut self.inner) => return connection,
            () = stop => {}
        }
        self.drained.send_replace(true);
        pending().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_has_knocked_is_let_in() {
        let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = inner.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let (mut listener, is_drained) = Draining::new(inner, stopping);
        let _waiting =
            [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        stop.send_replace(true);
        for _ in 0..2 {
            listener.accept().await;
            assert!(!*is_drained.borrow());
        }
        let mut is_drained = is_drained;
        tokio::select! {
            _ = listener.accept() => panic!("nobody else knocked"),
            drained = is_drained.wait_for(|drained| *drained) => assert!(drained.is_ok()),
        }
    }
}
