//! The two kinds of application and what each needs to speak to DingTalk.

use super::reader::Section;
use super::secret::{Secret, secret};
use super::suite::Suite;
use super::value::{boolean, parsed, text};
use miandeng_shared::AppKind;
use serde::Serialize;
use std::str::FromStr;
use std::sync::Arc;
use toml::Value;

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
    Suite(Granted),
}

/// Whom a WeCom application is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    #[default]
    Members,
    /// And members.
    Customers,
    Anyone,
}

impl FromStr for Audience {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        match s {
            "members" => Ok(Self::Members),
            "customers" => Ok(Self::Customers),
            "anyone" => Ok(Self::Anyone),
            _ => Err(()),
        }
    }
}

/// What a corporation granted a suite.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    pub kind: AppKind,
    pub suite: Arc<Suite>,
    pub permanent_code: Secret,
    /// Only where the suite has a service window.
    pub ch_permanent_code: Option<Secret>,
}

/// What a kind brings where the configuration is silent.
pub struct Defaults {
    pub jsapi_url: Option<&'static str>,
    pub js_api_list: &'static [&'static str],
}

impl Credentials {
    /// Reads `kind` and the keys that it needs; keys of the other kind are unknown ones.
    pub fn read(s: &mut Section<'_>) -> Option<Self> {
        let Some(kind) = s.required("kind", "\"channel\"", kind) else {
            s.ignore(&["channel_secret", "corp_secret", "corp_app_key", "client_id", "client_secret"]);
            s.ignore(&["secret", "audience", "visible_only", "web_login"]);
            return None;
        };
        match kind {
            AppKind::Channel => {
                let channel_secret = s.required(
                    "channel_secret",
                    "{ env = \"CHANNEL_SECRET\" }",
                    secret(s.place("channel_secret")),
                );
                let corp_secret = s.optional("corp_secret", secret(s.place("corp_secret")));
                let corp_app_key = s.optional("corp_app_key", client_id);
                if corp_app_key.is_some() && corp_secret.is_none() {
                    s.problem("corp_app_key", "needs corp_secret, which is then the AppSecret");
                }
                Some(Credentials::Channel { channel_secret: channel_secret?, corp_secret, corp_app_key })
            }
            AppKind::H5 => {
                let client_id = s.required("client_id", "\"dingappkey\"", client_id);
                let client_secret = s.required(
                    "client_secret",
                    "{ env = \"CLIENT_SECRET\" }",
                    secret(s.place("client_secret")),
                );
                Some(Credentials::H5 { client_id: client_id?, client_secret: client_secret? })
            }
            AppKind::Wecom => {
                let value = s.required("secret", "{ env = \"WECOM_SECRET\" }", secret(s.place("secret")));
                let audience = parsed("\"members\", \"customers\" or \"anyone\"");
                let audience = s.optional("audience", audience).unwrap_or_default();
                let visible_only = s.optional("visible_only", boolean).unwrap_or(false);
                let web_login = s.optional("web_login", boolean).unwrap_or(false);
                Some(Credentials::WeCom { secret: value?, audience, visible_only, web_login })
            }
        }
    }

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

    pub fn defaults(&self) -> Defaults {
        defaults(self.kind())
    }
}

pub fn defaults(kind: AppKind) -> Defaults {
    match kind {
        // The SDK that the classic 服务窗 was documented with; it needs at least 0.8.3.
        AppKind::Channel => Defaults {
            jsapi_url: Some("https://g.alicdn.com/dingding/open-develop/1.5.1/dingtalk.js"),
            js_api_list: &["channel.permission.requestAuthCode"],
        },
        // Its login needs no signed API.
        AppKind::H5 => Defaults {
            jsapi_url: Some("https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"),
            js_api_list: &[],
        },
        // Nothing of it is in the page.
        AppKind::Wecom => Defaults { jsapi_url: None, js_api_list: &[] },
    }
}

fn kind(value: Value) -> Result<AppKind, String> {
    match text(value)?.as_str() {
        "channel" => Ok(AppKind::Channel),
        "h5" => Ok(AppKind::H5),
        "wecom" => Ok(AppKind::Wecom),
        _ => Err("must be \"channel\", \"h5\" or \"wecom\"".into()),
    }
}

/// It goes to the page and into a request, so it is kept plain.
pub(super) fn client_id(value: Value) -> Result<String, String> {
    let id = text(value)?;
    let plain =
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if plain {
        Ok(id)
    } else {
        Err("must be the client id (AppKey) as the developer console shows it".into())
    }
}
