//! What `cargo xtask bench` measures the server against: bare handlers, which do the least that the same answer takes,
//! and a DingTalk whose answers are fixed. The simulator is no measure: it judges every call under a lock and keeps a
//! journal, so both sides would only show how fast it is.

mod bare;
mod hmac_cookie;
mod upstream;

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use clap::Parser;
use reqwest::Url;
use tokio::net::TcpListener;

#[derive(Parser)]
enum Command {
    /// A DingTalk whose answers are fixed
    Upstream { listen: SocketAddr },
    /// The bare handlers
    Bare {
        listen: SocketAddr,
        /// Whom the login asks
        #[arg(long)]
        upstream: Url,
        /// An address of the server whose answer `/api/config` repeats, byte for byte
        #[arg(long)]
        config: Url,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Upstream { listen } => serve(listen, upstream::router()).await,
        Command::Bare { listen, upstream, config } => {
            serve(listen, bare::router(upstream, config).await?.merge(hmac_cookie::router())).await
        }
    }
}

async fn serve(listen: SocketAddr, router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    Ok(axum::serve(listener, router).await?)
}
