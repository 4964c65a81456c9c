//! DingTalk's JSAPI, `window.dd`: three calls, each of them a future with a timeout of its own.
//!
//! Order matters: [`load`], then [`verify`] (`dd.error`, `dd.config`, `dd.ready`), then [`request_code`]; each once.

mod call;
mod error;
mod load;
mod quiet;
mod sys;

pub use call::{Callbacks, settle};
pub use error::{DdError, Refusal};
pub use load::{find, load};
pub use sys::Dd;

use js_sys::{Array, Object, Reflect};
use miandeng_shared::{AuthCode, ConfigAnswer, CorpId};
use sys::Permission;
use wasm_bindgen::{JsCast, JsValue};

/// The component comes from a CDN; on a phone's worst network its 15 to 300 kB take about that long.
pub const LOAD_LIMIT: u32 = 15_000;

/// The client asks DingTalk's platform to check the signature, which is one request of its own. It normally takes less
/// than a second; a client whose bridge never comes up says nothing for ever.
pub const VERIFY_LIMIT: u32 = 10_000;

/// One more request of the client, but some clients show a dialogue first, and a person has to read it.
pub const CODE_LIMIT: u32 = 30_000;

/// Lets DingTalk verify the page: `dd.error`, `dd.config` and `dd.ready`, in this order and each once.
///
/// # Errors
/// What `dd.error` was told, or that neither it nor `dd.ready` was called in time.
pub async fn verify(dd: &Dd, config: &ConfigAnswer, limit: u32) -> Result<(), DdError> {
    let _quiet = quiet::Quiet::start();
    let options = config_options(config);
    settle(limit, |callbacks| {
        dd.error(&callbacks.fail)?;
        dd.config(&options)?;
        dd.ready(&callbacks.success)
    })
    .await
    .map(drop)
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
/// 7.0.45 `dd.runtime.permission.requestAuthCode`.
///
/// # Errors
/// That the call does not exist here, was refused or cancelled, or was not answered in time.
pub async fn request_code(dd: &Dd, request: &CodeRequest, limit: u32) -> Result<AuthCode, DdError> {
    let Some(client_id) = &request.client_id else {
        let channel = present(dd.channel(), "dd.channel")?;
        let permission = present(channel.permission(), "dd.channel.permission")?;
        let name = "dd.channel.permission.requestAuthCode";
        return code_from(&permission, name, &[("corpId", request.corp_id.as_str())], limit).await;
    };
    let corp_id = ("corpId", request.corp_id.as_str());
    let both = [corp_id, ("clientId", client_id.as_str())];
    match code_from(dd.unchecked_ref(), "dd.requestAuthCode", &both, limit).await {
        Err(error) if error.is_absence() => {
            let runtime = present(dd.runtime(), "dd.runtime")?;
            let permission = present(runtime.permission(), "dd.runtime.permission")?;
            code_from(&permission, "dd.runtime.permission.requestAuthCode", &[corp_id], limit).await
        }
        other => other,
    }
}

async fn code_from(
    place: &Permission,
    name: &'static str,
    fields: &[(&str, &str)],
    limit: u32,
) -> Result<AuthCode, DdError> {
    if !place.request_auth_code_function().is_ok_and(|function| function.is_function()) {
        return Err(DdError::Missing(name));
    }
    let answer = settle(limit, |callbacks| {
        let mut options: Vec<(&str, JsValue)> =
            fields.iter().map(|(name, value)| (*name, (*value).into())).collect();
        // The newer calls spell their callbacks without `on`.
        for (name, callback) in [
            ("onSuccess", &callbacks.success),
            ("onFail", &callbacks.fail),
            ("onCancel", &callbacks.cancel),
            ("success", &callbacks.success),
            ("fail", &callbacks.fail),
        ] {
            options.push((name, callback.clone()));
        }
        place.request_auth_code(&object(&options))
    })
    .await?;
    let code = Reflect::get(&answer, &"code".into()).ok().and_then(|code| code.as_string());
    code.and_then(|code| AuthCode::new(code).ok()).ok_or_else(|| {
        DdError::Refused(Refusal { code: None, message: "no code in DingTalk's answer".to_owned() })
    })
}

fn present<T>(value: Result<Option<T>, JsValue>, name: &'static str) -> Result<T, DdError> {
    value.ok().flatten().ok_or(DdError::Missing(name))
}

/// Spelled as `dd.config` wants it: with `timestamp` in small letters the client stays silent.
fn config_options(config: &ConfigAnswer) -> Object {
    let text = |value: &Option<String>| JsValue::from(value.as_deref().unwrap_or_default());
    let apis: Array = config.js_api_list.iter().map(|name| JsValue::from(name.as_str())).collect();
    object(&[
        ("agentId", config.agent_id.as_str().into()),
        ("corpId", config.corp_id.as_str().into()),
        ("timeStamp", text(&config.time_stamp)),
        ("nonceStr", text(&config.nonce_str)),
        ("signature", text(&config.signature)),
        ("type", config.config_type.into()),
        ("jsApiList", apis.into()),
    ])
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of an object that was made a moment ago cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object
}
