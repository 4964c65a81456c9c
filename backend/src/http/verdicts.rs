//! What `/auth` decided lately of the sessions that a guard and the login may disagree on.

use crate::recent::memory;
use crate::session::Session;
use moka::sync::Cache;
use std::time::Duration;

/// As long as rounds between the login and a guard are counted.
pub const WINDOW: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub enum Verdict {
    /// The guard lets the session through.
    Allowed,
    /// `/auth` was asked about another application, `corpId/agentId`; None where the question was not valid.
    Refused(Option<String>),
}

/// The last verdict of `/auth` on each session, by its id.
pub struct Verdicts(Cache<String, Verdict>);

impl Default for Verdicts {
    fn default() -> Self {
        Self(memory(WINDOW))
    }
}

impl Verdicts {
    pub fn note(&self, session: &Session, verdict: Verdict) {
        self.0.insert(session.id().to_owned(), verdict);
    }

    pub fn of(&self, session: &Session) -> Option<Verdict> {
        self.0.get(session.id())
    }
}
