//! `cargo xtask bench`: what the server costs beside handlers that do the least, as ratios. It asserts nothing about
//! time, because it does not know the machine; docs/performance.md holds a run of it.
//!
//! The same program is what the server is measured against: the bare handlers, and a DingTalk whose answers are fixed. The
//! simulator is no measure: it judges every call under a lock and keeps a journal, so both sides would only show how fast it is.

mod bare;
mod compare;
mod hmac_cookie;
mod parts;
mod pinned;
mod spread;
mod stage;
mod upstream;
mod visitor;
mod wrk;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use axum::Router;
use clap::Parser;
use reqwest::Url;
use tokio::net::TcpListener;

#[derive(Parser)]
enum Command {
    /// Runs the benchmarks and prints their tables
    Run {
        /// The server's program
        #[arg(long)]
        server: PathBuf,
        /// The directory for configuration, state and logs
        #[arg(long)]
        scratch: PathBuf,
        /// Runs only those whose name contains it
        name: Option<String>,
    },
    /// A DingTalk whose answers are fixed
    Upstream { listen: SocketAddr },
    /// The bare handlers
    Bare {
        listen: SocketAddr,
        /// The DingTalk that the login asks
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
        Command::Run { server, scratch, name } => parts::run(server, scratch, name.as_deref()).await,
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
