//! The login as a pure state machine. It decides; `login` carries out its commands and brings back what happened. No
//! browser and no view in here, so every path is a test that runs on the host.

mod command;
#[cfg(test)]
mod tests;

pub use command::{Command, Event, LoggedIn, PageContext, Stage};

use crate::{
    dd::{CodeRequest, DdError, Source},
    entry::Entry,
    env::Env,
    failure::Failure,
};
use miandeng_shared::{
    Action, AppId, AppKind, AuthCode, ConfigAnswer, ErrorCode, LoginAnswer, LoginRequest, ReportRequest,
    SessionAnswer, SignedConfig, Unnamed, User, Visit, encode_next, return_path,
};

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
        if session.as_ref().is_some_and(|session| self.is_of_this_app(&session.user)) {
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

    fn on_session(&mut self, answer: Result<Option<SessionAnswer>, Failure>) -> Command {
        if let Ok(Some(session)) = &answer {
            self.simulator = session.simulator;
        }
        match answer {
            Err(failure) => self.heal(failure),
            Ok(Some(SessionAnswer { user, expires_at, home, .. })) if self.is_of_this_app(&user) => {
                let target = self.context.entry.next.clone().or_else(|| home.clone());
                self.arrive(LoggedIn { user, expires_at, home }, target)
            }
            Ok(_) if self.sdk == Sdk::Verified => self.ask_code(),
            Ok(_) if self.misfit(AppKind::Channel).is_none() => self.ask_config(),
            Ok(_) => self.go(Stage::App, Command::AskApp),
        }
    }

    fn is_of_this_app(&self, user: &User) -> bool {
        user.is_of(&self.app)
    }

    fn client(&self) -> &Env {
        if self.simulator { &self.context.simulated } else { &self.context.env }
    }

    fn describe_client(&self) -> String {
        let simulated = if self.simulator { "simulated " } else { "" };
        [simulated, &self.client().describe()].concat()
    }

    /// Why nobody can log in to this kind of application on this client, if so.
    fn misfit(&self, kind: AppKind) -> Option<ErrorCode> {
        match self.client() {
            Env::Phone { .. } => None,
            Env::Pc { .. } => (kind == AppKind::Channel).then_some(ErrorCode::PcUnsupported),
            Env::Outside => Some(ErrorCode::NotInDingtalk),
        }
    }

    fn ask_config(&mut self) -> Command {
        let url = self.context.entry.url.clone();
        self.go(Stage::Config, Command::AskConfig { url })
    }

    /// Outside DingTalk on a phone nothing is signed; the server is only asked whether that matters here.
    fn on_app(&mut self, answer: Result<ConfigAnswer, Failure>) -> Command {
        match answer {
            Err(failure) => self.heal(failure),
            Ok(app) if app.kind == AppKind::Wecom => self.redirect(app),
            Ok(app) => {
                self.simulator = app.simulator;
                match self.misfit(app.kind) {
                    Some(code) => self.fail(Failure::new(code)),
                    None if app.kind == AppKind::H5 => self.load_sdk(app),
                    None => self.ask_config(),
                }
            }
        }
    }

    fn on_config(&mut self, answer: Result<ConfigAnswer, Failure>) -> Command {
        let config = match answer {
            Ok(config) => config,
            Err(failure) => return self.heal(failure),
        };
        if config.kind == AppKind::Wecom {
            return self.redirect(config);
        }
        self.simulator = config.simulator;
        if let Some(code) = self.misfit(config.kind) {
            return self.fail(Failure::new(code));
        }
        if config.kind == AppKind::Channel && config.signed().is_none() {
            return self.fail(Failure::new(ErrorCode::Unexpected).detail("missing", "signature"));
        }
        self.load_sdk(config)
    }

    /// To the platform, which sends people back to the server: unless the last attempt has failed, which is shown first.
    fn redirect(&mut self, app: ConfigAnswer) -> Command {
        (self.is_wecom, self.simulator) = (true, app.simulator);
        let error = self.context.entry.error.take();
        if let Some(error) = error.and_then(|code| ErrorCode::from_code(&code)) {
            let failure = Failure { said: self.said.take(), ..Failure::new(error) };
            return self.fail(failure);
        }
        let Some(mut target) = app.login_url else { return self.fail(Failure::new(ErrorCode::NotInWecom)) };
        if let Some(next) = &self.context.entry.next {
            target.push_str("&next=");
            target.push_str(&encode_next(next));
        }
        self.go(Stage::Leaving(target.clone()), Command::Leave(target))
    }

    fn load_sdk(&mut self, config: ConfigAnswer) -> Command {
        let source = Source { url: config.jsapi_url.clone(), fallback: config.jsapi_fallback_url.clone() };
        self.config = Some(config);
        self.go(Stage::Sdk, Command::LoadSdk(source))
    }

    fn on_loaded(&mut self, result: Result<(), DdError>) -> Command {
        let Some(config) = self.config.clone() else { return self.go(Stage::Session, Command::AskSession) };
        match result {
            Err(error) => {
                let failure = Failure::from_load(&error, &config.jsapi_url);
                // The document may have been made when the server did not know where this application's component is,
                // and its policy forbids it then. Who has waited for it in vain is not made to wait again.
                if error == DdError::Timeout { self.fail(failure) } else { self.start_afresh(failure) }
            }
            // Today's applications log in without `dd.config`.
            Ok(()) if config.kind == AppKind::H5 => self.ask_code(),
            Ok(()) => {
                self.sdk = Sdk::Configured;
                self.go(Stage::Verify, Command::Verify(Box::new(config)))
            }
        }
    }

    fn on_verified(&mut self, result: Result<(), DdError>) -> Command {
        let error = match result {
            Ok(()) => {
                self.sdk = Sdk::Verified;
                return self.ask_code();
            }
            Err(error) => error,
        };
        let signed = self.config.as_ref().and_then(ConfigAnswer::signed);
        let SignedConfig { time_stamp, nonce_str, signature, url } = signed.unwrap_or_default();
        let failure = Failure::from_config(&error, &url);
        if failure.code != ErrorCode::ConfigRefused {
            return self.fail(failure);
        }
        let report = ReportRequest {
            corp_id: self.app.corp_id.clone(),
            agent_id: self.app.agent_id.clone(),
            time_stamp,
            nonce_str,
            url,
            signature,
            error: error.refusal().map_or_else(|| "cancelled".to_owned(), crate::dd::Refusal::in_short),
        };
        self.go(Stage::Reporting(Box::new(failure)), Command::Report(report))
    }

    /// On a fresh page, but only once: else it might go in circles.
    fn start_afresh(&mut self, failure: Failure) -> Command {
        if self.context.reloaded {
            self.fail(failure)
        } else {
            self.go(Stage::Reloading(Some(Box::new(failure))), Command::ReloadOnce)
        }
    }

    fn ask_code(&mut self) -> Command {
        let client_id = self.config.as_ref().and_then(|config| config.client_id.clone());
        let request = CodeRequest { corp_id: self.app.corp_id.clone(), client_id };
        self.go(Stage::Code, Command::AskCode(request))
    }

    fn on_code(&mut self, result: Result<AuthCode, DdError>) -> Command {
        match result {
            Err(error) => self.fail(Failure::from_code_request(&error)),
            Ok(code) => {
                let AppId { corp_id, agent_id } = self.app.clone();
                let next = self.context.entry.next.clone();
                self.go(Stage::Login, Command::Login(LoginRequest { corp_id, agent_id, code, next }))
            }
        }
    }

    fn on_login(&mut self, answer: Result<LoginAnswer, Failure>) -> Command {
        match answer {
            Ok(answer) => {
                let LoginAnswer { user, expires_at, next, home } = answer;
                self.arrive(LoggedIn { user, expires_at, home }, next)
            }
            Err(failure) if failure.wants_new_code() && self.new_codes < NEW_CODES => {
                self.new_codes += 1;
                self.ask_code()
            }
            Err(failure) => self.heal(failure),
        }
    }

    /// Logged in: on to `target`, unless that is this very page or this page is the application itself.
    fn arrive(&mut self, mut logged_in: LoggedIn, target: Option<String>) -> Command {
        let asked_for = self.context.entry.next.is_some() || !self.context.embedded;
        let elsewhere = |to: &String| return_path(to).is_some() && !self.context.entry.is_here(to);
        logged_in.home = logged_in.home.filter(elsewhere);
        match target.filter(elsewhere).filter(|_| asked_for) {
            Some(to) => self.go(Stage::Leaving(to.clone()), Command::Leave(to)),
            None => self.go(Stage::Done(Box::new(logged_in)), Command::Greet),
        }
    }

    fn on_retry(&mut self, code: ErrorCode) -> Command {
        (self.new_codes, self.tries, self.failing_since) = (0, 0, None);
        self.context.reloaded = false;
        if self.needs_fresh_page(code) {
            self.go(Stage::Reloading(None), Command::Reload)
        } else {
            // The session is asked first: an answer to the login may have been lost on its way here.
            self.go(Stage::Session, Command::AskSession)
        }
    }

    /// Waiting and a dialogue that the person closed are none of the document's business. With everything else the
    /// document may be what is wrong: its policy, its cookie, its one `dd.config`.
    fn needs_fresh_page(&self, code: ErrorCode) -> bool {
        let passing = code.action() == Action::BackOff || code == ErrorCode::Cancelled;
        // A fresh page of an attempt that failed says so again.
        !self.is_wecom && (self.sdk == Sdk::Configured || !passing)
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
