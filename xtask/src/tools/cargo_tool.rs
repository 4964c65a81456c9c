//! Trunk and the wasm-bindgen command line, at the versions that fit this repository. They run for seconds, so they are
//! compiled without optimisation: with the profiles that they are published with it takes three times as long.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use semver::{Version, VersionReq};

use crate::repo::Repo;
use crate::{run, version};

/// 0.22 wants a newer rustc than ours; before 0.21.14 some of the settings in Trunk.toml are unknown.
const TRUNK: Version = Version::new(0, 21, 14);

pub struct Tool {
    program: &'static str,
    package: &'static str,
    version: Version,
    /// `=` where no other version serves, `~` where a later patch does.
    operator: &'static str,
    /// Whether its published lock file can be used.
    locked: bool,
}

impl Tool {
    /// A package with one program of its name, at `version` or a later patch.
    const fn locked(name: &'static str, version: Version) -> Self {
        Self { program: name, package: name, version, operator: "~", locked: true }
    }

    fn serves(&self, installed: &Version) -> bool {
        let wanted = VersionReq::parse(&format!("{}{}", self.operator, self.version));
        wanted.is_ok_and(|wanted| wanted.matches(installed))
    }

    fn is_installed(&self, repo: &Repo) -> bool {
        installed(repo, self).is_some_and(|installed| self.serves(&installed))
    }
}

/// Both build what this repository wants; neither needs TLS or its own updates for that.
const SETTINGS: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Checks licences, sources and doubled crates.
const DENY: Tool = Tool::locked("cargo-deny", Version::new(0, 20, 2));

/// Builds and runs the targets of fuzz/.
const FUZZ: Tool = Tool::locked("cargo-fuzz", Version::new(0, 13, 2));

/// Installs what the page is built with, one after the other, because they share half of their crates.
pub fn ensure_for_page(repo: &Repo) -> Result<()> {
    ensure_all(repo, missing(repo)?)
}

pub fn ensure_deny(repo: &Repo) -> Result<()> {
    ensure_all(repo, vec![DENY])
}

pub fn ensure_fuzz(repo: &Repo) -> Result<()> {
    ensure_all(repo, vec![FUZZ])
}

fn ensure_all(repo: &Repo, tools: Vec<Tool>) -> Result<()> {
    for tool in tools.iter().filter(|tool| !tool.is_installed(repo)) {
        ensure(repo, tool)?;
    }
    // A gigabyte that serves nothing any more.
    let _ = fs::remove_dir_all(target_dir(repo));
    Ok(())
}

/// Those that are not there at the right version.
pub fn missing(repo: &Repo) -> Result<Vec<Tool>> {
    let lock = fs::read_to_string(repo.root.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    // The command line must be of the very version of the library: the two speak a private format to each other.
    let version = version::locked(&lock, "wasm-bindgen").context("Cargo.lock names no wasm-bindgen")?;
    let trunk = Tool::locked("trunk", TRUNK);
    let wasm_bindgen = Tool {
        program: "wasm-bindgen",
        package: "wasm-bindgen-cli",
        version,
        operator: "=",
        // It names a release that registries lack.
        locked: false,
    };
    Ok([trunk, wasm_bindgen].into_iter().filter(|tool| !tool.is_installed(repo)).collect())
}

fn target_dir(repo: &Repo) -> PathBuf {
    repo.scratch().join("tools")
}

fn ensure(repo: &Repo, tool: &Tool) -> Result<()> {
    // An installed version stays where it is; ours goes where only our children look.
    let private = installed(repo, tool).is_some().then(|| repo.private_tools().display().to_string());
    let root: Vec<&str> = private.iter().flat_map(|root| ["--root", root]).collect();
    if !(download(repo, tool, &root) && tool.is_installed(repo)) {
        compile(repo, tool, &root)?;
    }
    if !tool.is_installed(repo) {
        let Tool { program, package, version, .. } = tool;
        bail!("{package} {version} was installed, but `{program} --version` does not answer {version}");
    }
    Ok(())
}

fn installed(repo: &Repo, tool: &Tool) -> Option<Version> {
    version::find_in(&run::output(repo.command(tool.program).arg("--version"))?)
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
    let mut command = repo.cargo();
    command.args(["install", &spec(tool), "--no-default-features"]).args(root).envs(SETTINGS);
    command.env("CARGO_TARGET_DIR", target_dir(repo));
    if tool.locked {
        command.arg("--locked");
    }
    let title = format!("compiling {} {}, once", tool.package, tool.version);
    run::quiet(repo, &format!("install-{}", tool.package), &title, &mut command)
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
            assert_eq!(Tool::locked("trunk", TRUNK).serves(&installed), serves, "{installed}");
        }
    }

    #[test]
    fn wasm_bindgen_is_of_the_library_s_very_version() {
        let tool = Tool { operator: "=", ..Tool::locked("wasm-bindgen", Version::new(0, 2, 130)) };
        for (patch, serves) in [(129, false), (130, true), (131, false)] {
            assert_eq!(tool.serves(&Version::new(0, 2, patch)), serves, "{patch}");
        }
    }
}
