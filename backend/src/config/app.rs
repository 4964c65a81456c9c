//! `[[apps]]`: the applications whose pages log people in.

use super::brand::Brand;
use super::credentials::{Credentials, Granted};
use super::reader::Section;
use super::value::{boolean, home, https_url, list, parsed, text};
use miandeng_shared::{AgentId, AppKind, CorpId, User};
use serde::Serialize;
use std::str::FromStr;
use std::sync::Arc;
use toml::Value;

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
    /// Reads one `[[apps]]` section; `None` where a problem was recorded that leaves no application. `simulated` is the
    /// JSAPI of a simulator, the default beside one.
    pub fn read(mut s: Section<'_>, simulated: Option<&str>) -> Option<Self> {
        let corp_id = s.required("corp_id", "\"dingcorp1\"", id(CorpId::new));
        let agent_id = s.required("agent_id", "\"123456\"", id(AgentId::new));
        let credentials = Credentials::read(&mut s);
        let default = s.optional("default", boolean).unwrap_or(false);
        // Of an application that is redirected, and has no JSAPI, its keys are unknown ones.
        let has_jsapi = credentials.as_ref().is_none_or(|credentials| credentials.kind() != AppKind::Wecom);
        let mut s_jsapi = has_jsapi.then_some(&mut s);
        let jsapi_url = s_jsapi.as_mut().and_then(|s| s.optional("jsapi_url", https_url)).map(String::from);
        let alg = parsed("\"sha1\" or \"sha256\"");
        let sign_alg = s_jsapi.as_mut().and_then(|s| s.optional("sign_alg", alg)).unwrap_or(SignAlg::Sha1);
        let plus = s_jsapi.as_mut().and_then(|s| s.optional("sign_plus_as_space", boolean));
        let js_api_list = s_jsapi.and_then(|s| s.optional("js_api_list", list(text)));
        let home = s.optional("home", home);
        let brand = Brand::read(&mut s);
        s.finish();
        let credentials = credentials?;
        let defaults = credentials.defaults();
        Some(App {
            corp_id: corp_id?,
            agent_id: agent_id?,
            jsapi_url: jsapi_url
                .or_else(|| Some(simulated.filter(|_| has_jsapi).or(defaults.jsapi_url)?.to_owned())),
            sign_alg,
            sign_plus_as_space: plus.unwrap_or(false),
            js_api_list: js_api_list
                .unwrap_or_else(|| defaults.js_api_list.iter().map(ToString::to_string).collect()),
            credentials,
            home,
            default,
            brand,
        })
    }

    /// An application that a corporation granted a suite: the suite's looks, and the defaults of its kind.
    #[must_use]
    pub fn of_suite(corp_id: CorpId, agent_id: AgentId, granted: Granted) -> Self {
        let (suite, credentials) = (Arc::clone(&granted.suite), Credentials::Suite(granted));
        let defaults = credentials.defaults();
        App {
            corp_id,
            agent_id,
            jsapi_url: suite.jsapi_url.clone().or_else(|| defaults.jsapi_url.map(str::to_owned)),
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

fn id<T>(
    new: impl Fn(String) -> Result<T, miandeng_shared::InvalidId>,
) -> impl Fn(Value) -> Result<T, String> {
    move |value| new(text(value)?).map_err(|e| format!("must be a string: {e}"))
}
