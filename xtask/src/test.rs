//! `cargo xtask test`: everything CI runs, one named step after the other, stopping at the first that fails.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::build;
use crate::demo_config::{DEFAULT_USER_ID, Front, login_url};
use crate::duration;
use crate::ports::Ports;
use crate::repo::Repo;
use crate::run;
use crate::servers::Servers;
use crate::services::Services;
use crate::tools::browser::Browser;
use crate::tools::{self, npm};

const WASM: [&str; 4] = ["-p", "miandeng-frontend", "--target", "wasm32-unknown-unknown"];

/// What the whole is tested with.
struct Testbed<'a> {
    repo: &'a Repo,
    browser: Browser,
    python: PathBuf,
}

const DEMO: &str = "demo";

struct Step {
    name: &'static str,
    run: fn(&Testbed<'_>) -> Result<()>,
}

/// Later steps use what earlier ones build: `page` compiles the tests too, beside the tools that the page waits for.
const STEPS: [Step; 10] = [
    Step { name: "fmt", run: fmt },
    Step { name: "deny", run: deny },
    Step { name: "page", run: page },
    Step { name: "clippy", run: clippy },
    Step { name: "clippy-wasm", run: clippy_wasm },
    Step { name: "sdk", run: sdk },
    Step { name: "page-checks", run: page_checks },
    Step { name: "tests", run: tests },
    Step { name: "browser-units", run: browser_units },
    Step { name: DEMO, run: demo },
];

pub fn run(repo: &Repo, filter: Option<&str>) -> Result<()> {
    let wanted = |step: &&Step| filter.is_none_or(|filter| step.name.contains(filter));
    let steps: Vec<&Step> = STEPS.iter().filter(wanted).collect();
    if steps.is_empty() {
        bail!("there is no such step; there are {}", STEPS.map(|step| step.name).join(", "));
    }
    if steps.iter().any(|step| step.name == DEMO) {
        // The last step needs a certain port. That it is busy is better said before all the others have run.
        Ports::for_test()?;
    }
    let start = Instant::now();
    let tools::Testing { browser, python } = tools::for_testing(repo)?;
    if filter.is_some() {
        // All steps get them from `page`.
        tools::compiled(repo)?;
    }
    let bed = Testbed { repo, browser, python };
    for step in &steps {
        (step.run)(&bed).with_context(|| format!("step `{}` failed", step.name))?;
    }
    let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
    println!("\n{} passed in {}", names.join(", "), duration::human(start.elapsed()));
    Ok(())
}

fn fmt(bed: &Testbed<'_>) -> Result<()> {
    run::streamed("fmt: formatting", bed.repo.cargo().args(["fmt", "--all", "--check"]))
}

/// The licences, sources and doubled crates of Cargo.lock; its advisories where their database can be had.
fn deny(bed: &Testbed<'_>) -> Result<()> {
    let repo = bed.repo;
    tools::ensure_deny(repo)?;
    let deny = |arguments: &[&str]| {
        let mut command = repo.cargo();
        command.args(["deny", "--locked", "--log-level", "error"]).args(arguments);
        command
    };
    run::streamed("deny: licences, bans, sources", &mut deny(&["check", "licenses", "bans", "sources"]))?;
    if run::attempt(repo, "deny-db", "deny: fetching the advisories", &mut deny(&["fetch", "db"])) {
        return run::streamed("deny: advisories", &mut deny(&["check", "--disable-fetch", "advisories"]));
    }
    println!("deny: NO ADVISORY WAS CHECKED, because their database cannot be had from here");
    Ok(())
}

fn clippy(bed: &Testbed<'_>) -> Result<()> {
    let mut command = bed.repo.cargo();
    command.args(["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]);
    run::streamed("clippy: lints of what runs on this machine", &mut command)
}

fn clippy_wasm(bed: &Testbed<'_>) -> Result<()> {
    let mut command = bed.repo.cargo();
    command.args(["clippy", "--quiet"]).args(WASM).args(["--all-targets", "--", "-D", "warnings"]);
    run::streamed("clippy-wasm: lints of the page", &mut command)
}

fn page(bed: &Testbed<'_>) -> Result<()> {
    let mut command = tests_of_this_machine(bed.repo);
    command.arg("--no-run");
    build::page_beside(bed.repo, Some(build::tests(bed.repo, command)))
}

/// The build has checked the page that it made, but dist/ may be another one.
fn page_checks(bed: &Testbed<'_>) -> Result<()> {
    let mut node = bed.repo.command("node");
    run::quiet(
        bed.repo,
        "page-checks",
        "page-checks: what they refuse",
        node.args(["--test", "frontend/old-webviews.test.mjs"]),
    )?;
    let mut node = bed.repo.command("node");
    let title = "page-checks: WebAssembly 1.0, ES2017, classic scripts";
    run::streamed(title, node.arg("frontend/old-webviews.mjs").arg(bed.repo.dist()))
}

/// DingTalk publishes its SDK for bundlers only, so the tests that load it as a script need a bundle of it. Nothing in the
/// SDK itself is changed.
fn sdk(bed: &Testbed<'_>) -> Result<()> {
    let repo = bed.repo;
    let bundle = sdk_path(repo)?;
    let entry = repo.scratch().join("sdk/entry.js");
    let problem = || format!("cannot write {}", repo.shown(&entry));
    fs::create_dir_all(repo.scratch().join("sdk")).with_context(problem)?;
    fs::write(&entry, "window.dd = require('dingtalk-jsapi');\n").with_context(problem)?;
    let mut command = repo.command("esbuild");
    command
        .arg(&entry)
        .args(["--bundle", "--format=iife", "--target=es5", "--log-level=warning"])
        .arg(format!("--outfile={}", bundle.display()))
        // The entry lies outside the npm project, where esbuild would look for no package.
        .env("NODE_PATH", repo.node_dir().join("node_modules"));
    run::quiet(repo, "sdk", "sdk: bundling DingTalk's official SDK", &mut command)
}

fn sdk_path(repo: &Repo) -> Result<PathBuf> {
    let text =
        fs::read_to_string(repo.node_dir().join("package.json")).context("cannot read package.json")?;
    let version = npm::pinned(&text, "dingtalk-jsapi").context("package.json pins no dingtalk-jsapi")?;
    Ok(repo.scratch().join(format!("sdk/dingtalk-jsapi-{version}.js")))
}

fn tests(bed: &Testbed<'_>) -> Result<()> {
    let repo = bed.repo;
    let (dist, sdk) = (repo.dist(), sdk_path(repo)?);
    ensure!(dist.join("index.html").is_file(), "dist/ is missing: `cargo xtask test page` makes it");
    ensure!(sdk.is_file(), "the SDK is not bundled: `cargo xtask test sdk` does it");
    let engines = npm::ensure_engines(repo)?;
    let mut command = in_browser(bed, tests_of_this_machine(repo));
    command.env("MIANDENG_DIST", dist).env("MIANDENG_SDK", sdk).env("MIANDENG_PYTHON", &bed.python);
    command.env("MIANDENG_ENGINES", engines);
    // Everything that fails stands in one log.
    command.env("RUST_BACKTRACE", "0").arg("--no-fail-fast");
    run::tested("tests: unit, integration and browser tests", &mut command)
}

fn tests_of_this_machine(repo: &Repo) -> Command {
    let mut command = repo.cargo();
    command.arg("test");
    for package in ["miandeng-shared", "miandeng", "dingtalk-simulator", "xtask", "miandeng-frontend"] {
        command.args(["-p", package]);
    }
    command
}

fn browser_units(bed: &Testbed<'_>) -> Result<()> {
    let mut command = in_browser(bed, bed.repo.cargo());
    command
        .arg("test")
        .args(WASM)
        .args(["--test", "dd", "--test", "happened", "--test", "page", "--test", "screens"]);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner");
    run::streamed("browser-units: the page's bindings, in Chromium", &mut command)
}

/// What `demo` and `dev` promise: their addresses log the default person in, from the server itself and from a
/// `trunk serve` beside it.
fn demo(bed: &Testbed<'_>) -> Result<()> {
    let Testbed { repo, browser, .. } = bed;
    build::dev(repo)?;
    let ports = Ports::for_test()?;
    let servers = Servers { repo, name: "test", ports: &ports, front: Front::Server };
    let log = servers.directory();
    let mut services = Services::new(repo)?;
    servers.start(&mut services)?.or_fail()?;
    services.start_logged("trunk", &log, &mut servers.trunk_serve())?;
    run::timed("demo: building the page with `trunk serve`", || {
        servers.wait_for_trunk(&mut services)?.or_fail()
    })?;
    for (title, port) in [("demo: logging in", ports.server), ("demo: logging in through Trunk", ports.trunk)]
    {
        run::timed(title, || logs_in(repo, browser, &login_url(port)))?;
    }
    Ok(())
}

/// The sandbox cannot be had by root, which CI is, and the only pages that are opened here are our own. The rest keeps the
/// browser from calling home; its time runs as far as the page's own time limits, but stands still while a request is open.
const BROWSER: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=30000",
    "--dump-dom",
];

/// Opens `url` with a browser that knows nothing yet; the page has to name the default person in the end.
fn logs_in(repo: &Repo, browser: &Browser, url: &str) -> Result<()> {
    let profile = repo.scratch().join("browser");
    // What an earlier run left would be a session.
    let _ = fs::remove_dir_all(&profile);
    let mut command = repo.command(&browser.chromium.to_string_lossy());
    command.arg(format!("--user-data-dir={}", profile.display())).args(BROWSER).arg(url);
    let page = run::output(&mut command).context("Chromium ended with a failure")?;
    ensure!(page.contains(DEFAULT_USER_ID), "{url} does not come to show {DEFAULT_USER_ID}, but:\n{page}");
    Ok(())
}

fn in_browser(bed: &Testbed<'_>, mut command: Command) -> Command {
    command.env("CHROMIUM", &bed.browser.chromium).env("CHROMEDRIVER", &bed.browser.chromedriver);
    command
}
