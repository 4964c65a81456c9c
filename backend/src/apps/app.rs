//! An application of a corporation.

use super::{Brand, Credentials, Granted, Jsapi};
use miandeng_shared::{AgentId, CorpId, User};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// One application of one corporation.
#[derive(Debug, Clone, Serialize)]
pub struct App {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    /// [`tag`], made once.
    #[serde(skip)]
    pub tag: String,
    #[serde(flatten)]
    pub credentials: Credentials,
    /// None where people are redirected instead.
    #[serde(flatten)]
    pub jsapi: Option<Jsapi>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    pub default: bool,
    #[serde(flatten)]
    pub brand: Brand,
}

impl App {
    /// An application that a corporation granted a suite: the suite's looks, and the defaults of its kind.
    #[must_use]
    pub fn of_suite(corp_id: CorpId, agent_id: AgentId, granted: Granted) -> Self {
        let (suite, credentials) = (Arc::clone(&granted.suite), Credentials::Suite(granted));
        let jsapi = Jsapi::of(credentials.kind());
        App {
            tag: tag(&corp_id, &agent_id),
            corp_id,
            agent_id,
            jsapi: jsapi.map(|jsapi| jsapi.at_url(suite.jsapi_url.clone())),
            home: suite.home.clone(),
            default: false,
            brand: suite.brand.clone(),
            credentials,
        }
    }

    /// A person who logs in to this application, and of whom nothing is known yet.
    pub fn anonymous(&self) -> User {
        User::new(self.corp_id.clone(), self.agent_id.clone())
    }

    /// Whether a page cannot log people in without a signature.
    pub fn signs_login(&self) -> bool {
        self.jsapi.as_ref().is_some_and(|jsapi| jsapi.signs_login)
    }

    /// `corpId/agentId`, as messages, logs and tokens name an application.
    pub fn name(&self) -> String {
        format!("{}/{}", self.corp_id, self.agent_id)
    }
}

/// Twelve hexadecimal digits for an application in the names of its cookies, so that no two applications of one host take
/// them from each other.
pub fn tag(corp_id: &CorpId, agent_id: &AgentId) -> String {
    let digest = Sha256::new().chain_update(corp_id.as_str()).chain_update("/");
    hex::encode(digest.chain_update(agent_id.as_str()).finalize().get(..6).unwrap_or_default())
}
