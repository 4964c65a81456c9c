//! What each event leads to.

use super::{Command, Flow, LoggedIn, NEW_CODES, Sdk, Stage};
use crate::{
    dd::{CodeRequest, DdError, Source},
    env::Env,
    failure::Failure,
};
use miandeng_shared::{
    Action, AppId, AppKind, AuthCode, ConfigAnswer, ErrorCode, LoginAnswer, LoginRequest, ReportRequest,
    SessionAnswer, SignedConfig, encode_next, return_path,
};

impl Flow {
    pub(super) fn on_session(&mut self, answer: Result<Option<SessionAnswer>, Failure>) -> Command {
        if let Ok(Some(session)) = &answer {
            self.simulator = session.simulator;
        }
        match answer {
            Err(failure) => self.heal(failure),
            Ok(Some(SessionAnswer { user, expires_at, home, .. })) if user.is_of(&self.app) => {
                let target = self.context.entry.next.clone().or_else(|| home.clone());
                self.arrive(LoggedIn { user, expires_at, home }, target)
            }
            Ok(_) if self.sdk == Sdk::Verified => self.ask_code(),
            Ok(_) if self.misfit(AppKind::Channel).is_none() => self.ask_config(),
            Ok(_) => self.go(Stage::App, Command::AskApp),
        }
    }

    fn client(&self) -> &Env {
        if self.simulator { &self.context.simulated } else { &self.context.env }
    }

    pub(super) fn describe_client(&self) -> String {
        let simulated = if self.simulator { "simulated " } else { "" };
        [simulated, &self.client().describe()].concat()
    }

    /// Why people cannot log in to this kind of application on this client, if so.
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
    pub(super) fn on_app(&mut self, answer: Result<ConfigAnswer, Failure>) -> Command {
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

    pub(super) fn on_config(&mut self, answer: Result<ConfigAnswer, Failure>) -> Command {
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

    pub(super) fn on_loaded(&mut self, result: Result<(), DdError>) -> Command {
        let Some(config) = self.config.clone() else { return self.go(Stage::Session, Command::AskSession) };
        match result {
            Err(error) => {
                let failure = Failure::from_load(&error, &config.jsapi_url);
                // The document may have been made when the server did not know where this application's component is,
                // and its policy forbids it then. People who waited for it in vain are not made to wait again.
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

    pub(super) fn on_verified(&mut self, result: Result<(), DdError>) -> Command {
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
    pub(super) fn start_afresh(&mut self, failure: Failure) -> Command {
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

    pub(super) fn on_code(&mut self, result: Result<AuthCode, DdError>) -> Command {
        match result {
            Err(error) => self.fail(Failure::from_code_request(&error)),
            Ok(code) => {
                let AppId { corp_id, agent_id } = self.app.clone();
                let next = self.context.entry.next.clone();
                self.go(Stage::Login, Command::Login(LoginRequest { corp_id, agent_id, code, next }))
            }
        }
    }

    pub(super) fn on_login(&mut self, answer: Result<LoginAnswer, Failure>) -> Command {
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

    pub(super) fn on_retry(&mut self, code: ErrorCode) -> Command {
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
