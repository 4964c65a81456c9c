//! An application of a corporation.

use super::{Brand, Credentials, Granted};
use miandeng_shared::{AgentId, CorpId, User};
use serde::Serialize;
use std::str::FromStr;
use std::sync::Arc;

/// The hash of the page's signature. Everything ever written for service windows uses SHA-1; DingTalk's samples for
/// micro-apps have used SHA-256 since 2022, and which of the two a channel ticket accepts today is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignAlg {
    Sha1,
    Sha256,
}

impl FromStr for SignAlg {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        match s {
            "sha1" => Ok(SignAlg::Sha1),
            "sha256" => Ok(SignAlg::Sha256),
            _ => Err(()),
        }
    }
}

/// One application of one corporation.
#[derive(Debug, Clone, Serialize)]
pub struct App {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    #[serde(flatten)]
    pub credentials: Credentials,
    /// None where people are redirected instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jsapi_url: Option<String>,
    /// Tried where the first does not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jsapi_fallback_url: Option<String>,
    pub sign_alg: SignAlg,
    /// Whether a `+` in the query is signed as a space. DingTalk's Java sample does so and its Node sample does not.
    pub sign_plus_as_space: bool,
    pub js_api_list: Vec<String>,
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
        let defaults = credentials.defaults();
        App {
            corp_id,
            agent_id,
            jsapi_url: suite.jsapi_url.clone().or_else(|| defaults.jsapi_url.map(str::to_owned)),
            jsapi_fallback_url: None,
            sign_alg: SignAlg::Sha1,
            sign_plus_as_space: false,
            js_api_list: defaults.js_api_list.iter().map(ToString::to_string).collect(),
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

    /// `corpId/agentId`, as messages, logs and tokens name an application.
    pub fn name(&self) -> String {
        format!("{}/{}", self.corp_id, self.agent_id)
    }
}
