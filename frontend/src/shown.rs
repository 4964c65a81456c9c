//! What there is to be seen of a login.

use crate::{
    failure::Failure,
    flow::{Flow, LoggedIn, Stage},
};
use miandeng_shared::ErrorCode;

/// A login as the view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub screen: Screen,
    /// The server stands on a simulator: the view says that it is a demo.
    pub simulator: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    Waiting(Wait),
    /// On the way to this path.
    Leaving(String),
    Failed(Failed),
    Done(LoggedIn),
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Server,
    Component,
    Identity,
    Login,
    /// A fresh page.
    Again,
    /// A pause after a failure that it heals.
    Healing,
    /// The end of a session.
    Ending,
}

/// A failure in words and details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub code: ErrorCode,
    /// Message and hint of the server, where it has said something.
    pub said: Option<(String, String)>,
    pub retry_after: Option<u32>,
    /// Lines to copy: name, colon, value.
    pub details: String,
    /// It is of WeCom, which the words of the catalogue then name.
    pub is_wecom: bool,
}

impl Shown {
    #[must_use]
    pub fn of(flow: &Flow) -> Self {
        let screen = match flow.stage() {
            Stage::Session | Stage::App | Stage::Config => Screen::Waiting(Wait::Server),
            Stage::Sdk => Screen::Waiting(Wait::Component),
            Stage::Verify | Stage::Code => Screen::Waiting(Wait::Identity),
            Stage::Login => Screen::Waiting(Wait::Login),
            Stage::Reporting(_) | Stage::Reloading(_) => Screen::Waiting(Wait::Again),
            Stage::Pausing => Screen::Waiting(Wait::Healing),
            Stage::Ending => Screen::Waiting(Wait::Ending),
            Stage::Leaving(target) => Screen::Leaving(target.clone()),
            Stage::Done(logged_in) => Screen::Done((**logged_in).clone()),
            Stage::Failed(failure) => return Self { simulator: flow.simulator(), ..Self::failed(failure) },
        };
        Self { screen, simulator: flow.simulator() }
    }

    /// A failure before there was a login.
    #[must_use]
    pub fn failed(failure: &Failure) -> Self {
        let Failure { code, said, retry_after, details, is_wecom } = failure;
        let lines = details.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]);
        let details = lines.collect::<String>();
        let failed = Failed {
            code: *code,
            said: said.clone(),
            retry_after: *retry_after,
            details,
            is_wecom: *is_wecom,
        };
        Self { screen: Screen::Failed(failed), simulator: false }
    }
}
