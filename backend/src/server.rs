//! Running: two listeners, and an end that lets requests finish.

use crate::config::Config;
use crate::http;
use crate::state::AppState;
use crate::telemetry;
use anyhow::Context;
use std::future::Future;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until SIGTERM or ctrl-c, then finishes what it has.
///
/// # Errors
/// Where an address cannot be listened on.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.state_dir)
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
        simulator = state.config.dingtalk.simulator,
        "miandeng is ready"
    );
    let (stop, _) = tokio::sync::watch::channel(false);
    let stopped = |mut stop: tokio::sync::watch::Receiver<bool>| async move {
        let _ = stop.wait_for(|stop| *stop).await;
    };
    let public =
        axum::serve(public, http::router(state.clone())).with_graceful_shutdown(stopped(stop.subscribe()));
    let ops = axum::serve(ops, http::ops::router(state.clone(), metrics));
    let end = async {
        asked_to_stop().await;
        tracing::info!("stopping: finishing what has begun");
        state.start_draining();
        stop.send_replace(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        done = public => done.context("the public listener failed")?,
        done = ops => done.context("the ops listener failed")?,
        () = end => {}
    }
    Ok(())
}

async fn listen(key: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
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
