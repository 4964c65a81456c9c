//! What is measured, part by part.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::compare::{self, Contender};
use crate::pinned::Cores;
use crate::spread::Spread;
use crate::stage::{AGENT, Programs, Stage, corp};
use crate::visitor::Visitor;
use crate::wrk::Load;

const PARTS: [&str; 6] = ["config", "login", "auth", "calls", "memory", "start"];

enum Rows {
    Ratios(String),
    Facts(String),
}

const RATIOS: &str = "| measured | beside | goal | ratio: min – **median** – max | miandeng | the other |\n|---|---|---|---|---|---|\n";
const FACTS: &str = "| measured | goal | min – **median** – max |\n|---|---|---|\n";

/// Runs all parts, or those whose name contains `filter`, and prints Markdown.
pub async fn run(server: PathBuf, scratch: PathBuf, filter: Option<&str>) -> Result<()> {
    let wanted = |part: &&str| filter.is_none_or(|filter| part.contains(filter));
    let parts: Vec<&str> = PARTS.into_iter().filter(|part| wanted(part)).collect();
    if parts.is_empty() {
        bail!("there is no such benchmark; there are {}", PARTS.join(", "));
    }
    let bench = std::env::current_exe().context("the benchmark cannot find its own program")?;
    let programs = Programs { server, bench, scratch, cores: Cores::find() };
    let began = Instant::now();
    let (mut ratios, mut facts) = (String::new(), String::new());
    for part in parts {
        println!("measuring {part} … begins after {:.0} s", began.elapsed().as_secs_f64());
        match measure(&programs, part).await.with_context(|| part.to_owned())? {
            Rows::Ratios(rows) => ratios += &rows,
            Rows::Facts(rows) => facts += &rows,
        }
    }
    println!("\n{}; measured in {:.0} s", programs.cores.description(), began.elapsed().as_secs_f64());
    for (head, rows) in [(RATIOS, ratios), (FACTS, facts)] {
        if !rows.is_empty() {
            println!("\n{head}{rows}");
        }
    }
    Ok(())
}

async fn measure(programs: &Programs, part: &str) -> Result<Rows> {
    match part {
        "config" => config(programs).await.map(Rows::Ratios),
        "login" => login(programs).await.map(Rows::Ratios),
        "auth" => auth(programs).await.map(Rows::Ratios),
        "calls" => calls(programs).await.map(Rows::Facts),
        "memory" => memory(programs).await.map(Rows::Facts),
        _ => start(programs).await.map(Rows::Facts),
    }
}

/// `/api/config` with its ticket in memory, beside a handler that repeats one of its answers.
async fn config(programs: &Programs) -> Result<String> {
    let mut stage = Stage::new(programs, "config")?;
    let upstream = stage.upstream().await?;
    let server = stage.server(upstream, 1).await?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream).await?;
    let path = server.config_path(&corp(0));
    let contender = |name, port: u16, pid| {
        let url = format!("http://127.0.0.1:{port}{path}");
        let load = Load { url, script: "figures.lua", arguments: Vec::new() };
        Contender { name, pid, load }
    };
    let contenders = [contender("miandeng", server.port, server.pid), contender(BARE, bare_port, bare_pid)];
    compare::rows(programs.cores, "`/api/config`", &[["≥ 0.8", "", ""]], &contenders)
}

/// `/api/login`, each with a fresh code, beside a handler that makes the same two calls.
async fn login(programs: &Programs) -> Result<String> {
    let mut stage = Stage::new(programs, "login")?;
    let upstream = stage.upstream().await?;
    let server = stage.server(upstream, 1).await?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream).await?;
    let cookie = Visitor::to(&server)?.login_cookie(&corp(0)).await?;
    let contender = |name, port: u16, pid| {
        let url = format!("http://127.0.0.1:{port}/api/login");
        let arguments = vec![cookie.clone(), server.origin(), corp(0), AGENT.to_owned()];
        Contender { name, pid, load: Load { url, script: "login.lua", arguments } }
    };
    let contenders = [contender("miandeng", server.port, server.pid), contender(BARE, bare_port, bare_pid)];
    compare::rows(programs.cores, "`/api/login`", &[["≥ 0.9", "", ""]], &contenders)
}

