//! Requests and answers. Field names are camelCase, as `dd.config` spells them.

use crate::{
    AgentId, AppId, AuthCode, CorpId, ExternalUserId, Lang, OpenId, UnionId, UserId, str_ext::replaced,
};
use serde::{Deserialize, Serialize};

/// What an application is, and with it how people log in to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppKind {
    /// The classic 服务窗: channel secret, `dd.config` with type 1, `dd.channel.permission.requestAuthCode`.
    Channel,
    /// Today's 服务窗 (an H5 app in a virtual organisation) and the employee micro-app.
    H5,
    /// 企业微信 (WeCom): the server redirects, and the page is seen only where something is wrong.
    Wecom,
}

impl AppKind {
    /// The platform's name in texts for people.
    #[must_use]
    pub fn platform(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Channel | Self::H5, Lang::Zh) => "钉钉",
            (Self::Channel | Self::H5, Lang::En) => "DingTalk",
            (Self::Wecom, Lang::Zh) => "企业微信",
            (Self::Wecom, Lang::En) => "WeCom",
        }
    }

    /// A text of the catalogue, whose platform is DingTalk, about this platform.
    #[must_use]
    pub fn in_words(self, text: &str, lang: Lang) -> String {
        replaced(text, Self::H5.platform(lang), self.platform(lang))
    }
}

/// `GET /api/config`: what the page needs to know of the application, and what `dd.config` needs where it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigAnswer {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    pub kind: AppKind,
    /// Where the page loads DingTalk's JSAPI from.
    pub jsapi_url: String,
    /// Where else, if it does not come from there.
    #[serde(default)]
    pub jsapi_fallback_url: Option<String>,
    /// The application's client id; null for `channel`.
    pub client_id: Option<String>,
    /// Where this browser goes to log in, relative to the page: an address of `wecom`. Null where the page logs in by itself,
    /// and where this browser cannot.
    #[serde(default)]
    pub login_url: Option<String>,
    /// True on a simulator: any browser counts as DingTalk, and the page says that it is a demo.
    pub simulator: bool,
    pub js_api_list: Vec<String>,
    /// 1 for a service window, 0 for a micro-app.
    #[serde(rename = "type")]
    pub config_type: u8,
    /// Seconds since 1970, the very digits that were signed. Null with the next three where nothing was signed.
    pub time_stamp: Option<String>,
    pub nonce_str: Option<String>,
    pub signature: Option<String>,
    /// The URL that was signed, for comparison with the one DingTalk quotes when it refuses.
    pub url: Option<String>,
}

/// The signed part of a [`ConfigAnswer`], all or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignedConfig {
    pub time_stamp: String,
    pub nonce_str: String,
    pub signature: String,
    pub url: String,
}

impl ConfigAnswer {
    /// The signed fields, if the server signed.
    #[must_use]
    pub fn signed(&self) -> Option<SignedConfig> {
        Some(SignedConfig {
            time_stamp: self.time_stamp.clone()?,
            nonce_str: self.nonce_str.clone()?,
            signature: self.signature.clone()?,
            url: self.url.clone()?,
        })
    }
}

/// What the server knows of a visit, in the HTML of the page: a JSON block, so that the page asks for nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Visit {
    /// What `GET /api/config` answers, signed where a ticket is in memory. The page asks again where the address that was
    /// signed is not its own.
    pub config: ConfigAnswer,
    /// What `GET /api/session` answers; null where that is 401.
    pub session: Option<SessionAnswer>,
    /// The error in the address, with which a login by redirects has ended, in words.
    #[serde(default)]
    pub error: Option<ErrorBody>,
}

/// `POST /api/login`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginRequest {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    pub code: AuthCode,
    /// A path on this origin; anything else is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Who is logged in. Facts that DingTalk did not give are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    pub open_id: Option<OpenId>,
    pub union_id: Option<UnionId>,
    /// Null for a follower whom the corporation's directory does not know.
    pub user_id: Option<UserId>,
    /// Only of a WeCom customer.
    #[serde(default)]
    pub external_user_id: Option<ExternalUserId>,
    /// 0 an employee, 1 an external contact.
    pub contact_type: Option<u8>,
    pub nick: Option<String>,
    pub avatar: Option<String>,
}

impl User {
    /// A person who logs in to this application, and of whom nothing is known yet.
    #[must_use]
    pub fn new(AppId { corp_id, agent_id }: AppId) -> Self {
        Self {
            corp_id,
            agent_id,
            open_id: None,
            union_id: None,
            user_id: None,
            external_user_id: None,
            contact_type: None,
            nick: None,
            avatar: None,
        }
    }

    /// The application that the person is logged in to.
    #[must_use]
    pub fn app(&self) -> AppId {
        AppId::new(self.corp_id.clone(), self.agent_id.clone())
    }

    /// Whether that is `app`.
    #[must_use]
    pub fn is_of(&self, app: &AppId) -> bool {
        self.corp_id == app.corp_id && self.agent_id == app.agent_id
    }
}

/// The answer to a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginAnswer {
    pub user: User,
    /// RFC 3339.
    pub expires_at: String,
    /// Where to go now: the request's `next`, else the application's `home`, else null and the page greets.
    pub next: Option<String>,
    /// The application's `home`, the way on from a greeting.
    #[serde(default)]
    pub home: Option<String>,
}

/// `GET /api/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    pub user: User,
    /// RFC 3339.
    pub expires_at: String,
    /// The application's `home`, where a returning person without a `next` goes.
    pub home: Option<String>,
    /// True on a simulator: the page says that it is a demo.
    #[serde(default)]
    pub simulator: bool,
}

/// `POST /api/token`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenAnswer {
    /// The signed identity, a JWT.
    pub token: String,
    /// RFC 3339.
    pub expires_at: String,
}

/// `POST /api/report`: DingTalk refused the `dd.config` that carried this signature.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportRequest {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
    pub time_stamp: String,
    pub nonce_str: String,
    pub url: String,
    pub signature: String,
    /// The five-digit code of DingTalk's message where there is one, else its first words. Never the ticket list.
    pub error: String,
}

/// What the platform itself said, for the developer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamError {
    /// `errcode`, or the code of the new host, as text.
    pub code: String,
    pub sub_code: Option<String>,
    /// The platform's own diagnostic finds the call by it for seven days.
    pub request_id: Option<String>,
}

/// The inside of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// An [`ErrorCode`](crate::ErrorCode); a string, so that an older page can show an error it does not know.
    pub code: String,
    pub message: String,
    pub hint: String,
    pub upstream: Option<UpstreamError>,
}

/// Every error answer of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    pub error: ErrorBody,
}

#[cfg(test)]
mod tests;
