//! `[[apps]]`: the applications whose pages log people in.

use super::brand::brand;
use super::credentials::credentials;
use super::reader::Section;
use super::value::{boolean, home, https_url, list, parsed, resource, text};
use crate::apps::{App, SignAlg};
use miandeng_shared::{AgentId, AppKind, CorpId};
use toml::Value;

/// Reads one `[[apps]]` section; `None` where a problem was recorded that leaves no application. `simulated` is the
/// JSAPI of a simulator, the default beside one.
pub fn app(mut s: Section<'_>, simulated: Option<&str>) -> Option<App> {
    let corp_id = s.required("corp_id", "\"dingcorp1\"", id(CorpId::new));
    let agent_id = s.required("agent_id", "\"123456\"", id(AgentId::new));
    let credentials = credentials(&mut s);
    let default = s.optional("default", boolean).unwrap_or(false);
    // Of an application that is redirected, and has no JSAPI, its keys are unknown ones.
    let has_jsapi = credentials.as_ref().is_none_or(|credentials| credentials.kind() != AppKind::Wecom);
    let mut s_jsapi = has_jsapi.then_some(&mut s);
    let jsapi_url = s_jsapi.as_mut().and_then(|s| s.optional("jsapi_url", https_url)).map(String::from);
    let jsapi_fallback_url = s_jsapi.as_mut().and_then(|s| s.optional("jsapi_fallback_url", resource));
    let alg = parsed("\"sha1\" or \"sha256\"");
    let sign_alg = s_jsapi.as_mut().and_then(|s| s.optional("sign_alg", alg)).unwrap_or(SignAlg::Sha1);
    let plus = s_jsapi.as_mut().and_then(|s| s.optional("sign_plus_as_space", boolean));
    let js_api_list = s_jsapi.and_then(|s| s.optional("js_api_list", list(text)));
    let home = s.optional("home", home);
    let brand = brand(&mut s);
    s.finish();
    let credentials = credentials?;
    let defaults = credentials.defaults();
    Some(App {
        corp_id: corp_id?,
        agent_id: agent_id?,
        jsapi_url: jsapi_url
            .or_else(|| Some(simulated.filter(|_| has_jsapi).or(defaults.jsapi_url)?.to_owned())),
        jsapi_fallback_url,
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

fn id<T>(
    new: impl Fn(String) -> Result<T, miandeng_shared::InvalidId>,
) -> impl Fn(Value) -> Result<T, String> {
    move |value| new(text(value)?).map_err(|e| format!("must be a string: {e}"))
}
