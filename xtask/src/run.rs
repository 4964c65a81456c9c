//! One line for each step: what is done, then how long it took. On a terminal the line moves while the step runs and counts
//! cargo's crates; elsewhere a first line says when the step began. Steps may run beside each other. What children print
//! goes to a log, and from there to the screen only when they fail.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::duration;
use crate::repo::Repo;

/// Enough for a compiler error and what led to it.
const TAIL_LINES: usize = 40;
/// A panic's place and message, and the first values that an assertion compares.
const REASON_LINES: usize = 5;
const REASON_WIDTH: usize = 400;
const LEFT_BEHIND: Duration = Duration::from_secs(5);
const TICK: Duration = Duration::from_millis(200);

/// The moving lines of all steps; hidden where there is no terminal.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);
static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Times `work` and prints one line about it.
pub fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    step(title, |_| work())
}

/// Runs `command`; on failure prints the tail of `target/xtask/{log}.log` and stops.
pub fn quiet(repo: &Repo, log: &str, title: &str, command: &mut Command) -> Result<()> {
    let path = repo.scratch().join(format!("{log}.log"));
    let outcome = step(title, |bar| logged(&path, command, bar));
    if outcome.is_err() {
        BARS.suspend(|| print_tail(&path));
    }
    outcome.with_context(|| format!("{title}: see {}", repo.shown(&path)))
}

/// Like `quiet` for a command that has a fallback: its failure is said, not shown.
pub fn attempt(repo: &Repo, log: &str, title: &str, command: &mut Command) -> bool {
    let path = repo.scratch().join(format!("{log}.log"));
    step(title, |bar| logged(&path, command, bar)).is_ok()
}

fn step<T>(title: &str, work: impl FnOnce(&ProgressBar) -> Result<T>) -> Result<T> {
    let began = *BEGAN;
    let start = Instant::now();
    let bar = BARS.add(ProgressBar::no_length().with_style(style(false)).with_message(title.to_owned()));
    if bar.is_hidden() {
        println!("{title} … begins after {}", duration::human(start - began));
    }
    bar.enable_steady_tick(TICK);
    let outcome = work(&bar);
    bar.finish_and_clear();
    let verdict = if outcome.is_ok() { "" } else { "failed after " };
    BARS.suspend(|| println!("{title} … {verdict}{}", duration::human(start.elapsed())));
    outcome
}

fn style(counts: bool) -> ProgressStyle {
    let template = if counts { "{msg} … {pos} of {len} crates, {elapsed}" } else { "{msg} … {elapsed}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Runs `command` with its output on the screen: for tests, whose output is the point.
pub fn streamed(title: &str, command: &mut Command) -> Result<()> {
    println!("{title} …");
    let start = Instant::now();
    let program = shown(command);
    let status = command.status().with_context(|| format!("cannot run `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed ({status}) after {}", duration::human(start.elapsed()));
    }
    println!("{title} … {}", duration::human(start.elapsed()));
    Ok(())
}

/// `streamed` for a test run whose log may be cut short: where it goes to no terminal, the reasons of its failures come
/// last, once more.
pub fn tested(title: &str, command: &mut Command) -> Result<()> {
    if io::stdout().is_terminal() {
        return streamed(title, command);
    }
    let (printed, writer) = io::pipe().context("no pipe can be had")?;
    command.stdout(writer);
    let (sender, kept) = mpsc::channel();
    std::thread::spawn(move || reasons(BufReader::new(printed), io::stdout(), &sender));
    let outcome = streamed(title, command);
    // Our end of the pipe, which would keep it open.
    command.stdout(Stdio::null());
    // A process that a test left behind holds the pipe open, too, and is not waited for.
    let reasons: Vec<String> = std::iter::from_fn(|| kept.recv_timeout(LEFT_BEHIND).ok()).collect();
    if outcome.is_err() {
        println!("\n{}", reasons.join("\n"));
    }
    outcome
}

/// Hands on what tests print, and sends the lines that say why some failed.
fn reasons(printed: impl BufRead, mut screen: impl Write, reason: &mpsc::Sender<String>) {
    let mut wanted = 0;
    for line in printed.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // A screen that is gone does not end the tests.
        let _ = writeln!(screen, "{line}");
        if line.contains("panicked at ") {
            wanted = REASON_LINES;
        }
        if wanted > 0 {
            wanted -= 1;
            let _ = reason.send(line.chars().take(REASON_WIDTH).collect());
        }
    }
}

/// What `command` prints, if it can be run and succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

pub fn print_tail(log: &Path) {
    let Ok(file) = File::open(log) else { return };
    for line in tail(BufReader::new(file), TAIL_LINES) {
        eprintln!("  {line}");
    }
}

fn tail(reader: impl BufRead, count: usize) -> VecDeque<String> {
    let mut last = VecDeque::with_capacity(count);
    for line in reader.split(b'\n').map_while(Result::ok) {
        if last.len() == count {
            last.pop_front();
        }
        last.push_back(String::from_utf8_lossy(&line).into_owned());
    }
    last
}

fn logged(log: &Path, command: &mut Command, bar: &ProgressBar) -> Result<()> {
    let (mut log, _) = log_file(log)?;
    let program = shown(command);
    let (mut printed, writer) = io::pipe().context("no pipe can be had")?;
    let copy = writer.try_clone().context("no pipe can be had")?;
    // Cargo, which Trunk starts too, then reports its progress even where it writes to no terminal.
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    command.env("CARGO_TERM_QUIET", "false").stdout(writer).stderr(copy);
    let mut child = command.spawn().with_context(|| format!("cannot run `{program}`"))?;
    // Our ends of the pipe, which would keep it open.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    follow(&mut printed, &mut log, |done, of| {
        if bar.length().is_none() {
            bar.set_style(style(true));
        }
        bar.set_length(of);
        bar.set_position(done);
    })
    .context("cannot write the log")?;
    let status = child.wait().with_context(|| format!("cannot run `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed ({status})");
    }
    Ok(())
}

/// Copies lines from `printed` to `log`, but for cargo's progress, which goes to `progress` as crates done and crates to do.
fn follow(
    printed: &mut impl Read,
    log: &mut impl Write,
    mut progress: impl FnMut(u64, u64),
) -> io::Result<()> {
    let mut reader = BufReader::new(printed);
    let mut line = Vec::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return log.write_all(&line);
        }
        let end = bytes.iter().position(|b| matches!(b, b'\n' | b'\r'));
        let taken = end.map_or(bytes.len(), |end| end + 1);
        line.extend_from_slice(&bytes[..taken]);
        reader.consume(taken);
        if end.is_none() {
            continue;
        }
        match crates(&String::from_utf8_lossy(&line)) {
            Some((done, of)) => progress(done, of),
            None => log.write_all(&line)?,
        }
        line.clear();
    }
}

/// Reads `Building [====>   ] 45/310: serde`.
fn crates(line: &str) -> Option<(u64, u64)> {
    let (_, counts) = line.split_once("Building [")?.1.split_once("] ")?;
    let (done, rest) = counts.split_once('/')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some((done.trim().parse().ok()?, rest[..end].parse().ok()?))
}

/// A new log, twice: for standard output and standard error.
pub fn log_file(log: &Path) -> Result<(File, File)> {
    let problem = || format!("cannot write {}", log.display());
    if let Some(directory) = log.parent() {
        fs::create_dir_all(directory).with_context(problem)?;
    }
    let file = File::create(log).with_context(problem)?;
    let again = file.try_clone().with_context(problem)?;
    Ok((file, again))
}

/// The command as a person would type it, near enough to find out which one failed.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
