//! The login as a pure state machine. It decides; `login` carries out its commands and brings back what happened. No
//! browser and no view in here, so every path is a test that runs on the host.

mod command;
mod steps;
#[cfg(test)]
mod tests;

pub use command::{Command, Event, LoggedIn, PageContext, Stage};

use crate::{entry::Entry, failure::Failure};
use miandeng_shared::{Action, AppId, ConfigAnswer, Unnamed, Visit};

/// The server says that a code is spent or unknown: DingTalk is asked for a new one this often.
const NEW_CODES: u8 = 1;

/// What a pause heals is tried again by itself, this often.
const TRIES: u32 = 3;
/// The same of what may be a passing fault or one that stays.
const TRIES_OF_UNCLEAR: u32 = 2;
/// In seconds: one pause, and everything from the first failure to the last try.
const LONGEST_PAUSE: u32 = 8;
const PATIENCE: u32 = 15;

/// How far DingTalk's component has come on this page. Versions 2 and 3 take one `dd.config` and silently ignore any
/// other, so that a fresh start after it takes a fresh page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sdk {
    Untouched,
    Configured,
    Verified,
}

/// One person's login on one page.
#[derive(Debug)]
pub struct Flow {
    context: PageContext,
    app: AppId,
    stage: Stage,
    sdk: Sdk,
    config: Option<ConfigAnswer>,
    /// Its platform redirects people, and this page only says what is wrong.
    is_wecom: bool,
    /// The server's words for the error in the address.
    said: Option<(String, String)>,
    /// The server stands on a simulator, which decides what the browser counts as.
    simulator: bool,
    new_codes: u8,
    tries: u32,
    /// Seconds since some beginning, and when the first failure was that is being healed.
    now: u32,
    failing_since: Option<u32>,
}

impl Flow {
    /// Starts, with what the page knows of itself.
    ///
    /// # Errors
    /// An address that does not name the application leaves nothing to be done.
    pub fn new(context: PageContext) -> Result<(Self, Command), Box<Failure>> {
        let Some(app) = context.entry.app() else { return Err(Box::new(unnamed(&context))) };
        let mut flow = Self {
            context,
            app,
            stage: Stage::Session,
            sdk: Sdk::Untouched,
            config: None,
            is_wecom: false,
            said: None,
            simulator: false,
            new_codes: 0,
            tries: 0,
            now: 0,
            failing_since: None,
        };
        let visit = flow.context.visit.take().filter(|visit| flow.is_named_by(&visit.config));
        let command = visit.map_or(Command::AskSession, |visit| flow.go_on_from(visit));
        Ok((flow, command))
    }

    fn is_named_by(&self, config: &ConfigAnswer) -> bool {
        config.corp_id == self.app.corp_id && config.agent_id == self.app.agent_id
    }

    /// Asks for nothing that the server knew when it made the document. A signature counts for the address that it is of:
    /// a proxy may have rewritten it.
    fn go_on_from(&mut self, Visit { config, session, error }: Visit) -> Command {
        self.said = error.map(|error| (error.message, error.hint));
        if session.as_ref().is_some_and(|session| session.user.is_of(&self.app)) {
            return self.on_session(Ok(session));
        }
        let is_ours = config.url.as_ref() == Some(&self.context.entry.url);
        if is_ours { self.on_config(Ok(config)) } else { self.on_app(Ok(config)) }
    }

    /// The application that the person is logged in to.
    #[must_use]
    pub fn app(&self) -> &AppId {
        &self.app
    }

    /// What to show.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// True once the server said that it stands on a simulator.
    #[must_use]
    pub fn simulator(&self) -> bool {
        self.simulator
    }

    /// Tells the time, in seconds since some beginning.
    pub fn tick(&mut self, now: u32) {
        self.now = now;
    }

