//! An application of a corporation.

use super::{Brand, Credentials, Jsapi, SuiteGrant};
use miandeng_shared::{AppId, User};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// One application of one corporation.
#[derive(Debug, Clone, Serialize)]
pub struct App {
    #[serde(flatten)]
    pub id: AppId,
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
    pub fn of_suite(id: AppId, granted: SuiteGrant) -> Self {
        let (suite, credentials) = (Arc::clone(&granted.suite), Credentials::Suite(granted));
        let jsapi = Jsapi::of(credentials.kind());
        App {
            tag: tag(&id),
            id,
            jsapi: jsapi.map(|jsapi| jsapi.at_url(suite.jsapi_url.clone())),
            home: suite.home.clone(),
            default: false,
            brand: suite.brand.clone(),
            credentials,
        }
    }

    /// A person who logs in to this application, and of whom nothing is known yet.
    pub fn anonymous(&self) -> User {
        User::new(self.id.clone())
    }

    /// Whether a page cannot log people in without a signature.
    pub fn signs_login(&self) -> bool {
        self.jsapi.as_ref().is_some_and(|jsapi| jsapi.signs_login)
    }
}

/// Twelve hexadecimal digits for an application in the names of its cookies, so that no two applications of one host take
/// them from each other.
pub fn tag(app: &AppId) -> String {
    let digest = Sha256::new().chain_update(app.corp_id.as_str()).chain_update("/");
    hex::encode(digest.chain_update(app.agent_id.as_str()).finalize().get(..6).unwrap_or_default())
}
