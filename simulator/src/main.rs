//! `dingtalk-simulator`: the simulator as a program of its own.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use dingtalk_simulator::{Options, require_loopback, serve};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A DingTalk for people without one: oapi host, JSAPI, and a phone in the browser. Loopback only.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; a loopback address.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: String,
    /// The page that the phone opens; `$CORPID$` in it is replaced as DingTalk does.
    #[arg(long, default_value = dingtalk_simulator::DEFAULT_PAGE_URL)]
    page_url: String,
    /// Where the phone's deep link leads after the login, such as /orders/1; without it, to api/session.
    #[arg(long)]
    deep_link: Option<String>,
    /// How many enterprises exist: dingcorp1, dingcorp2, …
    #[arg(long, default_value_t = 1)]
    corps: usize,
    /// Where suite1 pushes its events to, such as http://127.0.0.1:8080/dingtalk/suites/main/callback.
    #[arg(long)]
    suite_callback: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One sentence, and no backtrace even where the environment asks for them.
            eprintln!("dingtalk-simulator: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { listen, page_url, deep_link, corps, suite_callback } = arguments;
    let options = Options { page_url, deep_link, corps, suite_callback, ..Options::default() };
    options.validate()?;
    let listener = TcpListener::bind(&listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    require_loopback(address)?;
    let mut terminated = signal(SignalKind::terminate())?;

    println!("dingtalk-simulator: http://{address}/");
    tokio::select! {
        ended = serve(listener, options) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}
