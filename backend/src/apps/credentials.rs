//! The kinds of application and what each needs to speak to its platform.

use super::Suite;
use crate::secret::Secret;
use miandeng_shared::AppKind;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What an application proves itself with. The kinds share nothing, so a secret cannot end up in the other's place.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Credentials {
    /// The classic 服务窗.
    Channel {
        channel_secret: Secret,
        /// With it, unionid becomes userid.
        #[serde(skip_serializing_if = "Option::is_none")]
        corp_secret: Option<Secret>,
        /// The AppKey of an application of the same corporation; `corp_secret` is then its AppSecret. Enterprises of
        /// today have no CorpSecret any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        corp_app_key: Option<String>,
    },
    /// Today's 服务窗, an H5 app in the window's virtual organisation, and the employee micro-app.
    H5 { client_id: String, client_secret: Secret },
    /// A self-built application of 企业微信.
    WeCom {
        secret: Secret,
        audience: Audience,
        /// Asks for each member whether the application is visible to them, with one more call.
        visible_only: bool,
        /// Ordinary browsers get WeCom's web login.
        web_login: bool,
    },
    /// Either kind, as an application of an ISV's suite. It is granted by a corporation and never configured.
    #[serde(skip)]
    Suite(SuiteGrant),
}

/// Whom a WeCom application is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    #[default]
    Members,
    /// And members.
    Customers,
    Anyone,
}

/// What a corporation granted a suite.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteGrant {
    pub kind: AppKind,
    pub suite: Arc<Suite>,
    pub permanent_code: Secret,
    /// Only where the suite has a service window.
    pub ch_permanent_code: Option<Secret>,
}

impl Credentials {
    pub fn kind(&self) -> AppKind {
        match self {
            Credentials::Channel { .. } => AppKind::Channel,
            Credentials::H5 { .. } => AppKind::H5,
            Credentials::WeCom { .. } => AppKind::Wecom,
            Credentials::Suite(granted) => granted.kind,
        }
    }

    /// The client id that a page names beside the corporation; a classic service window has none.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Credentials::Channel { .. } | Credentials::WeCom { .. } => None,
            Credentials::H5 { client_id, .. } => Some(client_id),
            // Inferred: the developer console shows a suite's key where other applications have their client id.
            Credentials::Suite(granted) => {
                (granted.kind == AppKind::H5).then_some(granted.suite.suite_key.as_str())
            }
        }
    }

    /// The key of the suite that brought this application, if one did.
    pub fn suite_key(&self) -> Option<&str> {
        match self {
            Credentials::Suite(granted) => Some(&granted.suite.suite_key),
            Credentials::Channel { .. } | Credentials::H5 { .. } | Credentials::WeCom { .. } => None,
        }
    }

    /// Whether userids that differ in their case only are one person's: WeCom says so of its own.
    pub fn ignores_case(&self) -> bool {
        matches!(self, Credentials::WeCom { .. })
    }
}
