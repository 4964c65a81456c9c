//! What a machine may lack: each function looks first, gets the thing if it may, and otherwise stops with one sentence
//! that says what to type.

mod apt;
pub mod browser;
mod cargo_tool;
pub mod npm;
mod rust;

use anyhow::Result;

use crate::repo::Repo;

/// What it takes to build the page.
pub fn for_building(repo: &Repo) -> Result<()> {
    npm::ensure(repo)?;
    rust::ensure_wasm_target(repo)?;
    cargo_tool::ensure_trunk(repo)?;
    cargo_tool::ensure_wasm_bindgen(repo)
}

/// What the tests need on top of that.
pub fn for_testing(repo: &Repo) -> Result<browser::Browser> {
    apt::ensure_servers(repo)?;
    let browser = browser::ensure(repo)?;
    rust::ensure_component(repo, "rustfmt", "cargo-fmt")?;
    rust::ensure_component(repo, "clippy", "cargo-clippy")?;
    for_building(repo)?;
    Ok(browser)
}

/// What the benchmarks need.
pub fn for_benchmarks(repo: &Repo) -> Result<()> {
    apt::ensure_for_benchmarks(repo)
}
