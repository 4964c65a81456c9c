//! wrk, the load generator: one thread of C, so that it is not what is measured.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::pinned::Cores;

/// Enough to keep a server busy at every moment, few enough that none waits long.
const CONNECTIONS: &str = "32";

/// From the root of the repository, where `cargo xtask` runs everything; the scripts call each other by it, too.
const SCRIPTS: &str = "backend/examples/bench";

/// What to send.
#[derive(Clone)]
pub struct Load {
    pub url: String,
    /// A script of this directory with its arguments; the name of the round comes before them.
    pub script: &'static str,
    pub arguments: Vec<String>,
}

/// What came of it.
pub struct Figures {
    pub requests: f64,
    pub seconds: f64,
    /// Milliseconds.
    pub p99: f64,
}

/// Sends `load` for as long as `time`.
///
/// # Errors
/// Where a request failed: what fails fast would look like speed.
pub fn run(cores: Cores, load: &Load, time: Duration, round: &str) -> Result<Figures> {
    let mut command = cores.generator("wrk");
    command.args(["--threads", "1", "--connections", CONNECTIONS, "--latency"]);
    command.args(["--duration", &format!("{}s", time.as_secs())]);
    command.args(["--script", &format!("{SCRIPTS}/{}", load.script), &load.url, "--", round]);
    command.args(&load.arguments);
    let output = command.output().context("cannot run wrk")?;
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    let output = String::from_utf8_lossy(&output.stdout);
    let line = output.lines().find_map(|line| line.strip_prefix("figures "));
    let line = line.context("wrk printed no figures")?;
    let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [requests, micros, failed, p99] = numbers[..] else { bail!("wrk printed `{line}`") };
    if failed > 0.0 || requests == 0.0 {
        bail!("{failed} of {requests} requests to {} failed", load.url);
    }
    Ok(Figures { requests, seconds: micros / 1e6, p99: p99 / 1e3 })
}
