//! The page and the programs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io, thread};

use anyhow::{Context, Result, anyhow};

use crate::repo::Repo;
use crate::{run, tools};

/// The release: the server embeds dist/ when it is compiled, so the page comes first.
pub fn everything(repo: &Repo) -> Result<()> {
    page_beside(repo, None)?;
    let mut command = repo.cargo();
    command.args(["build", "--release"]).args(PROGRAMS);
    run::quiet(repo, "release", "compiling the server and the simulator", &mut command)
}

/// The page as it is released, and debug builds of server and simulator, which read it from dist/.
pub fn demo(repo: &Repo) -> Result<()> {
    page_beside(repo, Some(programs(repo)))
}

/// What `dev` starts: the page is left to `trunk serve`.
pub fn dev(repo: &Repo) -> Result<()> {
    tools::for_building(repo)?;
    fetch(repo)?;
    together(|| tools::compiled(repo), || programs(repo).run(repo))
}

/// A compilation that needs neither tools nor page.
pub struct Compilation {
    title: &'static str,
    log: &'static str,
    command: Command,
    /// What it makes, and the CPU minutes that it takes where that is not there yet.
    makes: PathBuf,
    minutes: f32,
}

impl Compilation {
    fn run(mut self, repo: &Repo) -> Result<()> {
        run::quiet(repo, self.log, self.title, &mut self.command)
    }

    fn minutes_left(&self) -> f32 {
        if self.makes.exists() { CHECK_MINUTES } else { self.minutes }
    }
}

const PROGRAMS: [&str; 4] = ["-p", "miandeng", "-p", "dingtalk-simulator"];

pub fn programs(repo: &Repo) -> Compilation {
    let mut command = repo.cargo();
    command.arg("build").args(PROGRAMS);
    Compilation {
        title: "compiling the server and the simulator",
        log: "programs",
        command,
        makes: repo.program("debug", "miandeng"),
        minutes: 2.5,
    }
}

/// `command`, which compiles all tests.
pub fn tests(repo: &Repo, command: Command) -> Compilation {
    let title = "compiling the tests";
    Compilation { title, log: "tests", command, makes: repo.program("debug", "miandeng"), minutes: 6.0 }
}

/// The page's crates, as Trunk compiles them (index.html): they need not wait until Trunk is there.
fn page_crates(repo: &Repo) -> [Compilation; 2] {
    let of = |name: &'static str, title, log, features: &[&str], minutes| {
        let mut command = repo.cargo();
        command.args(["build", "-p", "miandeng-frontend", "--bin", name]).args(features);
        command.args(["--target", "wasm32-unknown-unknown", "--profile", "wasm-release"]);
        Compilation { title, log, command, makes: page_module(repo, name), minutes }
    };
    [
        of("login", "compiling the login", "page-login", &["--no-default-features"], 0.4),
        of("view", "compiling the view", "page-view", &[], 2.0),
    ]
}

fn page_module(repo: &Repo, name: &str) -> PathBuf {
    repo.target.join(format!("wasm32-unknown-unknown/wasm-release/{name}.wasm"))
}

/// Gets the tools, makes the page, and beside both compiles what needs neither.
pub fn page_beside(repo: &Repo, compilation: Option<Compilation>) -> Result<()> {
    announce(repo, compilation.as_ref())?;
    tools::for_building(repo)?;
    fetch(repo)?;
    let tools_and_page = || {
        let crates = || page_crates(repo).into_iter().try_for_each(|module| module.run(repo));
        together(|| tools::compiled(repo), crates)?;
        page(repo)
    };
    together(tools_and_page, || compilation.map_or(Ok(()), |compilation| compilation.run(repo)))
}

/// Both beside each other; the first failure, once both have ended.
fn together(first: impl FnOnce() -> Result<()> + Send, second: impl FnOnce() -> Result<()>) -> Result<()> {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        first.join().map_err(|_| anyhow!("a step panicked"))?.and(second)
    })
}

/// CPU minutes of a tool, and of finding out that nothing has changed. Measured with the others on a machine of two cores.
const TOOL_MINUTES: f32 = 2.8;
const CHECK_MINUTES: f32 = 0.1;
/// More would be of no use: each compilation has long stretches of a single crate.
const MAX_CORES: usize = 4;

/// Says how long it takes, unless that is seconds.
fn announce(repo: &Repo, compilation: Option<&Compilation>) -> Result<()> {
    let crates: f32 = page_crates(repo).iter().chain(compilation).map(Compilation::minutes_left).sum();
    let tools: f32 = tools::missing(repo)?.iter().map(|_| TOOL_MINUTES).sum();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_CORES));
    let minutes = ((crates + tools) / cores as f32).ceil();
    if crates + tools >= 1.0 {
        println!(
            "Compiling takes about {minutes} min on {cores} idle cores, once; then there are downloads. Later runs take seconds."
        );
    }
    Ok(())
}

/// The server as one file that needs no library of the machine it runs on, for a container with nothing else in it.
pub fn static_server(repo: &Repo) -> Result<()> {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    tools::for_static(repo, &target)?;
    page_beside(repo, None)?;
    let mut command = repo.cargo();
    command.args(["build", "--release", "-p", "miandeng", "--target", &target]);
    run::quiet(repo, "static", "compiling the static server", &mut command)?;
    println!("{}", repo.shown(&repo.target.join(target).join("release/miandeng")));
    Ok(())
}

/// Trunk makes dist/ of the module and everything beside it, or it is as it was.
fn page(repo: &Repo) -> Result<()> {
    let fresh = repo.scratch().join("dist");
    let stamp = repo.scratch().join("page.stamp");
    let inputs = page_inputs(repo)?;
    if !fresh.join("index.html").is_file() || fs::read_to_string(&stamp).ok().as_ref() != Some(&inputs) {
        let mut command = repo.command("trunk");
        // Trunk takes NO_COLOR=1 for a wrong value of its own --no-color.
        command.args(["build", "--release", "--offline", "--dist"]).arg(&fresh).env_remove("NO_COLOR");
        run::quiet(repo, "page", "building the page", &mut command)?;
        fs::write(&stamp, inputs).with_context(|| format!("cannot write {}", repo.shown(&stamp)))?;
    }
    // Touches only what differs, because a release of the server embeds the files.
    mirror(&fresh, &repo.dist()).context("cannot update dist/")
}

/// A digest of everything that Trunk makes the page of.
fn page_inputs(repo: &Repo) -> Result<String> {
    let beside = fs::read_dir(repo.root.join("frontend")).context("cannot read frontend/")?;
    let mut files: Vec<PathBuf> = beside.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.extend(
        ["index.html", "Trunk.toml", "xtask/node/package-lock.json"].map(|name| repo.root.join(name)),
    );
    files.extend(["login", "view"].map(|name| page_module(repo, name)));
    files.sort_unstable();
    let mut hasher = DefaultHasher::new();
    for file in files.iter().filter(|file| file.is_file()) {
        file.hash(&mut hasher);
        fs::read(file).with_context(|| format!("cannot read {}", repo.shown(file)))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
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

/// The server and what it is measured against. The page is not part of any figure.
pub fn benchmarks(repo: &Repo) -> Result<()> {
    // Apart from each other: the server is measured without what the tests want of its crates.
    for (log, title, target) in [
        ("release", "compiling the server", ["--bin", "miandeng"]),
        ("benchmarks", "compiling what it is measured against", ["--example", "bench"]),
    ] {
        let mut command = repo.cargo();
        command.args(["build", "--release", "-p", "miandeng"]).args(target);
        run::quiet(repo, log, title, &mut command)?;
    }
    Ok(())
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
