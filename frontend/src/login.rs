//! Carries out what the flow decides. Knows nothing of the view: it calls back with every new stage.

use crate::{
    api::Api,
    dd,
    failure::Failure,
    flow::{Command, Event, Facts, Flow},
    page,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::Math;
use miandeng_shared::{AgentId, CorpId};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_futures::spawn_local;

/// One login, from the first question to the greeting or the failure.
pub struct Login {
    api: Api,
    corp_id: CorpId,
    agent_id: AgentId,
    flow: RefCell<Flow>,
    show: Box<dyn Fn(&Flow)>,
}

impl Login {
    /// Starts the login; `show` is called with every new stage.
    ///
    /// # Errors
    /// An address that does not name the application.
    pub fn start(api: Api, facts: Facts, show: impl Fn(&Flow) + 'static) -> Result<Rc<Self>, Box<Failure>> {
        let (flow, command) = Flow::new(facts)?;
        let (corp_id, agent_id) = flow.app();
        let login = Rc::new(Self { api, corp_id, agent_id, flow: RefCell::new(flow), show: Box::new(show) });
        (login.show)(&login.flow.borrow());
        login.clone().carry_on(command);
        Ok(login)
    }

    /// The person tapped something. Whatever it was, it is a new first try.
    pub fn tell(self: &Rc<Self>, event: Event) {
        page::clear_mark();
        let command = self.step(event);
        self.clone().carry_on(command);
    }

    fn step(&self, event: Event) -> Command {
        let command = {
            let mut flow = self.flow.borrow_mut();
            flow.tick(page::age() / 1000);
            flow.step(event)
        };
        (self.show)(&self.flow.borrow());
        command
    }

    fn carry_on(self: Rc<Self>, mut command: Command) {
        spawn_local(async move {
            while let Some(event) = self.perform(command).await {
                command = self.step(event);
            }
        });
    }

    /// None where nothing more comes by itself.
    async fn perform(&self, command: Command) -> Option<Event> {
        Some(match command {
            Command::AskSession => Event::Session(self.api.session(&self.corp_id, &self.agent_id).await),
            Command::AskApp => Event::Config(self.api.app(&self.corp_id, &self.agent_id).await),
            Command::AskConfig { url } => {
                Event::Config(self.api.config(&self.corp_id, &self.agent_id, &url).await)
            }
            Command::LoadSdk { url } => Event::Loaded(dd::load(&url, dd::LOAD_LIMIT).await.map(drop)),
            Command::Verify(config) => Event::Verified(match dd::find() {
                Some(dd) => dd::verify(&dd, &config, dd::VERIFY_LIMIT).await,
                None => Err(dd::DdError::Missing("dd")),
            }),
            Command::AskCode(request) => Event::Code(match dd::find() {
                Some(dd) => dd::request_code(&dd, &request, dd::CODE_LIMIT).await,
                None => Err(dd::DdError::Missing("dd")),
            }),
            Command::Report(report) => {
                // The server logs it; that the report itself may fail changes nothing for the person.
                let _ = self.api.report(&report).await;
                Event::Reported
            }
            Command::Login(request) => Event::Login(self.api.login(&request).await),
            Command::Pause(seconds) => {
                // Pages that failed together do not come back together.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let apart = (Math::random() * 300.0) as u32;
                TimeoutFuture::new(seconds * 1000 + apart).await;
                Event::Paused
            }
            Command::EndSession => Event::Ended(self.api.end_session(&self.corp_id, &self.agent_id).await),
            Command::ReloadOnce if !page::reload_marked() => Event::ReloadBlocked,
            Command::ReloadOnce | Command::Nothing => return None,
            Command::Reload => {
                page::clear_mark();
                page::reload();
                return None;
            }
            Command::Leave(target) => {
                page::clear_mark();
                page::leave(&target);
                return None;
            }
            Command::Greet => {
                page::clear_mark();
                return None;
            }
        })
    }
}
