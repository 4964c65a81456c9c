//! One suite, and what its customers granted it.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;

use super::{Kind, customer_number};
use crate::push::Sent;
use crate::random;

#[derive(Default)]
pub struct Suite {
    pub name: String,
    pub key: String,
    pub secret: String,
    pub callback_token: String,
    pub callback_aes_key: String,
    pub window: Option<SuiteApp>,
    pub micro_app: Option<SuiteApp>,
    pub callback_url: Option<String>,
    /// The newest; the ones before it are good for nothing.
    pub ticket: Option<String>,
    /// Temporary authorisation codes that were not traded yet, and whose they are.
    pub(super) tmp_codes: HashMap<String, String>,
    pub(super) authorisations: BTreeMap<String, Authorisation>,
    /// The last push of each event, and which event that was.
    pub sent: HashMap<String, Sent>,
    pub last_sent: Option<String>,
    /// In every `subscribe_id` of its SyncHTTP pushes.
    pub suite_id: u64,
    /// How many items it has pushed so.
    pub items: u64,
    /// SyncHTTP pushes that were not answered as they should be, and so are pushed again.
    pub unacknowledged: Vec<Value>,
}

/// An application of a suite. Each customer has it under an agentid of its own.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SuiteApp {
    pub app_id: u64,
    pub name: &'static str,
    /// The agentid in `dingcust1` is the next number, that in `dingcust2` the one after it.
    pub(super) agent_ids_after: u64,
}

impl SuiteApp {
    pub fn agent_id(&self, customer_number: u64) -> u64 {
        self.agent_ids_after + customer_number
    }
}

/// What one enterprise granted.
#[derive(Clone)]
pub struct Authorisation {
    pub permanent_code: String,
    /// Only where the suite has a service window.
    pub channel_code: Option<String>,
    /// Whether the codes above were fetched: before that no suite can know them.
    pub traded: bool,
    pub activated: bool,
    pub window: bool,
    pub micro_app: bool,
    /// Those that the enterprise has switched off without taking them out of what it authorised.
    pub stopped: Vec<Kind>,
}

impl Authorisation {
    pub fn includes(&self, kind: Kind) -> bool {
        match kind {
            Kind::Window => self.window,
            Kind::MicroApp => self.micro_app,
        }
    }
}

/// The enterprise has not authorised the suite, or no longer.
#[derive(Debug)]
pub struct NotAuthorised;

impl Suite {
    pub fn app(&self, kind: Kind) -> Option<&SuiteApp> {
        match kind {
            Kind::Window => self.window.as_ref(),
            Kind::MicroApp => self.micro_app.as_ref(),
        }
    }

    /// The agentids that this suite's applications have with a customer, window first.
    pub fn agent_ids(&self, corp_id: &str, customers: usize) -> impl Iterator<Item = u64> {
        let number = customer_number(corp_id, customers);
        let apps = [self.window.as_ref(), self.micro_app.as_ref()].into_iter().flatten();
        apps.filter_map(move |app| Some(app.agent_id(number?)))
    }

    /// The applications that this enterprise authorised: of this kind there is one or none.
    pub fn granted(&self, corp_id: &str, kind: Kind) -> Option<&SuiteApp> {
        self.app(kind).filter(|_| self.authorisation(corp_id).is_some_and(|given| given.includes(kind)))
    }

    pub fn new_ticket(&mut self) -> String {
        let ticket = random::alphanumeric(64);
        self.ticket = Some(ticket.clone());
        ticket
    }

    pub fn authorisation(&self, corp_id: &str) -> Option<&Authorisation> {
        self.authorisations.get(corp_id)
    }

    pub fn authorisation_mut(&mut self, corp_id: &str) -> Option<&mut Authorisation> {
        self.authorisations.get_mut(corp_id)
    }

    /// The temporary code that stands for it. Authorised once more, an enterprise keeps its permanent codes.
    pub fn authorise(&mut self, corp_id: &str) -> String {
        let has_window = self.window.is_some();
        self.authorisations.entry(corp_id.to_owned()).or_insert_with(|| Authorisation {
            permanent_code: random::alphanumeric(64),
            channel_code: has_window.then(|| random::alphanumeric(64)),
            traded: false,
            activated: false,
            window: has_window,
            micro_app: self.micro_app.is_some(),
            stopped: Vec::new(),
        });
        let code = random::hex32();
        self.tmp_codes.insert(code.clone(), corp_id.to_owned());
        code
    }

    /// The same where DingTalk pushes the codes themselves: nothing is left to trade, and nothing to activate.
    pub fn authorise_at_once(&mut self, corp_id: &str) -> Option<&mut Authorisation> {
        let code = self.authorise(corp_id);
        self.trade(&code)?;
        let given = self.authorisations.get_mut(corp_id)?;
        given.activated = true;
        given.stopped.clear();
        Some(given)
    }

    /// Trades a temporary code, once, for the enterprise that it stands for.
    pub fn trade(&mut self, tmp_code: &str) -> Option<(String, Authorisation)> {
        let corp_id = self.tmp_codes.remove(tmp_code)?;
        let given = self.authorisations.get_mut(&corp_id)?;
        given.traded = true;
        Some((corp_id, given.clone()))
    }

    /// Ends an authorisation with all that came of it here; tokens and tickets are the world's to forget.
    pub fn relieve(&mut self, corp_id: &str) -> Result<(), NotAuthorised> {
        self.authorisations.remove(corp_id).ok_or(NotAuthorised)?;
        self.tmp_codes.retain(|_, of| of != corp_id);
        Ok(())
    }

    /// Whose permanent code this is, of either kind.
    pub fn owner_of(&self, code: &str) -> Option<&str> {
        let has_it = |given: &Authorisation| {
            given.traded && (given.permanent_code == code || given.channel_code.as_deref() == Some(code))
        };
        self.authorisations.iter().find(|(_, given)| has_it(given)).map(|(corp_id, _)| corp_id.as_str())
    }
}
