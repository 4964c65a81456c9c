//! Running: two listeners, and an end that lets requests finish.

use crate::config::Config;
use crate::connections::{self, Seats};
use crate::http;
use crate::http::AppState;
use crate::private;
use crate::telemetry;
use anyhow::Context;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Serves until SIGTERM or ctrl-c, then finishes what it has.
///
/// # Errors
/// Where an address cannot be listened on.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    ignore_signals();
    private::make_directory(config.state_dir.as_ref())
        .with_context(|| format!("state_dir: {} cannot be created", config.state_dir))?;
    let metrics = telemetry::install().context("metrics cannot be recorded")?;
    let public = listen("listen", config.listen).await?;
    let ops = listen("ops_listen", config.ops_listen).await?;
    let state = AppState::new(config).await?;
    http::ops::follow_store(state.clone()).await;
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
    let seats = Seats { number: seats(state.config.limits.connections), metrics: telemetry::PUBLIC };
    let public = connections::serve(public, http::router(state.clone()), seats, stopping);
    // It goes on until the public listener has ended.
    let (_open, never) = watch::channel(false);
    let seats = Seats { number: OPS_SEATS, metrics: telemetry::OPS };
    let ops = connections::serve(ops, http::ops::router(state.clone(), metrics), seats, never);
    let end = async {
        asked_to_stop().await;
        tracing::info!("stopping: finishing what has begun");
        state.start_draining();
        stop.send_replace(true);
        // A client that never finishes a request must not hold the process.
        tokio::time::sleep(DRAIN_LIMIT).await;
        tracing::warn!("stopping with requests unfinished");
    };
    tokio::select! {
        () = public => {}
        () = ops => {}
        () = end => {}
    }
    Ok(())
}

/// A probe, a Prometheus and a few people who look.
const OPS_SEATS: usize = 64;
/// Those of the operator's listener, the listeners themselves, the store's and the runtime's.
const OTHER_DESCRIPTORS: u64 = 64 + OPS_SEATS as u64;

/// How many connections there may be: what is configured, as far as the system lets us open as many. Each may need a
/// second one, to DingTalk.
fn seats(configured: usize) -> usize {
    // Many shells and service managers begin at 1,024, for programs that are older than this need.
    let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let possible = descriptors.saturating_sub(OTHER_DESCRIPTORS) / 2;
    let possible = usize::try_from(possible.max(1)).unwrap_or(usize::MAX);
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
const DRAIN_LIMIT: Duration = Duration::from_secs(30);

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("{key}: cannot listen on {address}; is another program using it?"))
}

/// Nothing is read again while the server runs, but service managers and log rotation send these, and by default each
/// ends the process at once.
fn ignore_signals() {
    let ignored = [
        ("SIGHUP", SignalKind::hangup()),
        ("SIGUSR1", SignalKind::user_defined1()),
        ("SIGUSR2", SignalKind::user_defined2()),
    ];
    for (name, kind) in ignored {
        let Ok(mut signals) = signal(kind) else { continue };
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                tracing::warn!(
                    "{name} is ignored: the configuration is read at the start; restart to change it"
                );
            }
        });
    }
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
