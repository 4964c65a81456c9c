//! Carries out what the flow decides. Knows nothing of the view: it calls back with every new stage.

use crate::{
    api::{Api, Question},
    browser, dd,
    failure::Failure,
    flow::{Command, Event, Flow, PageContext},
    js,
};
use miandeng_shared::AppId;
use std::{cell::RefCell, rc::Rc};

/// One login, from the first question to the greeting or the failure.
pub struct Login {
    api: Api,
    app: AppId,
    flow: RefCell<Flow>,
    show: Box<dyn Fn(&Flow)>,
}

impl Login {
    /// Starts the login; `show` is called with every new stage.
    ///
    /// # Errors
    /// An address that does not name the application.
    pub fn start(
        api: Api,
        context: PageContext,
        show: impl Fn(&Flow) + 'static,
    ) -> Result<Rc<Self>, Box<Failure>> {
        let (login, command) = Self::after([], api, context, show)?;
        login.perform(command);
        Ok(login)
    }

    /// The login to which this has happened already, and what it has to do next.
    ///
    /// # Errors
    /// An address that does not name the application.
    pub fn after(
        happened: impl IntoIterator<Item = Event>,
        api: Api,
        context: PageContext,
        show: impl Fn(&Flow) + 'static,
    ) -> Result<(Rc<Self>, Command), Box<Failure>> {
        let (mut flow, mut command) = Flow::new(context)?;
        flow.tick(browser::age() / 1000);
        for event in happened {
            command = flow.step(event);
        }
        show(&flow);
        let app = flow.app().clone();
        let login = Self { api, app, flow: RefCell::new(flow), show: Box::new(show) };
        Ok((Rc::new(login), command))
    }

    /// Something happened: an answer has come, or the person tapped something.
    pub fn dispatch(self: &Rc<Self>, event: Event) {
        // Whatever was tapped, it is a new first try.
        if matches!(event, Event::Retry | Event::NotMe) {
            browser::clear_mark();
        }
        let command = {
            let mut flow = self.flow.borrow_mut();
            flow.tick(browser::age() / 1000);
            flow.step(event)
        };
        (self.show)(&self.flow.borrow());
        self.perform(command);
    }

    /// What becomes of an answer.
    fn then<T>(self: &Rc<Self>, event: impl FnOnce(T) -> Event + 'static) -> Box<dyn FnOnce(T)> {
        let login = Rc::clone(self);
        Box::new(move |answer| login.dispatch(event(answer)))
    }

    fn ask(self: &Rc<Self>, question: Question) {
        self.api.ask(&self.app, question, self.then(|event| event));
    }

    /// Carries a command out.
    pub fn perform(self: &Rc<Self>, command: Command) {
        match command {
            Command::AskSession => self.ask(Question::Session),
            Command::AskApp => self.ask(Question::App),
            Command::AskConfig { url } => self.ask(Question::Config(url)),
            Command::Report(report) => self.ask(Question::Report(report)),
            Command::Login(request) => self.ask(Question::Login(request)),
            Command::EndSession => self.ask(Question::End),
            Command::LoadSdk(source) => dd::load(&source, dd::LOAD_LIMITS, self.then(Event::loaded)),
            Command::Verify(config) => match dd::find() {
                Some(dd) => {
                    dd::verify(&dd, &dd::options(&config), dd::VERIFY_LIMIT, self.then(Event::verified));
                }
                None => self.dispatch(Event::Verified(Err(dd::DdError::Missing("dd")))),
            },
            Command::AskCode(request) => match dd::find() {
                Some(dd) => dd::request_code(&dd, &request, dd::CODE_LIMIT, self.then(Event::code)),
                None => self.dispatch(Event::Code(Err(dd::DdError::Missing("dd")))),
            },
            Command::Pause(seconds) => {
                let paused = self.then(|()| Event::Paused);
                js::after(seconds * 1000 + browser::apart(), Box::new(move || paused(())));
            }
            Command::ReloadOnce if !browser::reload_marked() => self.dispatch(Event::ReloadBlocked),
            Command::Reload => {
                browser::clear_mark();
                browser::reload();
            }
            Command::Leave(target) => {
                browser::clear_mark();
                browser::leave(&target);
            }
            Command::Greet => browser::clear_mark(),
            Command::ReloadOnce | Command::Nothing => {}
        }
    }
}