/// `/auth` with a session, beside an nginx that answers without looking and a handler that checks a MAC.
async fn auth(programs: &Programs) -> Result<String> {
    let mut stage = Stage::new(programs, "auth")?;
    let upstream = stage.upstream().await?;
    let server = stage.server(upstream, 1).await?;
    let (bare_port, bare_pid) = stage.bare(&server, upstream).await?;
    let (nginx_port, nginx_pid) = stage.nginx().await?;
    let visitor = Visitor::to(&server)?;
    let session = visitor.log_in(&corp(0), "code").await?;
    let mac = visitor.cookie_of(&format!("http://127.0.0.1:{bare_port}/session")).await?;
    let contender = |name, port: u16, pid, cookie: &str| {
        let url = format!("http://127.0.0.1:{port}/auth");
        Contender { name, pid, load: Load { url, script: "auth.lua", arguments: vec![cookie.to_owned()] } }
    };
    let contenders = [
        contender("miandeng", server.port, server.pid, &session),
        contender("nginx: return 204", nginx_port, nginx_pid, &session),
        contender("a bare handler with an HMAC", bare_port, bare_pid, &mac),
    ];
    // Time per request, so the reciprocal for requests per second.
    let goals = [["≥ 0.67", "≤ 1.5", ""], ["≥ 0.83", "≤ 1.2", ""]];
    compare::rows(programs.cores, "`/auth`", &goals, &contenders)
}

const BARE: &str = "a bare handler";

/// What a thousand people cost DingTalk, the first fetches included.
async fn calls(programs: &Programs) -> Result<String> {
    let mut stage = Stage::new(programs, "calls")?;
    let upstream = stage.upstream().await?;
    let server = stage.server(upstream, 1).await?;
    let visitor = Visitor::to(&server)?;
    for number in 0..1000 {
        visitor.log_in(&corp(0), &format!("code-{number}")).await?;
    }
    let calls = reqwest::get(format!("http://127.0.0.1:{upstream}/calls")).await?.text().await?;
    Ok(format!("| DingTalk calls for the first 1000 logins, pages signed | 2003 | {calls} |\n"))
}

/// Resident memory after the start, and after a login to every application.
async fn memory(programs: &Programs) -> Result<String> {
    let mut rows = String::new();
    for (apps, goal) in [(1, "< 20"), (1000, ""), (10_000, "")] {
        let mut stage = Stage::new(programs, &format!("memory-{apps}"))?;
        let upstream = stage.upstream().await?;
        let server = stage.server(upstream, apps).await?;
        let idle = server.memory()?;
        let visitor = Visitor::to(&server)?;
        for number in 0..apps {
            visitor.log_in(&corp(number), "code").await?;
        }
        let used = server.memory()?;
        rows += &format!("| resident memory, MiB, idle, {apps} apps | {goal} | {idle:.1} |\n");
        rows += &format!("| resident memory, MiB, after a login to each of {apps} apps | | {used:.1} |\n");
    }
    Ok(rows)
}

/// From the start of the process to the first 200 of `/readyz`: the first start makes the store's file.
async fn start(programs: &Programs) -> Result<String> {
    let mut rows = String::new();
    for (apps, starts, goal) in [(1, 11, "< 100"), (10_000, 3, "< 500")] {
        let mut times = Vec::new();
        for _ in 0..starts {
            // A stage each: leaving it stops the server.
            let server = Stage::new(programs, "start")?.server(UNUSED, apps).await?;
            times.push(server.ready_after.as_secs_f64() * 1000.0);
        }
        rows += &format!("| start to ready, ms, {apps} apps | {goal} | {:.0} |\n", Spread::of(times));
    }
    Ok(rows)
}

/// A port that is not asked: DingTalk is not called before the first visitor.
const UNUSED: u16 = 9;
