//! Where people go for a code, and from which browsers.

use crate::apps::App;
use axum::http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;
use url::Url;

/// What a browser is, by what it says of itself. It picks a way and a text, and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    WeCom,
    WeChat,
    Other,
}

impl Browser {
    /// By the marks of the official JS-SDK: `wxwork/` is WeCom, `MicroMessenger` without it is WeChat.
    pub fn of(headers: &HeaderMap) -> Self {
        // As bytes: a phone's model stands in it in any encoding.
        let user_agent = headers.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
        let user_agent = String::from_utf8_lossy(user_agent).to_ascii_lowercase();
        if user_agent.contains("wxwork/") || user_agent.contains("wxworklocal/") {
            Self::WeCom
        } else if user_agent.contains("micromessenger") {
            Self::WeChat
        } else {
            Self::Other
        }
    }

    /// The same beside a simulator, whose phone is any browser: it says in a cookie what it plays, because a page cannot
    /// change the User-Agent.
    pub fn of_simulator(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let played =
            pairs.find(|(name, _)| *name == "wecom-sim").and_then(|(_, value)| value.split_once(':'));
        match (Self::of(headers), played.map(|(_, client)| client)) {
            (Self::Other, Some("browser")) => Self::Other,
            (Self::Other, Some("wechat")) => Self::WeChat,
            (Self::Other, _) => Self::WeCom,
            (known, _) => known,
        }
    }
}

/// The two pages of WeCom's that hand out codes, and our address that takes them.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<(Url, Url, String)>);

impl Hosts {
    pub fn new(authorize: &Url, login: &Url, issuer: &str) -> Self {
        let callback = format!("{}/wecom/callback", issuer.trim_end_matches('/'));
        Self(Arc::new((authorize.clone(), login.clone(), callback)))
    }

    /// For WeCom and WeChat. The client looks at the fragment to decide whether to say who it is.
    pub fn authorize(&self, app: &App, state: &str) -> Url {
        let (authorize, _, callback) = &*self.0;
        let mut url = authorize.clone();
        url.query_pairs_mut()
            .append_pair("appid", app.id.corp_id.as_str())
            .append_pair("redirect_uri", callback)
            .append_pair("response_type", "code")
            .append_pair("scope", "snsapi_base")
            .append_pair("state", state)
            .append_pair("agentid", app.id.agent_id.as_str());
        url.set_fragment(Some("wechat_redirect"));
        url
    }

    /// For every other browser: a code to scan, or the client that runs beside it.
    pub fn web_login(&self, app: &App, state: &str) -> Url {
        let (_, login, callback) = &*self.0;
        let mut url = login.clone();
        url.query_pairs_mut()
            .append_pair("login_type", "CorpApp")
            .append_pair("appid", app.id.corp_id.as_str())
            .append_pair("agentid", app.id.agent_id.as_str())
            .append_pair("redirect_uri", callback)
            .append_pair("state", state)
            .append_pair("lang", "zh");
        // An empty one, or the browser would keep that of the page it comes from.
        url.set_fragment(Some(""));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of access logs and issues in public repositories.
    #[test]
    fn clients_are_told_apart() {
        for (expected, user_agent) in [
            (
                Browser::WeCom,
                "X Chrome/138.0.7204.180 Mobile Safari/537.36 XWEB/1380275 wxwork/5.0.6 MicroMessenger/7.0.1 NetType/WIFI",
            ),
            (Browser::WeCom, "X (KHTML, like Gecko)wxwork/3.1.8 (MicroMessenger/6.2) WeChat/2.0.4"),
            (Browser::WeCom, "X OpenHarmony 6.1 Mobile MicroMessenger/7.0.1 wxwork/5.0.8"),
            (Browser::WeCom, "X wxworklocal/3.3.0 wxwork/4.0.0 MicroMessenger/7.0.1"),
            (Browser::WeChat, "X Mobile/15E148 MicroMessenger/8.0.50(0x1800323d) NetType/WIFI"),
            (Browser::Other, "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36"),
            (Browser::Other, "X AliApp(DingTalk/7.5.36) com.alibaba.android.rimet/37747409"),
            (Browser::Other, ""),
        ] {
            let headers = HeaderMap::from_iter([(header::USER_AGENT, user_agent.parse().unwrap())]);
            assert_eq!(Browser::of(&headers), expected, "{user_agent}");
        }
    }
}
