//! Parts of the Rust toolchain itself, which rustup brings.

use std::path::Path;

use anyhow::{Result, bail};

use crate::repo::Repo;
use crate::run;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

pub fn ensure_wasm_target(repo: &Repo) -> Result<()> {
    ensure_target(repo, WASM_TARGET)
}

/// Makes sure that Rust can compile for `target`.
pub fn ensure_target(repo: &Repo, target: &str) -> Result<()> {
    let Some(sysroot) = run::output(repo.command("rustc").args(["--print", "sysroot"])) else {
        bail!("`rustc` cannot be run: install Rust with rustup and try again");
    };
    // Asking the sysroot rather than rustup also accepts a distribution's Rust that ships the target.
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).is_dir() {
        return Ok(());
    }
    rustup(repo, &format!("the target {target}"), &["target", "add", target])
}

/// rustup's minimal profile leaves out rustfmt and clippy.
pub fn ensure_component(repo: &Repo, component: &str, program: &str) -> Result<()> {
    // rustup puts a proxy for each component on PATH whether it is installed or not, so the program has to run.
    if run::output(repo.command(program).arg("--version")).is_some() {
        return Ok(());
    }
    rustup(repo, component, &["component", "add", component])
}

fn rustup(repo: &Repo, what: &str, arguments: &[&str]) -> Result<()> {
    if repo.find(&["rustup"]).is_none() {
        let command = arguments.join(" ");
        bail!("this Rust lacks {what}, and there is no rustup to add it (`rustup {command}`)");
    }
    let title = format!("adding {what} to the Rust toolchain (usually less than a minute)");
    run::quiet(repo, "rustup", &title, repo.command("rustup").args(arguments))
}
