//! Everything the simulator knows, behind one lock.

use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::Options;
use crate::call::{Call, text};
use crate::clock::Clock;
use crate::codes::Codes;
use crate::faults::Faults;
use crate::grants::Grants;
use crate::journal::Journal;
use crate::seed::{self, App, Corp};
use crate::settings::Settings;
use crate::tickets::Tickets;
use crate::tokens::Tokens;

pub struct Simulator {
    pub options: Options,
    world: Mutex<World>,
    /// Says that something changed, not what: whoever watches looks for itself, and so cannot fall behind.
    changed: watch::Sender<()>,
}

impl Simulator {
    pub fn new(options: Options, origin: String) -> Self {
        let world = Mutex::new(World::new(&options, origin));
        Self { options, world, changed: watch::Sender::default() }
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
        // Emptied rather than new, so that its numbers go on and whoever watches hears of it.
        journal.clear();
        *world = World { journal, ..World::new(&self.options, origin) };
    }
}

pub struct World {
    /// Where this simulator can be reached, such as `http://127.0.0.1:8090`.
    pub origin: String,
    pub corps: Vec<Corp>,
    pub apps: Vec<App>,
    pub settings: Settings,
    pub clock: Clock,
    pub tokens: Tokens,
    pub tickets: Tickets,
    pub codes: Codes,
    pub grants: Grants,
    pub faults: Faults,
    pub journal: Journal,
}

impl World {
    fn new(options: &Options, origin: String) -> Self {
        Self {
            origin,
            corps: seed::corps(options.corps),
            apps: seed::apps(options.corps),
            settings: options.settings.clone(),
            clock: Clock::default(),
            tokens: Tokens::default(),
            tickets: Tickets::default(),
            codes: Codes::default(),
            grants: Grants::default(),
            faults: Faults::default(),
            journal: Journal::default(),
        }
    }

    pub fn corp(&self, corp_id: &str) -> Option<&Corp> {
        self.corps.iter().find(|corp| corp.corp_id == corp_id)
    }

    /// The H5 app of a virtual organisation.
    pub fn app(&self, corp_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.corp_id == corp_id)
    }

    /// The enterprise that a call is about: named in it, or the owner of its token.
    pub fn corp_of(&self, call: &Call) -> Option<String> {
        let of_config = || text(&call.body.get("params")?["corpId"]);
        let named = call.query.get("corpid").map(str::to_owned);
        let named = named.or_else(|| call.body_text("corpId")).or_else(of_config);
        let token = call.query.get("access_token").or(call.header_token.as_deref());
        let owner = || token.and_then(|token| self.tokens.owner(token)).map(str::to_owned);
        let client = || {
            let key = call.body_text("appKey")?;
            self.apps.iter().find(|app| app.client_id == key).map(|app| app.corp_id.clone())
        };
        named.or_else(owner).or_else(client)
    }
}
