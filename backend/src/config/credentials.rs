//! `kind` of an application, and the keys that it needs.

use super::reader::Section;
use super::secret::secret;
use super::value::{boolean, choice, text};
use crate::apps::Credentials;
use miandeng_shared::AppKind;
use toml::Value;

/// Reads `kind` and the keys that it needs; keys of the other kind are unknown ones.
pub fn credentials(s: &mut Section<'_>) -> Option<Credentials> {
    let Some(kind) = s.required("kind", "\"channel\"", choice("\"channel\", \"h5\" or \"wecom\"")) else {
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
            let client_secret =
                s.required("client_secret", "{ env = \"CLIENT_SECRET\" }", secret(s.place("client_secret")));
            Some(Credentials::H5 { client_id: client_id?, client_secret: client_secret? })
        }
        AppKind::Wecom => {
            let value = s.required("secret", "{ env = \"WECOM_SECRET\" }", secret(s.place("secret")));
            let audience = choice("\"members\", \"customers\" or \"anyone\"");
            let audience = s.optional("audience", audience).unwrap_or_default();
            let visible_only = s.optional("visible_only", boolean).unwrap_or(false);
            let web_login = s.optional("web_login", boolean).unwrap_or(false);
            Some(Credentials::WeCom { secret: value?, audience, visible_only, web_login })
        }
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
