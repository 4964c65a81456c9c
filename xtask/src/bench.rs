//! `cargo xtask bench`: starts what measures, backend/examples/bench/ and bench/page/, with the programs to be measured.

use std::path::PathBuf;

use anyhow::Result;

use crate::repo::Repo;
use crate::{build, run, tools};

/// All parts, or those whose name contains `filter`.
pub fn run(repo: &Repo, filter: Option<&str>) -> Result<()> {
    tools::for_benchmarks(repo)?;
    build::benchmarks(repo)?;
    let mut command = repo.command(&bench(repo).to_string_lossy());
    command.arg("run").arg("--server").arg(repo.program("release", "miandeng"));
    command.arg("--scratch").arg(repo.scratch().join("bench")).args(filter);
    run::streamed("measuring", &mut command)
}

/// The page beside other pages: bench/page/ measures, with Node, which drives Chromium without a library.
pub fn page(repo: &Repo, options: &[&str]) -> Result<()> {
    let browser = tools::browser::ensure(repo)?;
    tools::npm::ensure_in(repo, &repo.root.join("bench/page/react"))?;
    build::page_beside(repo, None)?;
    build::benchmarks(repo)?;
    let mut command = repo.command("node");
    command.arg("bench/page/run.mjs").args(options).env("CHROMIUM", browser.chromium);
    command.env("MIANDENG", repo.program("release", "miandeng")).env("MIANDENG_BENCH", bench(repo));
    command.env("MIANDENG_SCRATCH", repo.scratch().join("bench/page"));
    command.env("MIANDENG_MODULES", repo.target.join("wasm32-unknown-unknown/wasm-release"));
    run::streamed("measuring the page", &mut command)
}

/// What the server is measured with and against.
fn bench(repo: &Repo) -> PathBuf {
    repo.program("release", "examples/bench")
}
