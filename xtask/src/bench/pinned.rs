//! Who runs where: what is measured has a core of its own, and everything else the others. Otherwise the generator would
//! take turns with the server, and every ratio would come out nearer to 1 than it is.

use std::process::Command;

use crate::repo::Repo;
use crate::run;

/// How many cores there are to share out; fewer than two, or no `taskset`: none.
#[derive(Clone, Copy)]
pub struct Cores(Option<usize>);

impl Cores {
    pub fn find(repo: &Repo) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let pinnable = run::output(repo.command("taskset").args(["-c", "0,1", "true"])).is_some();
        Self((count > 1 && pinnable).then_some(count))
    }

    /// A program that is measured.
    pub fn measured(self, repo: &Repo, program: &str) -> Command {
        self.on(repo, program, |_| "0".to_owned())
    }

    /// A program that makes or answers its load.
    pub fn generator(self, repo: &Repo, program: &str) -> Command {
        self.on(repo, program, |count| format!("1-{}", count - 1))
    }

    fn on(self, repo: &Repo, program: &str, cores: impl FnOnce(usize) -> String) -> Command {
        let Some(count) = self.0 else { return repo.command(program) };
        let mut command = repo.command("taskset");
        command.args(["-c", &cores(count), program]);
        command
    }

    /// For the reader of the figures.
    pub fn told(self) -> String {
        match self.0 {
            Some(count) => {
                format!("{count} cores: one for what is measured, the rest for the load and for DingTalk")
            }
            None => "not pinned: the load takes turns with what is measured, which brings ratios nearer to 1"
                .to_owned(),
        }
    }
}
