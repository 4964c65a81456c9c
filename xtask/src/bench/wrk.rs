//! wrk, the load generator: one thread of C, so that it is not what is measured.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::pinned::Cores;
use crate::repo::Repo;
use crate::run;

/// Enough to keep a server busy at every moment, few enough that nobody waits long.
const CONNECTIONS: &str = "32";

/// What to send.
#[derive(Clone)]
pub struct Load {
    pub url: String,
    /// A script under xtask/src/bench/ with its arguments; the name of the round comes before them.
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
pub fn run(repo: &Repo, cores: Cores, load: &Load, time: Duration, round: &str) -> Result<Figures> {
    let mut command = cores.generator(repo, "wrk");
    command.args(["--threads", "1", "--connections", CONNECTIONS, "--latency"]);
    command.args(["--duration", &format!("{}s", time.as_secs())]);
    command.args(["--script", &format!("xtask/src/bench/{}", load.script), &load.url, "--", round]);
    command.args(&load.arguments);
    let output = run::output(&mut command).context("wrk failed")?;
    let line = output.lines().find_map(|line| line.strip_prefix("figures "));
    let line = line.context("wrk printed no figures")?;
    let numbers: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [requests, micros, failed, p99] = numbers[..] else { bail!("wrk printed `{line}`") };
    if failed > 0.0 || requests == 0.0 {
        bail!("{failed} of {requests} requests to {} failed", load.url);
    }
    Ok(Figures { requests, seconds: micros / 1e6, p99: p99 / 1e3 })
}
