//! The page and the programs.

use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result};

use crate::repo::Repo;
use crate::{run, tools};

/// The backend embeds dist/ when it is compiled, so the page comes first.
pub fn everything(repo: &Repo) -> Result<()> {
    tools::for_building(repo)?;
    page(repo)?;
    programs(repo, Profile::Release)
}

/// The server as one file that needs no library of the machine it runs on, for a container with nothing else in it.
pub fn static_server(repo: &Repo) -> Result<()> {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    tools::for_static(repo, &target)?;
    page(repo)?;
    let mut command = repo.cargo();
    command.args(["build", "--release", "-p", "miandeng", "--target", &target]);
    let title = "compiling the static server (usually 3 to 6 minutes when all is new)";
    run::quiet(repo, "static", title, &mut command)?;
    println!("{}", repo.shown(&repo.target.join(target).join("release/miandeng")));
    Ok(())
}

#[derive(Clone, Copy)]
pub enum Profile {
    Debug,
    Release,
}

impl Profile {
    /// Cargo's name for the directory under target/.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

pub fn page(repo: &Repo) -> Result<()> {
    fetch(repo)?;
    let fresh = repo.scratch().join("dist");
    let mut command = repo.command("trunk");
    // Trunk takes NO_COLOR=1 for a wrong value of its own --no-color.
    command.args(["build", "--release", "--offline", "--dist"]).arg(&fresh).env_remove("NO_COLOR");
    run::quiet(repo, "page", "building the page (usually 2 to 4 minutes when all is new)", &mut command)?;
    // Trunk writes every file anew. The server embeds them, so it would be compiled again although nothing has changed.
    mirror(&fresh, &repo.dist()).context("cannot update dist/")
}

/// Makes `to` equal to `from` and touches only what differs.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let old = entry?;
        let new = from.join(old.file_name());
        if old.file_type()?.is_dir() && !new.is_dir() {
            fs::remove_dir_all(old.path())?;
        } else if !old.file_type()?.is_dir() && !new.is_file() {
            fs::remove_file(old.path())?;
        }
    }
    for entry in fs::read_dir(from)? {
        let new = entry?;
        let old = to.join(new.file_name());
        if new.file_type()?.is_dir() {
            mirror(&new.path(), &old)?;
        } else if fs::read(&old).ok() != Some(fs::read(new.path())?) {
            fs::copy(new.path(), old)?;
        }
    }
    Ok(())
}

/// Trunk is kept from the network because it would fetch tools of its own, and it passes that on to cargo. It also asks
/// cargo about the dependencies of every platform, so every platform's have to be there.
pub fn fetch(repo: &Repo) -> Result<()> {
    run::quiet(repo, "fetch", "fetching the crates in Cargo.lock", repo.cargo().arg("fetch"))
}

pub fn programs(repo: &Repo, profile: Profile) -> Result<()> {
    let mut command = repo.cargo();
    command.args(["build", "-p", "miandeng", "-p", "dingtalk-simulator"]);
    if matches!(profile, Profile::Release) {
        command.arg("--release");
    }
    let title = "compiling the server and the simulator (usually 2 to 4 minutes when all is new)";
    run::quiet(repo, "programs", title, &mut command)
}

/// The server and what it is measured against. The page is not part of any figure.
pub fn benchmarks(repo: &Repo) -> Result<()> {
    let mut command = repo.cargo();
    command.args(["build", "--release", "-p", "miandeng", "-p", "miandeng-bench"]);
    run::quiet(
        repo,
        "benchmarks",
        "compiling what is measured (usually 2 to 5 minutes when all is new)",
        &mut command,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_copies_removes_and_leaves_alone() {
        let scratch = Repo::locate().unwrap().scratch().join("mirror-test");
        let _ = fs::remove_dir_all(&scratch);
        let (from, to) = (scratch.join("from"), scratch.join("to"));
        for (file, text) in
            [("from/same", "1"), ("from/a/new", "2"), ("from/changed", "3"), ("from/turned", "4")]
                .into_iter()
                .chain([("to/same", "1"), ("to/b/old", "5"), ("to/changed", "6"), ("to/turned/x", "7")])
        {
            let path = scratch.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let written = |file: &str| fs::metadata(to.join(file)).unwrap().modified().unwrap();
        let before = written("same");
        mirror(&from, &to).unwrap();
        assert_eq!(written("same"), before);
        assert!(!to.join("b").exists());
        for (file, text) in [("same", "1"), ("a/new", "2"), ("changed", "3"), ("turned", "4")] {
            assert_eq!(fs::read_to_string(to.join(file)).unwrap(), text, "{file}");
        }
    }
}
