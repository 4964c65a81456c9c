//! What goes into the state machine and what comes out of it.

use crate::{
    dd::{self, CodeRequest, DdError, Refusal, Source},
    entry::Entry,
    env::Env,
    failure::Failure,
    settle::Outcome,
};
use miandeng_shared::{
    AuthCode, ConfigAnswer, LoginAnswer, LoginRequest, ReportRequest, SessionAnswer, User, Visit,
};

/// What the page knows of itself when it starts.
#[derive(Debug, Clone)]
pub struct PageContext {
    pub entry: Entry,
    /// What the server knew when it made the document, where it is of this application.
    pub visit: Option<Visit>,
    pub env: Env,
    /// The client that counts instead where the server stands on a simulator.
    pub simulated: Env,
    /// This page is itself the second try, after a refused `dd.config`, or a component or a module that did not come.
    pub reloaded: bool,
    /// The page belongs to an application that shows itself once a person is logged in; only a deep link leads away.
    pub embedded: bool,
}

/// Who is logged in, and until when (RFC 3339).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    pub user: User,
    pub expires_at: String,
    /// The application's `home`, if it has one and is not this page.
    pub home: Option<String>,
}

/// Where the login stands; the view shows exactly this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Asking the server who is logged in already.
    Session,
    /// Outside DingTalk: asking the server whether a simulator stands in for it.
    App,
    /// Asking the server for the signature.
    Config,
    /// Loading DingTalk's component.
    Sdk,
    /// DingTalk checks the signature.
    Verify,
    /// DingTalk refused; the server is told, so that it can renew its ticket.
    Reporting(Box<Failure>),
    /// A fresh page comes; with the failure to show should that be impossible.
    Reloading(Option<Box<Failure>>),
    /// Asking DingTalk for a login code.
    Code,
    /// The server redeems the code.
    Login,
    /// Something failed that a pause heals; the login is tried again after it.
    Pausing,
    /// On the way to this path.
    Leaving(String),
    /// Logged in, and staying here.
    Done(Box<LoggedIn>),
    /// "Not you?": the session is being ended.
    Ending,
    Failed(Box<Failure>),
}

/// What to do next. All but the last five come back as one event.
#[derive(Debug, Clone)]
pub enum Command {
    AskSession,
    AskApp,
    AskConfig {
        url: String,
    },
    LoadSdk(Source),
    Verify(Box<ConfigAnswer>),
    Report(ReportRequest),
    AskCode(CodeRequest),
    Login(LoginRequest),
    /// Let so many seconds pass.
    Pause(u32),
    EndSession,
    /// Load the page afresh and remember that it was done; an event comes back only if it cannot be remembered.
    ReloadOnce,
    /// Load the page afresh because the person asked for it.
    Reload,
    Leave(String),
    /// Stay: the view greets or shows the application.
    Greet,
    /// Wait for the person.
    Nothing,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// None: no person is logged in.
    Session(Result<Option<SessionAnswer>, Failure>),
    Config(Result<ConfigAnswer, Failure>),
    Loaded(Result<(), DdError>),
    Verified(Result<(), DdError>),
    Reported,
    ReloadBlocked,
    Code(Result<AuthCode, DdError>),
    Login(Result<LoginAnswer, Failure>),
    Paused,
    Ended(Result<(), Failure>),
    Retry,
    NotMe,
}

/// What DingTalk's component has said.
impl Event {
    #[must_use]
    pub fn loaded(outcome: Outcome) -> Self {
        Event::Loaded(outcome.map(drop).map_err(DdError::from))
    }

    #[must_use]
    pub fn verified(outcome: Outcome) -> Self {
        Event::Verified(outcome.map(drop).map_err(DdError::from))
    }

    #[must_use]
    pub fn code(outcome: Outcome) -> Self {
        let none = || Refusal { code: None, message: "no code in DingTalk's answer".to_owned() };
        let code = |answer| dd::code(&answer).ok_or_else(|| DdError::Refused(none()));
        Event::Code(outcome.map_err(DdError::from).and_then(code))
    }
}
