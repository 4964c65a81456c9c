//! An address that moves: new connections go to wherever it points, those that are there stay where they are.

use super::free_port;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Switch {
    port: u16,
    target: watch::Sender<u16>,
}

impl Switch {
    /// Points at this port.
    pub async fn to(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let (target, current) = watch::channel(target);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let port = *current.borrow();
                tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Self { port, target }
    }

    pub fn turn(&self, target: u16) {
        self.target.send_replace(target);
    }

    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}
