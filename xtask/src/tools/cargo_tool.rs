//! Trunk and the wasm-bindgen command line, at the versions that fit this repository.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::run;
use crate::version::{Version, locked};

/// 0.22 wants a newer rustc than ours; before 0.21.14 some of the settings in Trunk.toml are unknown.
const TRUNK: Version = Version::new(0, 21, 14);

struct Tool {
    program: &'static str,
    package: &'static str,
    version: Version,
    /// Whether an installed version serves as well as `version`.
    serves: fn(installed: Version, wanted: Version) -> bool,
    compile_time: &'static str,
}

pub fn ensure_trunk(repo: &Repo) -> Result<()> {
    ensure(
        repo,
        &Tool {
            program: "trunk",
            package: "trunk",
            version: TRUNK,
            serves: same_series_or_later_patch,
            compile_time: "usually 6 to 10 minutes, once",
        },
    )
}

/// The command line must be of the very version of the library: the two speak a private format to each other.
pub fn ensure_wasm_bindgen(repo: &Repo) -> Result<()> {
    let lock = fs::read_to_string(repo.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    ensure(
        repo,
        &Tool {
            program: "wasm-bindgen",
            package: "wasm-bindgen-cli",
            version,
            serves: |installed, wanted| installed == wanted,
            compile_time: "usually 4 minutes, once",
        },
    )
}

fn same_series_or_later_patch(installed: Version, wanted: Version) -> bool {
    (installed.major, installed.minor) == (wanted.major, wanted.minor) && installed.patch >= wanted.patch
}

fn ensure(repo: &Repo, tool: &Tool) -> Result<()> {
    let before = installed(repo, tool);
    if serves(tool, before) {
        return Ok(());
    }
    // Somebody else's version stays where it is; ours goes where only our children look.
    let private = before.is_some().then(|| repo.private_tools().display().to_string());
    let root: Vec<&str> = private.iter().flat_map(|root| ["--root", root]).collect();
    if !(download(repo, tool, &root) && serves(tool, installed(repo, tool))) {
        compile(repo, tool, &root)?;
    }
    let after = installed(repo, tool);
    if !serves(tool, after) {
        let Tool { program, package, version, .. } = tool;
        bail!("{package} {version} was installed, but `{program} --version` does not answer {version}");
    }
    Ok(())
}

fn installed(repo: &Repo, tool: &Tool) -> Option<Version> {
    Version::find_in(&run::output(repo.command(tool.program).arg("--version"))?)
}

fn serves(tool: &Tool, installed: Option<Version>) -> bool {
    installed.is_some_and(|installed| (tool.serves)(installed, tool.version))
}

/// A ready-made binary, where cargo-binstall is there to find one. It must not compile by itself: that is announced below.
fn download(repo: &Repo, tool: &Tool, root: &[&str]) -> bool {
    if repo.find(&["cargo-binstall"]).is_none() {
        return false;
    }
    let title = format!("downloading {} {}", tool.package, tool.version);
    let mut command = repo.command("cargo-binstall");
    command.args(["-y", "--disable-strategies", "compile"]).args(root).arg(spec(tool));
    run::attempt(repo, &format!("binstall-{}", tool.package), &title, &mut command)
}

fn compile(repo: &Repo, tool: &Tool, root: &[&str]) -> Result<()> {
    let log = format!("install-{}", tool.package);
    let install = || {
        let mut command = repo.cargo();
        command.args(["install", &spec(tool)]).args(root);
        command
    };
    let title = format!("compiling {} {} ({})", tool.package, tool.version, tool.compile_time);
    if run::attempt(repo, &log, &title, install().arg("--locked")) {
        return Ok(());
    }
    // A published lock file can name a release that a registry no longer has; then newer dependencies do.
    let title = format!("{title}, with newer dependencies");
    run::quiet(repo, &log, &title, &mut install())
}

fn spec(tool: &Tool) -> String {
    format!("{}@{}", tool.package, tool.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trunk_may_be_a_later_patch_of_the_same_series_only() {
        for (installed, serves) in [
            (Version::new(0, 21, 14), true),
            (Version::new(0, 21, 20), true),
            (Version::new(0, 21, 13), false),
            (Version::new(0, 22, 0), false),
            (Version::new(1, 21, 14), false),
        ] {
            assert_eq!(same_series_or_later_patch(installed, TRUNK), serves, "{installed}");
        }
    }
}