    /// Takes in what happened and says what to do. An event that does not belong to the stage (a second tap, a late
    /// answer) changes nothing.
    pub fn step(&mut self, event: Event) -> Command {
        match (&self.stage, event) {
            (Stage::Session, Event::Session(answer)) => self.on_session(answer),
            (Stage::App, Event::Config(answer)) => self.on_app(answer),
            (Stage::Config, Event::Config(answer)) => self.on_config(answer),
            (Stage::Sdk, Event::Loaded(result)) => self.on_loaded(result),
            (Stage::Verify, Event::Verified(result)) => self.on_verified(result),
            // The report made the server drop a stale ticket, so a fresh page may pass.
            (Stage::Reporting(failure), Event::Reported) => {
                let failure = failure.clone();
                self.start_afresh(*failure)
            }
            (Stage::Reloading(Some(failure)), Event::ReloadBlocked) => {
                let failure = failure.clone();
                self.fail(*failure)
            }
            (Stage::Code, Event::Code(result)) => self.on_code(result),
            (Stage::Login, Event::Login(answer)) => self.on_login(answer),
            // As if the person had asked for it: the answer may have been lost on its way here, so the session is asked
            // first; and the code may be spent, so that it takes a new one.
            (Stage::Pausing, Event::Paused) => self.go(Stage::Session, Command::AskSession),
            (Stage::Failed(failure), Event::Retry) => {
                let code = failure.code;
                self.on_retry(code)
            }
            (Stage::Done(_), Event::NotMe) => self.go(Stage::Ending, Command::EndSession),
            (Stage::Ending, Event::Ended(result)) => match result {
                // On a fresh page, because DingTalk's component of this one has had its `dd.config`.
                Ok(()) => self.go(Stage::Reloading(None), Command::Reload),
                Err(failure) => self.fail(failure),
            },
            _ => Command::Nothing,
        }
    }

    fn go(&mut self, stage: Stage, command: Command) -> Command {
        self.stage = stage;
        command
    }

    fn fail(&mut self, failure: Failure) -> Command {
        let failure = failure
            .detail("corpid", self.app.corp_id.as_str())
            .detail("agentid", self.app.agent_id.as_str())
            .detail("client", self.describe_client());
        let failure = Failure { is_wecom: self.is_wecom, ..failure };
        self.go(Stage::Failed(Box::new(failure)), Command::Nothing)
    }

    /// Waits where that heals `failure`, as long as the person's patience lasts; shows it otherwise.
    fn heal(&mut self, failure: Failure) -> Command {
        let since = *self.failing_since.get_or_insert(self.now);
        let pause = failure.retry_after.unwrap_or_default().max(1 << self.tries);
        let in_time = self.now.saturating_sub(since).saturating_add(pause) <= PATIENCE;
        let tries = match failure.code.action() {
            Action::BackOff => TRIES,
            _ if failure.is_unclear() => TRIES_OF_UNCLEAR,
            _ => 0,
        };
        if self.tries >= tries || !in_time {
            return self.fail(failure);
        }
        self.tries += 1;
        self.go(Stage::Pausing, Command::Pause(pause.min(LONGEST_PAUSE)))
    }
}

/// The address does not say which application: what is wrong with it.
fn unnamed(context: &PageContext) -> Failure {
    let Entry { corp_id, agent_id, url, .. } = &context.entry;
    let (corp, agent) = (corp_id.as_ref().err().copied(), agent_id.as_ref().err().copied());
    let mut failure = Failure::new(Unnamed::error(corp, agent));
    for (name, wrong) in [("corpid", corp), ("agentid", agent)] {
        let Some(wrong) = wrong else { continue };
        let words = match wrong {
            Unnamed::Missing => "missing",
            Unnamed::Placeholder => "a placeholder",
            Unnamed::Malformed => "no identifier",
            Unnamed::Contradictory => "two values that differ",
        };
        failure = failure.detail(name, words);
    }
    failure.detail("url", url.clone()).detail("client", context.env.describe())
}
