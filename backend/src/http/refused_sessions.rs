//! The sessions that `/auth` refused lately.

use crate::recent::memory;
use crate::session::Session;
use miandeng_shared::{AgentId, CorpId};
use moka::sync::Cache;
use std::time::Duration;

/// As long as rounds between the login and a guard are counted.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Sessions that `/auth` refused lately, with the application that it was asked about, `corpId/agentId`; None where the
/// question was not valid.
pub struct RefusedSessions(Cache<String, Option<String>>);

impl Default for RefusedSessions {
    fn default() -> Self {
        Self(memory(WINDOW))
    }
}

impl RefusedSessions {
    pub fn note(&self, session: &Session, asked: Option<&(CorpId, AgentId)>) {
        self.0.insert(session.id().to_owned(), asked.map(|(corp, agent)| format!("{corp}/{agent}")));
    }

    /// What `/auth` was asked about when it refused `session`.
    pub fn asked(&self, session: &Session) -> Option<Option<String>> {
        self.0.get(session.id())
    }
}
