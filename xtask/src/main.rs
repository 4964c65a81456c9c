//! The errands of this repository. `cargo xtask demo` and `cargo xtask test` are meant for a machine that has Rust,
//! Node and apt and nothing else: the rest is fetched, announced and reused.

mod bench;
mod build;
mod demo;
mod demo_config;
mod dev;
mod duration;
mod fuzz;
mod http;
mod ports;
mod repo;
mod run;
mod servers;
mod services;
mod test;
mod tools;
mod version;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo         build everything, start the simulator and the server, print the URL that logs in
  dev          the same, the page by `trunk serve` with live reload on http://127.0.0.1:8081
  build        dist/ and both release binaries; with --static the server alone, which then runs on any Linux
  test [NAME]  everything CI runs, or the steps whose name contains NAME
  fuzz [NAME]  random input for each reader of strangers' input, or for the target NAME
  bench [NAME] the benchmarks, or those whose name contains NAME, as tables of ratios
  bench page   the page in Chromium beside other pages; with --runs N rounds, with --write into docs/performance.md";

/// Wrong usage, as opposed to 1 for an errand that failed.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["demo"] => with_repo(demo::run),
        ["dev"] => with_repo(dev::run),
        ["build"] => with_repo(build::everything),
        ["build", "--static"] => with_repo(build::static_server),
        ["test"] => with_repo(|repo| test::run(repo, None)),
        ["test", name] => with_repo(|repo| test::run(repo, Some(name))),
        ["fuzz"] => with_repo(|repo| fuzz::run(repo, None)),
        ["fuzz", name] => with_repo(|repo| fuzz::run(repo, Some(name))),
        ["bench"] => with_repo(|repo| bench::run(repo, None)),
        ["bench", "page", options @ ..] => with_repo(|repo| bench::page(repo, options)),
        ["bench", name] => with_repo(|repo| bench::run(repo, Some(name))),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `{:#}` is the chain on one line; `{:?}` would add a backtrace where RUST_BACKTRACE is set.
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn with_repo(errand: impl FnOnce(&repo::Repo) -> Result<()>) -> Result<()> {
    errand(&repo::Repo::locate()?)
}
