//! DingTalk's JSAPI, `window.dd`: three calls, each with a timeout of its own.
//!
//! Order matters: [`load`], then [`verify`] (`dd.error`, `dd.config`, `dd.ready`), then [`request_code`]; each once.

mod error;
mod load;

pub use error::{DdError, Refusal};
pub use load::{Limits, Source, find, load};

use crate::{
    js,
    settle::{Callbacks, Done, Outcome, Trouble, settle},
};
use miandeng_shared::{AuthCode, ConfigAnswer, CorpId};
use wasm_bindgen::JsValue;

/// The component comes from a CDN; on a phone's worst network its 15 to 300 kB take about as long as the whole. With a copy
/// elsewhere the first is not waited for that long.
pub const LOAD_LIMITS: Limits = Limits { patience: 4_000, whole: 15_000 };

/// The client asks DingTalk's platform to check the signature, which is one request of its own. It normally takes less
/// than a second; a client whose bridge never comes up says nothing for ever.
pub const VERIFY_LIMIT: u32 = 10_000;

/// One more request of the client, but some clients show a dialogue first, and a person has to read it.
pub const CODE_LIMIT: u32 = 30_000;

/// `window.dd`. Every part is looked up when it is used, so a part that is missing or of another kind is an error here and
/// never an exception that ends the page.
#[derive(Debug, Clone)]
pub struct Dd(JsValue);

/// Lets DingTalk verify the page: `dd.error`, `dd.config` with these options and `dd.ready`, in this order and each once.
/// `done` hears what `dd.error` was told, or that neither it nor `dd.ready` was called in time.
pub fn verify(dd: &Dd, options: &JsValue, limit: u32, done: Done) {
    let start = |callbacks: &Callbacks| {
        js::call(&dd.0, "error", &callbacks.fail)?;
        js::call(&dd.0, "config", options)?;
        js::call(&dd.0, "ready", &callbacks.success)
    };
    settle(limit, &start, done);
}

/// Which code is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRequest {
    pub corp_id: CorpId,
    /// The application's client id; none for a classic service window.
    pub client_id: Option<String>,
}

/// Asks DingTalk who the visitor is. A classic service window has a call of its own,
/// `dd.channel.permission.requestAuthCode`; today's applications have `dd.requestAuthCode`, and clients older than
/// 7.0.45 `dd.runtime.permission.requestAuthCode`. `done` hears the answer, which [`code`] reads, or that the call does not
/// exist here, was refused or cancelled, or was not answered in time.
pub fn request_code(dd: &Dd, request: &CodeRequest, limit: u32, done: Done) {
    let corp_id: JsValue = request.corp_id.as_str().into();
    let Some(client_id) = &request.client_id else {
        return code_from(&dd.0, &CHANNEL, &[("corpId", corp_id)], limit, done);
    };
    let both = [("corpId", corp_id.clone()), ("clientId", client_id.into())];
    let dd = dd.0.clone();
    let or_older = {
        let dd = dd.clone();
        move |outcome: Outcome| match outcome {
            Err(trouble) if is_absence(&trouble) => {
                code_from(&dd, &RUNTIME, &[("corpId", corp_id)], limit, done);
            }
            other => done(other),
        }
    };
    code_from(&dd, &NEWER, &both, limit, Box::new(or_older));
}

/// Each with the names of everything on the way to it.
const CHANNEL: [(&str, &str); 3] = [
    ("channel", "dd.channel"),
    ("permission", "dd.channel.permission"),
    (CALL, "dd.channel.permission.requestAuthCode"),
];
const RUNTIME: [(&str, &str); 3] = [
    ("runtime", "dd.runtime"),
    ("permission", "dd.runtime.permission"),
    (CALL, "dd.runtime.permission.requestAuthCode"),
];
const NEWER: [(&str, &str); 1] = [(CALL, "dd.requestAuthCode")];
const CALL: &str = "requestAuthCode";

fn code_from(
    dd: &JsValue,
    path: &[(&str, &'static str)],
    fields: &[(&str, JsValue)],
    limit: u32,
    done: Done,
) {
    let mut place = dd.clone();
    for (name, whole) in path {
        let next = js::get(&place, name);
        if if *name == CALL { !next.is_function() } else { !next.is_object() } {
            return done(Err(Trouble::Missing(whole)));
        }
        if *name != CALL {
            place = next;
        }
    }
    let start = |callbacks: &Callbacks| {
        let options = js::object(fields);
        // The newer calls spell their callbacks without `on`.
        for (name, callback) in [
            ("onSuccess", &callbacks.success),
            ("onFail", &callbacks.fail),
            ("onCancel", &callbacks.cancel),
            ("success", &callbacks.success),
            ("fail", &callbacks.fail),
        ] {
            js::set(&options, name, callback);
        }
        js::call(&place, CALL, &options)
    };
    settle(limit, &start, done);
}

/// The client does not have the call, whatever else it has: 1 is its own word for it, the others are the component's.
fn is_absence(trouble: &Trouble) -> bool {
    const NO_SUCH_CALL: [&str; 5] = ["1", "22", "4040", "4050", "4060"];
    match trouble {
        Trouble::Missing(_) => true,
        Trouble::Refused(first, second) => {
            error::code(first, second).is_some_and(|code| NO_SUCH_CALL.contains(&&*code))
        }
        Trouble::Timeout | Trouble::Cancelled => false,
    }
}

/// The login code in the answer to [`request_code`].
#[must_use]
pub fn code(answer: &JsValue) -> Option<AuthCode> {
    AuthCode::new(js::get(answer, "code").as_string()?).ok()
}

/// The part of `dd` that has this name, as [`Trouble::Missing`] names it.
#[must_use]
pub fn part(name: &str) -> Option<&'static str> {
    let on_the_way = CHANNEL.iter().chain(&RUNTIME).chain(&NEWER).map(|(_, whole)| *whole);
    on_the_way.chain(["dd", "dd.config"]).find(|whole| *whole == name)
}

/// The fields of `dd.config`, as our server's answer spells them too.
pub const OPTIONS: [&str; 7] =
    ["agentId", "corpId", "timeStamp", "nonceStr", "signature", "type", "jsApiList"];

/// Spelled as `dd.config` wants it: with `timestamp` in small letters the client stays silent.
#[must_use]
pub fn options(config: &ConfigAnswer) -> JsValue {
    let text = |value: &Option<String>| JsValue::from(value.as_deref().unwrap_or_default());
    js::object(&[
        ("agentId", config.agent_id.as_str().into()),
        ("corpId", config.corp_id.as_str().into()),
        ("timeStamp", text(&config.time_stamp)),
        ("nonceStr", text(&config.nonce_str)),
        ("signature", text(&config.signature)),
        ("type", u32::from(config.config_type).into()),
        ("jsApiList", js::array(config.js_api_list.iter().map(|name| name.as_str().into()))),
    ])
}
