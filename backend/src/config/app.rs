//! `[[apps]]`: the applications whose pages log people in.

use super::brand::brand;
use super::credentials::credentials;
use super::reader::Section;
use super::value::{boolean, choice, home, https_url, list, resource, text};
use crate::apps::{App, Credentials, Jsapi, tag};
use miandeng_shared::{AgentId, AppId, AppKind, CorpId};
use toml::Value;

/// Reads one `[[apps]]` section; `None` where a problem was recorded that leaves no application. `simulated` is the
/// JSAPI of a simulator, the default beside one.
pub fn app(mut s: Section<'_>, simulated: Option<&str>) -> Option<App> {
    let corp_id = s.required("corp_id", "\"dingcorp1\"", id(CorpId::new));
    let agent_id = s.required("agent_id", "\"123456\"", id(AgentId::new));
    let credentials = credentials(&mut s);
    let default = s.optional("default", boolean).unwrap_or(false);
    // Of an application that is redirected, and has no JSAPI, its keys are unknown ones.
    let defaults = Jsapi::of(credentials.as_ref().map_or(AppKind::Channel, Credentials::kind));
    let jsapi = defaults.map(|defaults| jsapi(&mut s, defaults.at_url(simulated.map(str::to_owned))));
    let home = s.optional("home", home);
    let brand = brand(&mut s);
    s.finish();
    let app_id = AppId::new(corp_id?, agent_id?);
    Some(App { tag: tag(&app_id), id: app_id, jsapi, credentials: credentials?, home, default, brand })
}

fn jsapi(s: &mut Section<'_>, defaults: Jsapi) -> Jsapi {
    let alg = choice("\"sha1\" or \"sha256\"");
    Jsapi {
        url: s.optional("jsapi_url", https_url).map_or(defaults.url, Into::into),
        fallback_url: s.optional("jsapi_fallback_url", resource),
        sign_alg: s.optional("sign_alg", alg).unwrap_or(defaults.sign_alg),
        sign_plus_as_space: s.optional("sign_plus_as_space", boolean).unwrap_or(false),
        js_api_list: s.optional("js_api_list", list(text)).unwrap_or(defaults.js_api_list),
        ..defaults
    }
}

fn id<T>(
    new: impl Fn(String) -> Result<T, miandeng_shared::InvalidId>,
) -> impl Fn(Value) -> Result<T, String> {
    move |value| new(text(value)?).map_err(|e| format!("must be a string: {e}"))
}
