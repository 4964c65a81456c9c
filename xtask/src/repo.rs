//! Where things are, and how child processes are started: in the root, with our tools first on their PATH.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

pub struct Repo {
    pub root: PathBuf,
    pub target: PathBuf,
    path: OsString,
    in_ci: bool,
}

impl Repo {
    pub fn locate() -> Result<Self> {
        // Cargo names the package's directory at run time; the compiled-in value serves a binary started by hand.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("xtask has no parent directory")?.to_path_buf();
        let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        let path = child_path(&root, &target, env::var_os("PATH").unwrap_or_default(), &cargo_home())?;
        Ok(Self { root, target, path, in_ci: env::var_os("CI").is_some() })
    }

    /// A command that runs in the root and can never wait for a keyboard.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", &self.path).stdin(Stdio::null());
        // `cargo run` describes xtask to us in these; a build script must not take them for its own.
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(name.as_ref());
            }
        }
        if self.in_ci {
            // A fresh clone is compiled once: incremental state would only be written, never read.
            command.env("CARGO_INCREMENTAL", "0");
        }
        command
    }

    pub fn cargo(&self) -> Command {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        self.command(&cargo)
    }

    /// The first of `names` that is an executable on the children's PATH.
    pub fn find(&self, names: &[&str]) -> Option<PathBuf> {
        let directories: Vec<PathBuf> = env::split_paths(&self.path).collect();
        names.iter().flat_map(|name| directories.iter().map(move |dir| dir.join(name))).find(|p| p.is_file())
    }

    pub fn node_dir(&self) -> PathBuf {
        self.root.join("xtask/node")
    }

    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Logs, generated configuration and bundles: everything of ours that `cargo clean` may delete.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Tools of which the machine has another version that is to stay.
    pub fn private_tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    pub fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }

    /// A path as a person in the root would type it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

fn cargo_home() -> PathBuf {
    let in_home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(in_home, PathBuf::from)
}

/// npm's wasm-opt must win over Debian's, which breaks the page, and our private tools over the versions that they stand
/// in for. Cargo's own directory comes last, for people who have cargo from elsewhere and not that directory on PATH.
fn child_path(root: &Path, target: &Path, path: OsString, cargo_home: &Path) -> Result<OsString> {
    let mut directories = vec![root.join("xtask/node/node_modules/.bin"), target.join("tools/bin")];
    directories.extend(env::split_paths(&path));
    directories.push(cargo_home.join("bin"));
    env::join_paths(directories).context("PATH cannot be extended: the repository's own path contains a `:`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn npm_comes_before_the_system_and_cargo_last() {
        let path =
            child_path(Path::new("/r"), Path::new("/t"), "/usr/bin:/bin".into(), Path::new("/h/.cargo"));
        let expected = "/r/xtask/node/node_modules/.bin:/t/tools/bin:/usr/bin:/bin:/h/.cargo/bin";
        assert_eq!(path.unwrap(), expected);
    }

    #[test]
    fn a_path_that_cannot_be_written_down_is_an_error() {
        assert!(child_path(Path::new("/a:b"), Path::new("/t"), "/bin".into(), Path::new("/h")).is_err());
    }
}
