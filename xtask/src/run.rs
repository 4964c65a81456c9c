//! One line per step: what is being done, then how long it took. What children print goes to a log, and from there to the
//! screen only when they fail.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::clock::spoken;
use crate::repo::Repo;

/// Enough for a compiler error and what led to it.
const TAIL_LINES: usize = 40;

/// Times `work` and prints one line about it.
pub fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("{title} … ");
    io::stdout().flush().context("cannot write to the terminal")?;
    let start = Instant::now();
    let outcome = work();
    let verdict = if outcome.is_ok() { "" } else { "failed after " };
    println!("{verdict}{}", spoken(start.elapsed()));
    outcome
}

/// Runs `command`; on failure prints the tail of `target/xtask/{log}.log` and stops.
pub fn quiet(repo: &Repo, log: &str, title: &str, command: &mut Command) -> Result<()> {
    let path = repo.scratch().join(format!("{log}.log"));
    let outcome = timed(title, || logged(&path, command));
    if outcome.is_err() {
        print_tail(&path);
    }
    outcome.with_context(|| format!("{title}: see {}", repo.shown(&path)))
}

/// Like `quiet` for a command that has a fallback: its failure is told, not shown.
pub fn attempt(repo: &Repo, log: &str, title: &str, command: &mut Command) -> bool {
    let path = repo.scratch().join(format!("{log}.log"));
    timed(title, || logged(&path, command)).is_ok()
}

/// Runs `command` with its output on the screen: for tests, whose output is the point.
pub fn streamed(title: &str, command: &mut Command) -> Result<()> {
    println!("{title} …");
    let start = Instant::now();
    let program = shown(command);
    let status = command.status().with_context(|| format!("cannot run `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed ({status}) after {}", spoken(start.elapsed()));
    }
    println!("{title} … {}", spoken(start.elapsed()));
    Ok(())
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

fn logged(log: &Path, command: &mut Command) -> Result<()> {
    let (out, err) = log_file(log)?;
    let program = shown(command);
    let status =
        command.stdout(out).stderr(err).status().with_context(|| format!("cannot run `{program}`"))?;
    if !status.success() {
        bail!("`{program}` failed ({status})");
    }
    Ok(())
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
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        let text: &[u8] = b"one\ntwo\nthree\n";
        assert_eq!(tail(text, 2), ["two", "three"]);
        assert_eq!(tail(text, 9).len(), 3);
    }

    #[test]
    fn a_command_is_shown_without_its_directory() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(shown(&command), "cargo fmt --check");
    }

    #[test]
    fn a_failing_or_missing_program_prints_nothing() {
        assert_eq!(output(&mut Command::new("false")), None);
        assert_eq!(output(&mut Command::new("there-is-no-such-program")), None);
    }
}
