//! What a machine may lack: each function looks first, gets the thing if it may, and otherwise stops with one sentence
//! that says what to type.

mod apt;
pub mod browser;
mod cargo_tool;
pub mod npm;
mod python;
mod rust;

pub use cargo_tool::{ensure_deny, ensure_for_page as compiled, ensure_fuzz, missing};

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::repo::Repo;

/// What it takes to build the page, but for what has to be compiled.
pub fn for_building(repo: &Repo) -> Result<()> {
    npm::ensure(repo)?;
    rust::ensure_wasm_target(repo)
}

/// What it takes to build a server for `target`, which links musl's C library into it.
pub fn for_static(repo: &Repo, target: &str) -> Result<()> {
    for_building(repo)?;
    rust::ensure_target(repo, target)?;
    if repo.find(&["musl-gcc"]).is_none() {
        bail!("a static build needs musl-gcc: type `sudo apt-get install musl-tools` and try again");
    }
    Ok(())
}

/// Programs that the tests get the paths of.
pub struct Testing {
    pub browser: browser::Browser,
    /// Has PyJWT.
    pub python: PathBuf,
}

/// What the tests need on top of that.
pub fn for_testing(repo: &Repo) -> Result<Testing> {
    apt::ensure_servers(repo)?;
    let browser = browser::ensure(repo)?;
    let python = python::ensure(repo)?;
    rust::ensure_component(repo, "rustfmt", "cargo-fmt")?;
    rust::ensure_component(repo, "clippy", "cargo-clippy")?;
    for_building(repo)?;
    Ok(Testing { browser, python })
}

/// What the benchmarks need.
pub fn for_benchmarks(repo: &Repo) -> Result<()> {
    apt::ensure_for_benchmarks(repo)
}
