//! Programs that Debian packages: installed where this user may, else asked for in one sentence.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::run;

/// What replicas share and what stands before them is tested with the real thing: (program, package).
const SERVERS: [(&str, &str); 4] =
    [("redis-server", "redis-server"), ("nginx", "nginx-light"), ("caddy", "caddy"), ("curl", "curl")];

/// The load generator, and a server to be measured against.
const FOR_BENCHMARKS: [(&str, &str); 2] = [("wrk", "wrk"), ("nginx", "nginx-light")];

/// Makes sure that the servers are on PATH. They need not run: tests start their own.
pub fn ensure_servers(repo: &Repo) -> Result<()> {
    ensure_programs(repo, "Redis, nginx, Caddy and curl", &SERVERS)
}

/// Makes sure that what only the benchmarks use is on PATH.
pub fn ensure_for_benchmarks(repo: &Repo) -> Result<()> {
    ensure_programs(repo, "wrk and nginx", &FOR_BENCHMARKS)
}

fn ensure_programs(repo: &Repo, what: &str, programs: &[(&str, &str)]) -> Result<()> {
    let missing = programs.iter().filter(|(program, _)| repo.find(&[program]).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() { Ok(()) } else { install(repo, what, &packages) }
}

/// What `find` finds, at once or after `packages`, which people know as `what`, were installed.
pub fn ensure<T>(repo: &Repo, what: &str, packages: &[&str], find: impl Fn() -> Option<T>) -> Result<T> {
    if let Some(found) = find() {
        return Ok(found);
    }
    install(repo, what, packages)?;
    find().with_context(|| format!("apt installed {}, yet {what} cannot be found", packages.join(" ")))
}

/// Installs `packages`, which people know as `what`.
fn install(repo: &Repo, what: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get install {}", packages.join(" "));
    if repo.find(&["apt-get"]).is_none() {
        bail!("the tests need {what} on PATH: install it and try again");
    }
    let Some(is_root) = may_install(repo) else {
        bail!("the tests need {what}: type `{by_hand}` and try again");
    };
    // A package may ask questions, which are not answered here.
    let apt = |arguments: &[&str]| -> Command {
        let mut command = repo.command(if is_root { "env" } else { "sudo" });
        if !is_root {
            command.args(["-n", "env"]);
        }
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
        command
    };
    run::quiet(repo, "apt-update", "reading apt's package lists (usually seconds)", &mut apt(&["update"]))?;
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    let title = format!("installing {what} (usually 1 to 2 minutes)");
    run::quiet(repo, "apt-install", &title, &mut apt(&install))
}

/// Whether we are root, or None where we are not and sudo would ask for a password.
fn may_install(repo: &Repo) -> Option<bool> {
    if run::output(repo.command("id").arg("-u")).is_some_and(|id| id.trim() == "0") {
        return Some(true);
    }
    run::output(repo.command("sudo").args(["-n", "true"])).map(|_| false)
}
