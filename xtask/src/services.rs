//! Programs that run beside each other until one of them ends or a signal stops them all.

use std::fmt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::repo::Repo;
use crate::{duration, run};

/// How often a server that is starting is asked again: often enough not to be noticed, seldom enough to cost nothing.
const POLL: Duration = Duration::from_millis(100);
/// The server finishes its requests at SIGTERM; a demo has no longer ones.
const GRACE: Duration = Duration::from_secs(5);

enum Event {
    Exited { index: usize, status: std::io::Result<ExitStatus> },
    Stop,
}

pub struct Services<'a> {
    repo: &'a Repo,
    services: Vec<Service>,
    events: Receiver<Event>,
    sender: Sender<Event>,
}

struct Service {
    name: &'static str,
    /// Each service leads its own process group, so that what it starts itself (Trunk: cargo, rustc) ends with it.
    group: u32,
    log: Option<PathBuf>,
    running: bool,
}

/// How waiting came to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Ready,
    /// By Ctrl-C, SIGTERM or SIGHUP.
    Stopped,
}

impl Outcome {
    /// For errands that are not done when they are stopped.
    pub fn or_fail(self) -> Result<()> {
        match self {
            Self::Ready => Ok(()),
            Self::Stopped => bail!("stopped"),
        }
    }
}

impl<'a> Services<'a> {
    pub fn new(repo: &'a Repo) -> Result<Self> {
        let (sender, events) = mpsc::channel();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot watch for Ctrl-C")?;
        let to_us = sender.clone();
        thread::spawn(move || {
            for _ in signals.forever() {
                if to_us.send(Event::Stop).is_err() {
                    break;
                }
            }
        });
        Ok(Self { repo, services: Vec::new(), events, sender })
    }

    /// Starts a service whose output goes to `{name}.log` in `directory`.
    pub fn start_logged(
        &mut self,
        name: &'static str,
        directory: &Path,
        command: &mut Command,
    ) -> Result<()> {
        let log = directory.join(format!("{name}.log"));
        let (out, err) = run::log_file(&log)?;
        self.start(name, Some(log), command.stdout(out).stderr(err))
    }

    /// Starts a service whose output the developer wants to see.
    pub fn start_shown(&mut self, name: &'static str, command: &mut Command) -> Result<()> {
        self.start(name, None, command)
    }

    fn start(&mut self, name: &'static str, log: Option<PathBuf>, command: &mut Command) -> Result<()> {
        let mut child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        let index = self.services.len();
        self.services.push(Service { name, group: child.id(), log, running: true });
        let to_us = self.sender.clone();
        thread::spawn(move || to_us.send(Event::Exited { index, status: child.wait() }));
        Ok(())
    }

    /// Waits until `ready` says so, at most for `patience`.
    pub fn wait_until(
        &mut self,
        what: &str,
        patience: Duration,
        ready: impl Fn() -> bool,
    ) -> Result<Outcome> {
        let deadline = Instant::now() + patience;
        while !ready() {
            if Instant::now() > deadline {
                self.print_logs();
                bail!("{what} did not answer within {}", duration::human(patience));
            }
            match self.events.recv_timeout(POLL) {
                Ok(event) => return self.settle(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(Outcome::Stopped),
            }
        }
        Ok(Outcome::Ready)
    }

    /// Waits for Ctrl-C, or for the first service that ends: the rest is of no use without it.
    pub fn wait_for_end(&mut self) -> Result<Outcome> {
        match self.events.recv() {
            Ok(event) => self.settle(event),
            Err(_) => Ok(Outcome::Stopped),
        }
    }

    fn settle(&mut self, event: Event) -> Result<Outcome> {
        let Event::Exited { index, status } = event else { return Ok(Outcome::Stopped) };
        let service = &mut self.services[index];
        service.running = false;
        if let Some(log) = &service.log {
            run::print_tail(log);
        }
        bail!("the {} ended by itself ({})", service.name, ended(status))
    }

    fn print_logs(&self) {
        for log in self.services.iter().filter_map(|service| service.log.as_ref()) {
            run::print_tail(log);
        }
    }

    fn signal(&self, signal: &str) {
        for service in self.services.iter().filter(|service| service.running) {
            // The shell's own `kill`, because the system call is not in std and the program not on every machine. A group
            // that is gone already is no error.
            let _ = kill(self.repo, signal, service.group).status();
        }
    }

    /// Waits until every service has ended; false if some still run after `patience`.
    fn all_ended(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.services.iter().any(|service| service.running) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(Event::Exited { index, .. }) => self.services[index].running = false,
                Ok(Event::Stop) => {}
                Err(_) => return false,
            }
        }
        true
    }
}

impl Drop for Services<'_> {
    fn drop(&mut self) {
        self.signal("TERM");
        if !self.all_ended(GRACE) {
            self.signal("KILL");
            self.all_ended(GRACE);
        }
    }
}

fn kill(repo: &Repo, signal: &str, group: u32) -> Command {
    let mut command = repo.command("sh");
    command
        .args(["-c", r#"kill -s "$1" -- "-$2""#, "kill", signal, &group.to_string()])
        .stderr(Stdio::null());
    command
}

fn ended(status: std::io::Result<ExitStatus>) -> impl fmt::Display {
    match status.map(|status| (status.code(), status.signal())) {
        Ok((Some(code), _)) => format!("exit code {code}"),
        Ok((None, Some(signal))) => format!("signal {signal}"),
        Ok((None, None)) => "for no known reason".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn repo() -> Repo {
        Repo::locate().unwrap()
    }

    #[test]
    fn a_service_that_ends_is_named_with_its_exit_code() {
        let repo = repo();
        let mut services = Services::new(&repo).unwrap();
        services.start_shown("sleeper", repo.command("sleep").arg("600")).unwrap();
        services.start_shown("quitter", repo.command("sh").args(["-c", "exit 3"])).unwrap();
        let error = services.wait_for_end().unwrap_err().to_string();
        assert_eq!(error, "the quitter ended by itself (exit code 3)");
    }

    #[test]
    fn dropping_ends_what_a_service_started() {
        let repo = repo();
        let mut services = Services::new(&repo).unwrap();
        // The pipe stays open as long as a process lives that could write to it.
        let (mut reader, writer) = std::io::pipe().unwrap();
        let mut command = repo.command("sh");
        services.start_shown("parent", command.args(["-c", "sleep 601 & wait"]).stdout(writer)).unwrap();
        drop(command);
        drop(services);
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn waiting_ends_when_ready_or_out_of_patience() {
        let repo = repo();
        let mut services = Services::new(&repo).unwrap();
        let second = Duration::from_secs(1);
        assert_eq!(services.wait_until("it", second, || true).unwrap(), Outcome::Ready);
        let error = services.wait_until("it", Duration::ZERO, || false).unwrap_err().to_string();
        assert_eq!(error, "it did not answer within 0.0 s");
    }
}
