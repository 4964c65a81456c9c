//! Running: two listeners, and an end that lets requests finish.

use crate::config::Config;
use crate::connections;
use crate::http;
use crate::state::AppState;
use crate::telemetry;
use anyhow::Context;
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Serves until SIGTERM or ctrl-c, then finishes what it has.
///
/// # Errors
/// Where an address cannot be listened on.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    make_private(&config.state_dir)
        .with_context(|| format!("state_dir: {} cannot be created", config.state_dir))?;
    let metrics = telemetry::install().context("metrics cannot be recorded")?;
    let public = listen("listen", config.listen).await?;
    let ops = listen("ops_listen", config.ops_listen).await?;
    let state = AppState::new(config).await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        public_url = %state.config.public_url.origin().ascii_serialization(),
        base_path = %state.config.base_path,
        listen = %public.local_addr()?,
        ops_listen = %ops.local_addr()?,
        apps = state.config.apps.len(),
        suites = state.config.suites.len(),
        simulator = state.config.dingtalk.simulator,
        "miandeng is ready"
    );
    let (stop, stopping) = watch::channel(false);
    let seats = seats(state.config.limits.connections);
    let public = connections::serve(public, http::router(state.clone()), seats, stopping);
    let ops = axum::serve(ops, http::ops::router(state.clone(), metrics));
    let end = async {
        asked_to_stop().await;
        tracing::info!("stopping: finishing what has begun");
        state.start_draining();
        stop.send_replace(true);
        // Somebody who never finishes a request must not hold the process.
        tokio::time::sleep(LAST_CALL).await;
        tracing::warn!("stopping with requests unfinished");
    };
    tokio::select! {
        () = public => {}
        done = ops => done.context("the ops listener failed")?,
        () = end => {}
    }
    Ok(())
}

/// Makes the directory where tokens and the session's key are kept, for its owner only. One that is there already keeps
/// the permissions that somebody gave it; the files in it have their own.
fn make_private(directory: &str) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(directory)
}

const OWNER_ONLY: u32 = 0o700;

/// How many connections there may be: what is configured, as far as the system lets us open as many. Each may need a
/// second one, to DingTalk.
fn seats(configured: usize) -> usize {
    // Many shells and service managers begin at 1,024, for programs that are older than this need.
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = usize::try_from(descriptors / 2).unwrap_or(usize::MAX);
    if possible < configured {
        tracing::warn!(
            possible,
            configured,
            "fewer connections than limits.connections: raise the limit of open files (ulimit -n, LimitNOFILE)"
        );
    }
    configured.min(possible)
}

/// Longer than any request may take.
const LAST_CALL: Duration = Duration::from_secs(30);

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{key}: cannot listen on {address}; is another program using it?"))
}

fn asked_to_stop() -> impl Future<Output = ()> {
    let terminate = signal(SignalKind::terminate());
    async {
        let terminate = async {
            match terminate {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = terminate => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
