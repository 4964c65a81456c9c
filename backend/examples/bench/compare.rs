//! Contenders side by side, in turns: what else the machine does meanwhile slows all of them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::pinned::Cores;
use crate::spread::Spread;
use crate::wrk::{self, Load};

/// Short rounds, so that neighbouring ones meet the same machine; wrk counts in whole seconds.
const ROUND: Duration = Duration::from_secs(1);
/// Odd, so that the median is a figure that was measured.
const ROUNDS: usize = 9;
/// In which /proc counts CPU time: USER_HZ, which is part of Linux's interface.
const TICK_MICROS: f64 = 10_000.0;

pub struct Contender {
    pub name: &'static str,
    pub pid: u32,
    pub load: Load,
}

/// One contender's figures, a round each.
#[derive(Default)]
struct Rounds {
    per_second: Vec<f64>,
    /// Microseconds of CPU time per request: what load beside us changes least.
    cpu: Vec<f64>,
    /// Milliseconds.
    p99: Vec<f64>,
}

/// Runs the contenders in turns and gives table rows: the first one compared with each of the others. `goals` has one entry
/// for each of the others: requests per second, CPU time, 99th percentile.
pub fn rows(cores: Cores, what: &str, goals: &[[&str; 3]], contenders: &[Contender]) -> Result<String> {
    let mut all: Vec<Rounds> = contenders.iter().map(|_| Rounds::default()).collect();
    for contender in contenders {
        wrk::run(cores, &contender.load, ROUND, "warm")?;
    }
    for number in 0..ROUNDS {
        for (contender, rounds) in contenders.iter().zip(&mut all) {
            let before = cpu_micros(contender.pid)?;
            let figures = wrk::run(cores, &contender.load, ROUND, &format!("r{number}"))
                .with_context(|| contender.name.to_owned())?;
            rounds.per_second.push(figures.requests / figures.seconds);
            rounds.cpu.push((cpu_micros(contender.pid)? - before) / figures.requests);
            rounds.p99.push(figures.p99);
        }
    }
    let Some((ours, others)) = all.split_first() else { return Ok(String::new()) };
    let mut rows = String::new();
    for ((other, theirs), goal) in contenders.iter().skip(1).zip(others).zip(goals) {
        for (figure, goal, digits, a, b) in [
            ("requests per second", goal[0], 0, &ours.per_second, &theirs.per_second),
            ("CPU time per request, µs", goal[1], 1, &ours.cpu, &theirs.cpu),
            ("99th percentile, ms", goal[2], 2, &ours.p99, &theirs.p99),
        ] {
            let ratio = Spread::of(a.iter().zip(b).map(|(a, b)| a / b));
            let (a, b) = (median(a), median(b));
            rows += &format!(
                "| {what}: {figure} | {} | {goal} | {ratio:.2} | {a:.digits$} | {b:.digits$} |\n",
                other.name
            );
        }
    }
    Ok(rows)
}

fn median(figures: &[f64]) -> f64 {
    Spread::of(figures.iter().copied()).median()
}

/// The CPU time that a process has used since it started.
fn cpu_micros(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a contender is gone")?;
    // The name of the program, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks: f64 = fields.into_iter().flatten().filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks * TICK_MICROS)
}
