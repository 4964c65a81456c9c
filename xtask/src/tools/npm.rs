//! What comes from npm: wasm-opt, esbuild, acorn, wabt, DingTalk's official SDK, and jose; for the tests alone old engines, for the
//! benchmark alone a page to measure against.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::{run, version};

/// esbuild and binaryen run on nothing older.
const OLDEST_NODE: u64 = 18;

pub fn ensure(repo: &Repo) -> Result<()> {
    ensure_in(repo, &repo.node_dir())
}

/// Chromium as old as DingTalk's webviews; gives the directory that has them. They are 88 MB to download, so only the tests
/// get them.
pub fn ensure_engines(repo: &Repo) -> Result<PathBuf> {
    let directory = repo.node_dir().join("engines");
    ensure_in(repo, &directory)?;
    let engines = repo.scratch().join("engines");
    let mut command = repo.command("node");
    command.arg(directory.join("unpack.mjs")).arg(&engines);
    run::quiet(repo, "engines", "unpacking Chromium 69 and 103", &mut command)?;
    Ok(engines)
}

/// Installs what the lock file in `directory` names.
pub fn ensure_in(repo: &Repo, directory: &Path) -> Result<()> {
    ensure_node(repo)?;
    let lock = directory.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", repo.shown(&lock)))?;
    // npm's own record leaves out what this platform does not need, so it never equals the lock file. A copy of the lock
    // file that was installed does, and it disappears together with node_modules.
    let stamp = directory.join("node_modules/.installed-package-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let mut command = repo.command("npm");
    // No package here needs its install script, and none should run one on a stranger's machine.
    command.current_dir(directory).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let title = format!("installing the npm packages of {} (usually a few seconds)", repo.shown(directory));
    run::quiet(repo, "npm", &title, &mut command)?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", repo.shown(&stamp)))
}

fn ensure_node(repo: &Repo) -> Result<()> {
    let Some(printed) = run::output(repo.command("node").arg("--version")) else {
        bail!("Node is missing: install Node {OLDEST_NODE} or later with npm and try again");
    };
    if version::major_in(&printed).is_none_or(|major| major < OLDEST_NODE) {
        bail!("Node {} is too old: install Node {OLDEST_NODE} or later and try again", printed.trim());
    }
    if run::output(repo.command("npm").arg("--version")).is_none() {
        bail!("npm is missing: install it beside Node and try again");
    }
    Ok(())
}

/// The version that package.json pins for `package`.
pub fn pinned(package_json: &str, package: &str) -> Option<String> {
    let (_, after) = package_json.split_once(&format!("\"{package}\""))?;
    after.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_version_is_read() {
        let json = r#"{"dependencies": {"acorn": "8.15.0", "dingtalk-jsapi": "3.2.9"}}"#;
        assert_eq!(pinned(json, "dingtalk-jsapi").as_deref(), Some("3.2.9"));
        assert_eq!(pinned(json, "acorn").as_deref(), Some("8.15.0"));
        assert_eq!(pinned(json, "esbuild"), None);
    }
}
