//! `cargo xtask bench`: what the server costs beside handlers that do the least, as ratios. It asserts nothing about
//! time, because it does not know the machine; docs/performance.md holds a run of it.

mod compare;
mod pinned;
mod spread;
mod stage;
mod visitor;
mod wrk;

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::clock::spoken;
use crate::repo::Repo;
use crate::{build, run, tools};
use compare::Contender;
use pinned::Cores;
use spread::Spread;
use stage::{AGENT, Stage, corp};
use visitor::Visitor;
use wrk::Load;

/// The page beside other pages: bench/page/ measures, with Node, which drives Chromium without a library.
pub fn page(repo: &Repo, options: &[&str]) -> Result<()> {
    let browser = tools::browser::ensure(repo)?;
    tools::npm::ensure_in(repo, &repo.root.join("bench/page/react"))?;
    build::page_beside(repo, None)?;
    build::benchmarks(repo)?;
    let mut command = repo.command("node");
    command.arg("bench/page/run.mjs").args(options).env("CHROMIUM", browser.chromium);
    command.env("MIANDENG", repo.program("release", "miandeng"));
    command.env("MIANDENG_BENCH", repo.program("release", "miandeng-bench"));
    command.env("MIANDENG_SCRATCH", repo.scratch().join("bench/page"));
    command.env("MIANDENG_MODULES", repo.target.join("wasm32-unknown-unknown/wasm-release"));
    run::streamed("measuring the page", &mut command)
}

struct Part {
    name: &'static str,
    /// Gives rows for one of the two tables.
    run: fn(&Repo, Cores) -> Result<Rows>,
}

enum Rows {
    Ratios(String),
    Facts(String),
}

const PARTS: [Part; 6] = [
    Part { name: "config", run: config },
    Part { name: "login", run: login },
    Part { name: "auth", run: auth },
    Part { name: "calls", run: calls },
    Part { name: "memory", run: memory },
    Part { name: "start", run: start },
];

const RATIOS: &str = "| measured | beside | goal | ratio: min – **median** – max | miandeng | the other |\n|---|---|---|---|---|---|\n";
const FACTS: &str = "| measured | goal | min – **median** – max |\n|---|---|---|\n";

/// Runs all parts, or those whose name contains `filter`, and prints Markdown.
pub fn run(repo: &Repo, filter: Option<&str>) -> Result<()> {
    let parts: Vec<&Part> =
        PARTS.iter().filter(|part| filter.is_none_or(|filter| part.name.contains(filter))).collect();
    if parts.is_empty() {
        bail!("there is no such benchmark; there are {}", PARTS.map(|part| part.name).join(", "));
    }
    tools::for_benchmarks(repo)?;
    build::benchmarks(repo)?;
    let cores = Cores::find(repo);
    let began = Instant::now();
    let (mut ratios, mut facts) = (String::new(), String::new());
    for part in parts {
        let rows = run::timed(&format!("measuring {}", part.name), || (part.run)(repo, cores));
        match rows.with_context(|| part.name.to_owned())? {
            Rows::Ratios(rows) => ratios += &rows,
            Rows::Facts(rows) => facts += &rows,
        }
    }
    println!("\n{}; measured in {}", cores.told(), spoken(began.elapsed()));
    for (head, rows) in [(RATIOS, ratios), (FACTS, facts)] {
        if !rows.is_empty() {
            println!("\n{head}{rows}");
        }
    }
    Ok(())
}

/// `/api/config` with its ticket in memory, beside a handler that repeats one of its answers.
fn config(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut stage = Stage::new(repo, cores, "config")?;
    let upstream = stage.upstream()?;
    let server = stage.server(upstream, 1)?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream)?;
    let path = server.config_path(&corp(0));
    let contender = |name, port: u16, pid| {
        let url = format!("http://127.0.0.1:{port}{path}");
        let load = Load { url, script: "figures.lua", arguments: Vec::new() };
        Contender { name, pid, load }
    };
    let contenders = [contender("miandeng", server.port, server.pid), contender(BARE, bare_port, bare_pid)];
    compare::rows(repo, cores, "`/api/config`", &[["≥ 0.8", "", ""]], &contenders).map(Rows::Ratios)
}

