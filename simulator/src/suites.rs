//! ISV suites: what they are made of, and which enterprises authorised them.

mod seed;
mod state;

pub use seed::suites;
pub use state::{Authorisation, NotAuthorised, Suite, SuiteApp};

use crate::tokens::{Family, Holder};
use crate::world::World;

/// The customers of every suite: `dingcust1` … `dingcustN`.
const CUSTOMER: &str = "dingcust";

/// Which of `dingcust1` … `dingcustN` this is.
pub fn customer_number(corp_id: &str, count: usize) -> Option<u64> {
    let digits = corp_id.strip_prefix(CUSTOMER)?;
    let number = digits.parse().ok().filter(|number| (1..=count).contains(number))?;
    // Neither 01 nor +1.
    (number.to_string() == digits).then(|| u64::try_from(number).ok()).flatten()
}

pub fn customers(count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("{CUSTOMER}{number}"))
}

/// Two kinds of application that a suite may have in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Window,
    MicroApp,
}

impl Kind {
    pub fn family(self) -> Family {
        match self {
            Self::Window => Family::Channel,
            Self::MicroApp => Family::Corp,
        }
    }
}

/// What became of an application of a customer that a person wants to use.
pub enum Found {
    Usable(Holder),
    /// It exists, and the enterprise has not authorised its suite, or the suite was not activated.
    NotAuthorised,
    /// The enterprise took this one out of what it authorised, or switched it off.
    Stopped,
    Unknown,
}

/// The application with this agentid.
pub fn application(world: &World, corp_id: &str, kind: Kind, agent_id: &str) -> Found {
    let Some(number) = customer_number(corp_id, world.customers) else { return Found::Unknown };
    let has_it =
        |suite: &&Suite| suite.app(kind).is_some_and(|app| app.agent_id(number).to_string() == agent_id);
    let Some(suite) = world.suites.iter().find(has_it) else { return Found::Unknown };
    match suite.authorisation(corp_id).filter(|given| given.activated) {
        None => Found::NotAuthorised,
        Some(given) if !given.includes(kind) || given.stopped.contains(&kind) => Found::Stopped,
        Some(_) => Found::Usable(Holder::customer(&suite.key, corp_id)),
    }
}

/// Whether a page of a suite's micro-app may ask for a login code; `client_id` is a suite key where the page names one.
pub fn micro_app_in_use(world: &World, corp_id: &str, client_id: Option<&str>) -> bool {
    let named = |suite: &&Suite| client_id.is_none_or(|key| key == suite.key);
    world.suites.iter().filter(named).any(|suite| {
        let given = suite.authorisation(corp_id);
        let usable = |given: &Authorisation| {
            given.activated && given.micro_app && !given.stopped.contains(&Kind::MicroApp)
        };
        suite.micro_app.is_some() && given.is_some_and(usable)
    })
}
