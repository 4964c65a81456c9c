//! The page and the programs.

use anyhow::Result;

use crate::repo::Repo;
use crate::{run, tools};

/// The backend embeds dist/ when it is compiled, so the page comes first.
pub fn everything(repo: &Repo) -> Result<()> {
    tools::for_building(repo)?;
    page(repo)?;
    programs(repo, Profile::Release)
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
    let mut command = repo.command("trunk");
    // Trunk takes NO_COLOR=1 for a wrong value of its own --no-color.
    command.args(["build", "--release", "--offline"]).env_remove("NO_COLOR");
    run::quiet(repo, "page", "building the page (usually 2 to 4 minutes when all is new)", &mut command)
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
