//! What WeCom verifies of a link.

use reqwest::Url;

use super::seed::CORP_ID;
use super::state::{WeCom, domain};
use crate::call::Call;

pub struct Link {
    pub agent_id: Option<String>,
    pub redirect: Url,
    pub state: String,
    pub private: bool,
}

pub enum Wrong {
    /// `domain_err`
    Domain,
    /// `param_err`, and which.
    Parameter(&'static str),
}

const LONGEST_STATE: usize = 128;

impl Link {
    /// `connect/oauth2/authorize`.
    pub fn authorize(wecom: &WeCom, call: &Call) -> Result<Self, Wrong> {
        require(call, "response_type", |value| value == "code")?;
        require(call, "scope", |scope| {
            ["snsapi_base", "snsapi_privateinfo", "snsapi_userinfo"].contains(&scope)
        })?;
        let link = Self::common(wecom, call)?;
        let fits = link.state.len() <= LONGEST_STATE && link.state.bytes().all(|b| b.is_ascii_alphanumeric());
        if wecom.settings.strict_state && !fits {
            return Err(Wrong::Parameter("state"));
        }
        if link.private && link.agent_id.is_none() {
            return Err(Wrong::Parameter("agentid"));
        }
        Ok(link)
    }

    /// `wwlogin/sso/login`, where any state is allowed.
    pub fn web_login(wecom: &WeCom, call: &Call) -> Result<Self, Wrong> {
        require(call, "login_type", |value| value == "CorpApp")?;
        require(call, "agentid", |_| true)?;
        Self::common(wecom, call)
    }

    fn common(wecom: &WeCom, call: &Call) -> Result<Self, Wrong> {
        require(call, "appid", |value| value == CORP_ID)?;
        let agent_id = call.query.get("agentid").map(str::to_owned);
        if agent_id.as_deref().is_some_and(|id| wecom.app(id).is_none()) {
            return Err(Wrong::Parameter("agentid"));
        }
        let redirect = call.query.get("redirect_uri").and_then(|uri| Url::parse(uri).ok());
        let redirect = redirect.filter(|url| matches!(url.scheme(), "http" | "https"));
        let redirect = redirect.ok_or(Wrong::Parameter("redirect_uri"))?;
        let host = domain(&redirect).ok_or(Wrong::Parameter("redirect_uri"))?;
        let named = agent_id.as_deref().filter(|_| wecom.settings.agent_narrows_domain);
        let mut apps = wecom.apps.iter().filter(|app| named.is_none_or(|id| id == app.agent_id));
        if !apps.any(|app| app.trusted_domain.eq_ignore_ascii_case(&host)) {
            return Err(Wrong::Domain);
        }
        let private = call.query.get("scope") == Some("snsapi_privateinfo");
        let state = call.query.iter().find(|(name, _)| *name == "state");
        let state = state.map_or("", |(_, value)| value).to_owned();
        Ok(Self { agent_id, redirect, state, private })
    }

    /// Code and state are appended to the query that is there; a refusal has a state and no code.
    pub fn back(&self, code: Option<&str>) -> Url {
        let mut url = self.redirect.clone();
        let mut query = url.query_pairs_mut();
        query.extend_pairs(code.map(|code| ("code", code)));
        query.append_pair("state", &self.state);
        drop(query);
        url
    }
}

fn require(call: &Call, name: &'static str, fits: impl FnOnce(&str) -> bool) -> Result<(), Wrong> {
    if call.query.get(name).is_some_and(fits) { Ok(()) } else { Err(Wrong::Parameter(name)) }
}
