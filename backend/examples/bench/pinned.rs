//! Who runs where: what is measured has a core of its own, and everything else the others. Otherwise the generator would
//! take turns with the server, and every ratio would come out nearer to 1 than it is.

use std::ffi::OsStr;
use std::process::Command;

/// How many cores there are to share out; fewer than two, or no `taskset`: none.
#[derive(Clone, Copy)]
pub struct Cores(Option<usize>);

impl Cores {
    pub fn find() -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let pinnable =
            Command::new("taskset").args(["-c", "0,1", "true"]).status().is_ok_and(|s| s.success());
        Self((count > 1 && pinnable).then_some(count))
    }

    /// A program that is measured.
    pub fn measured(self, program: impl AsRef<OsStr>) -> Command {
        self.on(program.as_ref(), |_| "0".to_owned())
    }

    /// A program that makes or answers its load.
    pub fn generator(self, program: impl AsRef<OsStr>) -> Command {
        self.on(program.as_ref(), |count| format!("1-{}", count - 1))
    }

    fn on(self, program: &OsStr, cores: impl FnOnce(usize) -> String) -> Command {
        let Some(count) = self.0 else { return Command::new(program) };
        let mut command = Command::new("taskset");
        command.args(["-c", &cores(count)]).arg(program);
        command
    }

    /// For the reader of the figures.
    pub fn description(self) -> String {
        match self.0 {
            Some(count) => {
                format!("{count} cores: one for what is measured, the rest for the load and for DingTalk")
            }
            None => "not pinned: the load takes turns with what is measured, which brings ratios nearer to 1"
                .to_owned(),
        }
    }
}
