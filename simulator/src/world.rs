//! Everything the simulator knows, behind one lock.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::Options;
use crate::call::{Call, text};
use crate::clock::Clock;
use crate::codes::Codes;
use crate::control::Problem;
use crate::faults::{Fault, Faults};
use crate::journal::Journal;
use crate::push;
use crate::seed::{self, App, Corp};
use crate::settings::Settings;
use crate::suites::{self, NotAuthorised, Suite, customer_number};
use crate::tickets::Tickets;
use crate::tokens::{Holder, Tokens};
use crate::verified_pages::VerifiedPages;
use crate::wecom::{self, WeCom};

pub struct Simulator {
    pub options: Options,
    /// What pushes go out with.
    pub http: reqwest::Client,
    world: Mutex<World>,
    /// Says that something changed, not what: a listener looks for itself, and so cannot fall behind.
    changed: watch::Sender<()>,
}

impl Simulator {
    pub fn new(options: Options, origin: String) -> anyhow::Result<Self> {
        let world = Mutex::new(World::new(&options, origin));
        Ok(Self { options, http: push::client()?, world, changed: watch::Sender::default() })
    }

    pub fn announce(&self) {
        self.changed.send_replace(());
    }

    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Nothing waits while it holds this, so a lock of the standard library does.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Back to the first moment.
    pub fn reset(&self) {
        let mut world = self.world();
        let (origin, mut journal) = (world.origin.clone(), take(&mut world.journal));
        // Emptied rather than new, so that its numbers go on and listeners hear of it.
        journal.clear();
        *world = World { journal, ..World::new(&self.options, origin) };
    }
}

pub struct World {
    /// Where this simulator can be reached, such as `http://127.0.0.1:8090`.
    pub origin: String,
    pub corps: Vec<Corp>,
    pub apps: Vec<App>,
    pub suites: Vec<Suite>,
    /// How many enterprises can authorise a suite.
    pub customers: usize,
    pub settings: Settings,
    pub clock: Clock,
    pub tokens: Tokens,
    pub tickets: Tickets,
    pub codes: Codes,
    pub verified_pages: VerifiedPages,
    pub faults: Faults,
    pub journal: Journal,
    pub wecom: WeCom,
}

impl World {
    fn new(options: &Options, origin: String) -> Self {
        let mut suites = suites::suites();
        if let Some(first) = suites.first_mut() {
            first.callback_url.clone_from(&options.suite_callback);
        }
        Self {
            origin,
            suites,
            customers: options.corps,
            corps: seed::corps(options.corps),
            apps: seed::apps(options.corps),
            settings: options.settings.clone(),
            clock: Clock::default(),
            tokens: Tokens::default(),
            tickets: Tickets::default(),
            codes: Codes::default(),
            verified_pages: VerifiedPages::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            wecom: WeCom::new(options),
        }
    }

    pub fn add_fault(&mut self, mut fault: Fault) -> Result<(), Problem> {
        fault.word(&self.wecom.settings, &self.clock)?;
        fault.validate()?;
        self.faults.add(fault)
    }

    pub fn corp(&self, corp_id: &str) -> Option<&Corp> {
        self.corps.iter().find(|corp| corp.corp_id == corp_id)
    }

    /// The H5 app of a virtual organisation.
    pub fn app(&self, corp_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.corp_id == corp_id)
    }

    /// The suite with this key.
    pub fn suite(&self, key: &str) -> Option<&Suite> {
        self.suites.iter().find(|suite| suite.key == key)
    }

    pub fn suite_mut(&mut self, key: &str) -> Option<&mut Suite> {
        self.suites.iter_mut().find(|suite| suite.key == key)
    }

    /// Whether this id may have tokens: an enterprise, or a suite by its key.
    pub fn knows(&self, id: &str) -> bool {
        let customer = || customer_number(id, self.customers).is_some();
        let here = || self.app(id).is_some() || self.suite(id).is_some() || id == wecom::CORP_ID;
        self.corp(id).is_some() || here() || customer()
    }

    /// Ends what this enterprise granted a suite, with its codes, tokens and tickets.
    pub fn relieve(&mut self, suite_name: &str, corp_id: &str) -> Result<(), NotAuthorised> {
        let suite = self.suites.iter_mut().find(|suite| suite.name == suite_name).ok_or(NotAuthorised)?;
        suite.relieve(corp_id)?;
        let gone = Holder::customer(&suite.key, corp_id);
        self.tokens.forget(|holder| *holder == gone);
        self.tickets.forget(|holder| *holder == gone);
        Ok(())
    }

    /// The enterprise that a call is about: named in it, or the owner of its token.
    pub fn corp_of(&self, call: &Call) -> Option<String> {
        let of_config = || text(&call.body.get("params")?["corpId"]);
        let named = call.query.get("corpid").or_else(|| call.query.get("appid")).map(str::to_owned);
        let customer = || call.body_text("auth_corpid").or_else(|| call.body_text("authCorpId"));
        let named = named.or_else(|| call.body_text("corpId")).or_else(of_config).or_else(customer);
        let of_suite = || call.query.get("suite_access_token");
        let token = call.query.get("access_token").or(call.header_token.as_deref()).or_else(of_suite);
        let owner = || {
            let of_wecom = |token| self.wecom.tokens.knows(token).then_some(wecom::CORP_ID);
            token.and_then(|token| self.tokens.owner(token).or_else(|| of_wecom(token))).map(str::to_owned)
        };
        let client = || {
            let key = call.body_text("appKey")?;
            self.apps.iter().find(|app| app.client_id == key).map(|app| app.corp_id.clone())
        };
        named.or_else(owner).or_else(client)
    }
}