/// `/api/login`, each with a fresh code, beside a handler that makes the same two calls.
fn login(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut stage = Stage::new(repo, cores, "login")?;
    let upstream = stage.upstream()?;
    let server = stage.server(upstream, 1)?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream)?;
    let cookie = Visitor::to(server.port)?.login_cookie(&server, &corp(0))?;
    let contender = |name, port: u16, pid| {
        let url = format!("http://127.0.0.1:{port}/api/login");
        let arguments = vec![cookie.clone(), server.origin(), corp(0), AGENT.to_owned()];
        Contender { name, pid, load: Load { url, script: "login.lua", arguments } }
    };
    let contenders = [contender("miandeng", server.port, server.pid), contender(BARE, bare_port, bare_pid)];
    compare::rows(repo, cores, "`/api/login`", &[["≥ 0.9", "", ""]], &contenders).map(Rows::Ratios)
}

/// `/auth` with a session, beside an nginx that answers without looking and a handler that checks a MAC.
fn auth(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut stage = Stage::new(repo, cores, "auth")?;
    let upstream = stage.upstream()?;
    let server = stage.server(upstream, 1)?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream)?;
    let (nginx_port, nginx_pid) = stage.nginx()?;
    let session = Visitor::to(server.port)?.log_in(&server, &corp(0), "code")?.cookie;
    let mac = Visitor::to(bare_port)?.ask("GET", "/session", "", "")?.cookie;
    let contender = |name, port: u16, pid, cookie: Option<String>| {
        let url = format!("http://127.0.0.1:{port}/auth");
        let arguments = vec![cookie.unwrap_or_default()];
        Contender { name, pid, load: Load { url, script: "auth.lua", arguments } }
    };
    let contenders = [
        contender("miandeng", server.port, server.pid, session.clone()),
        contender("nginx: return 204", nginx_port, nginx_pid, session),
        contender("a bare handler with an HMAC", bare_port, bare_pid, mac),
    ];
    // Time per request, so the reciprocal for requests per second.
    let goals = [["≥ 0.67", "≤ 1.5", ""], ["≥ 0.83", "≤ 1.2", ""]];
    compare::rows(repo, cores, "`/auth`", &goals, &contenders).map(Rows::Ratios)
}

const BARE: &str = "a bare handler";

/// What a thousand people cost DingTalk, the first fetches included.
fn calls(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut stage = Stage::new(repo, cores, "calls")?;
    let upstream = stage.upstream()?;
    let server = stage.server(upstream, 1)?;
    let mut visitor = Visitor::to(server.port)?;
    for number in 0..1000 {
        visitor.log_in(&server, &corp(0), &format!("code-{number}"))?;
    }
    let calls = Visitor::to(upstream)?.ask("GET", "/calls", "", "")?.body;
    Ok(Rows::Facts(format!("| DingTalk calls for the first 1000 logins, pages signed | 2003 | {calls} |\n")))
}

/// Resident memory after the start, and after somebody has logged in to every application.
fn memory(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut rows = String::new();
    for (apps, goal) in [(1, "< 20"), (1000, ""), (10_000, "")] {
        let mut stage = Stage::new(repo, cores, &format!("memory-{apps}"))?;
        let upstream = stage.upstream()?;
        let server = stage.server(upstream, apps)?;
        let idle = server.memory()?;
        let mut visitor = Visitor::to(server.port)?;
        for number in 0..apps {
            visitor.log_in(&server, &corp(number), "code")?;
        }
        let used = server.memory()?;
        rows += &format!("| resident memory, MiB, idle, {apps} apps | {goal} | {idle:.1} |\n");
        rows += &format!("| resident memory, MiB, after a login to each of {apps} apps | | {used:.1} |\n");
    }
    Ok(Rows::Facts(rows))
}

/// From the start of the process to the first 200 of `/readyz`: the first start makes the store's file.
fn start(repo: &Repo, cores: Cores) -> Result<Rows> {
    let mut rows = String::new();
    for (apps, starts, goal) in [(1, 11, "< 100"), (10_000, 3, "")] {
        let mut times = Vec::new();
        for _ in 0..starts {
            // A stage each: leaving it stops the server.
            let server = Stage::new(repo, cores, "start")?.server(NOBODY, apps)?;
            times.push(server.ready_after.as_secs_f64() * 1000.0);
        }
        rows += &format!("| start to ready, ms, {apps} apps | {goal} | {:.0} |\n", Spread::of(times));
    }
    Ok(Rows::Facts(rows))
}

/// A port that nobody is asked at: DingTalk is not called before the first visitor.
const NOBODY: u16 = 9;
