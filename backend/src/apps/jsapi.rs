//! The platform's component in the page: where it comes from, and how the page is signed for it.

use miandeng_shared::AppKind;
use serde::{Deserialize, Serialize};

/// The hash of the page's signature. Everything ever written for service windows uses SHA-1; DingTalk's samples for
/// micro-apps have used SHA-256 since 2022, and which of the two a channel ticket accepts today is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignAlg {
    Sha1,
    Sha256,
}

/// What the page needs of its platform's component.
#[derive(Debug, Clone, Serialize)]
pub struct Jsapi {
    #[serde(rename = "jsapi_url")]
    pub url: String,
    /// Tried where the first does not come.
    #[serde(rename = "jsapi_fallback_url", skip_serializing_if = "Option::is_none")]
    pub fallback_url: Option<String>,
    pub sign_alg: SignAlg,
    /// Whether a `+` in the query is signed as a space. DingTalk's Java sample does so and its Node sample does not.
    pub sign_plus_as_space: bool,
    pub js_api_list: Vec<String>,
    /// The login itself is a signed API; elsewhere only others are.
    #[serde(skip)]
    pub signs_login: bool,
    /// `dd.config`'s type: 1 for a service window, 0 for a micro-app.
    #[serde(skip)]
    pub config_type: u8,
}

impl Jsapi {
    /// What a kind of application has where the configuration is silent; None where people are redirected.
    #[must_use]
    pub fn of(kind: AppKind) -> Option<Self> {
        let (url, js_api_list, signs_login, config_type) = match kind {
            // The SDK that the classic 服务窗 was documented with; it needs at least 0.8.3.
            AppKind::Channel => (
                "https://g.alicdn.com/dingding/open-develop/1.5.1/dingtalk.js",
                vec!["channel.permission.requestAuthCode".to_owned()],
                true,
                1,
            ),
            // Its login needs no signed API.
            AppKind::H5 => {
                ("https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js", vec![], false, 0)
            }
            AppKind::Wecom => return None,
        };
        let (url, fallback_url, sign_alg) = (url.to_owned(), None, SignAlg::Sha1);
        Some(Self {
            url,
            fallback_url,
            sign_alg,
            sign_plus_as_space: false,
            js_api_list,
            signs_login,
            config_type,
        })
    }

    /// The same from another address, where there is one.
    #[must_use]
    pub fn at_url(self, url: Option<String>) -> Self {
        Self { url: url.unwrap_or(self.url), ..self }
    }
}
