//! The clients that a page may be open in.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    Wecom,
    WecomPc,
    Wechat,
    Browser,
}

impl Client {
    pub fn name(self) -> &'static str {
        match self {
            Self::Wecom => "wecom",
            Self::WecomPc => "wecom-pc",
            Self::Wechat => "wechat",
            Self::Browser => "browser",
        }
    }
}

pub fn by_name(name: &str) -> Option<Client> {
    serde_json::from_value(name.into()).ok()
}
