//! What one corporation granted a suite.

use crate::config::Secret;
use miandeng_shared::{AgentId, AppKind};
use serde::{Deserialize, Serialize};

/// Permanent codes, and the applications they are good for.
#[derive(Debug, Clone)]
pub struct Grant {
    pub codes: Codes,
    /// `None` until DingTalk has told.
    pub apps: Option<Apps>,
    /// Those of them that the corporation has switched off.
    pub stopped: Vec<AgentId>,
    /// What an earlier authorisation allowed, where nothing is known yet of this one.
    pub before: Vec<AgentId>,
}

impl Grant {
    /// The applications whose sessions there may be.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentId> {
        self.apps.as_ref().map_or_else(|| self.before.clone(), Apps::all)
    }

    /// What `agent` is, if it may be used.
    #[must_use]
    pub fn kind(&self, agent: &AgentId) -> Option<AppKind> {
        self.apps.as_ref()?.kind(agent).filter(|_| !self.stopped.contains(agent))
    }
}

/// The permanent codes of one authorisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    pub permanent_code: Secret,
    /// Only where the suite has a service window.
    pub ch_permanent_code: Option<Secret>,
    /// Digest of the temporary code that was exchanged, so that its second push is known.
    pub redeemed: String,
    /// When the corporation authorised the suite, in milliseconds since 1970.
    pub since_ms: u64,
}

/// Which agent ids are what. DingTalk calls a micro-app an agent and a service window a channel agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Apps {
    pub windows: Vec<AgentId>,
    pub micro_apps: Vec<AgentId>,
    /// [`Codes::since_ms`] of the authorisation that it belongs to.
    pub since_ms: u64,
    /// When DingTalk told, in milliseconds since 1970.
    pub read_ms: u64,
    /// Whether they were switched on; DingTalk wants to be told once.
    pub activated: bool,
}

impl Apps {
    #[must_use]
    pub fn all(&self) -> Vec<AgentId> {
        self.windows.iter().chain(&self.micro_apps).cloned().collect()
    }

    /// What `agent` is: a window where both lists have it.
    #[must_use]
    pub fn kind(&self, agent: &AgentId) -> Option<AppKind> {
        if self.windows.contains(agent) {
            Some(AppKind::Channel)
        } else {
            self.micro_apps.contains(agent).then_some(AppKind::H5)
        }
    }
}

/// [`Codes`] as the store has them: a [`Secret`] would print itself as a mask.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredCodes {
    permanent_code: String,
    ch_permanent_code: Option<String>,
    redeemed: String,
    since_ms: u64,
}

impl From<&Codes> for StoredCodes {
    fn from(codes: &Codes) -> Self {
        Self {
            permanent_code: codes.permanent_code.expose().to_owned(),
            ch_permanent_code: codes.ch_permanent_code.as_ref().map(|code| code.expose().to_owned()),
            redeemed: codes.redeemed.clone(),
            since_ms: codes.since_ms,
        }
    }
}

impl From<StoredCodes> for Codes {
    fn from(stored: StoredCodes) -> Self {
        Self {
            permanent_code: Secret::new(stored.permanent_code),
            ch_permanent_code: stored.ch_permanent_code.map(Secret::new),
            redeemed: stored.redeemed,
            since_ms: stored.since_ms,
        }
    }
}
