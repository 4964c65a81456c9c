//! What one corporation granted a suite.

use super::fields::Fields;
use crate::apps::Suite;
use crate::secret::Secret;
use miandeng_shared::{AgentId, AppKind, CorpId};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A corporation of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstallationId {
    pub suite_key: String,
    pub corp: CorpId,
}

impl InstallationId {
    pub fn new(suite: &Suite, corp: &CorpId) -> Self {
        Self { suite_key: suite.suite_key.clone(), corp: corp.clone() }
    }

    pub(super) fn codes_key(&self) -> String {
        format!("suite_codes:{}:{}", self.suite_key, self.corp)
    }

    pub(super) fn apps_key(&self) -> String {
        format!("suite_apps:{}:{}", self.suite_key, self.corp)
    }

    pub(super) fn stop_key(&self, agent: &AgentId) -> String {
        format!("suite_stopped:{}:{}:{agent}", self.suite_key, self.corp)
    }
}

/// Permanent codes, and the applications they are good for.
#[derive(Debug, Clone)]
pub struct Installation {
    pub codes: PermanentCodes,
    /// `None` until DingTalk has told.
    pub apps: Option<AllowedApps>,
    /// Those of them that the corporation has switched off.
    pub stopped: Vec<AgentId>,
    /// What an earlier authorisation allowed, where nothing is known yet of this one.
    pub before: Vec<AgentId>,
}

impl Installation {
    /// The applications whose sessions there may be.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentId> {
        self.apps.as_ref().map_or_else(|| self.before.clone(), AllowedApps::all)
    }

    /// What `agent` is, if it may be used.
    #[must_use]
    pub fn kind(&self, agent: &AgentId) -> Option<AppKind> {
        self.apps.as_ref()?.kind(agent).filter(|_| !self.stopped.contains(agent))
    }
}

/// The permanent codes of one authorisation.
#[derive(Debug, Clone, PartialEq)]
pub struct PermanentCodes {
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
pub struct AllowedApps {
    pub windows: Vec<AgentId>,
    pub micro_apps: Vec<AgentId>,
    /// [`PermanentCodes::since_ms`] of the authorisation that it belongs to.
    pub since_ms: u64,
    /// When DingTalk told, in milliseconds since 1970.
    pub read_ms: u64,
    /// Whether they were switched on; DingTalk wants to be told once.
    pub activated: bool,
}

impl AllowedApps {
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

impl PermanentCodes {
    /// As the store has them; a [`Secret`] would print itself as a mask.
    pub(super) fn stored(&self) -> Secret {
        let Self { permanent_code, ch_permanent_code, redeemed, since_ms } = self;
        let stored = json!({
            "permanent_code": permanent_code.expose(),
            "ch_permanent_code": ch_permanent_code.as_ref().map(Secret::expose),
            "redeemed": redeemed,
            "since_ms": since_ms,
        });
        Secret::new(stored.to_string())
    }

    pub(super) fn read(stored: &Secret) -> Option<Self> {
        let fields = Fields::parse(stored.expose())?;
        Some(Self {
            permanent_code: Secret::new(fields.text("permanentcode")?),
            ch_permanent_code: fields.text("chpermanentcode").map(Secret::new),
            redeemed: fields.text("redeemed").unwrap_or_default(),
            since_ms: fields.number("sincems")?,
        })
    }
}
