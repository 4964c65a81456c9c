//! Answers of our server: JavaScript parses the JSON, and each type takes its fields from the object.

use crate::js;
use miandeng_shared::{
    AgentId, AppKind, ConfigAnswer, CorpId, ErrorBody, ExternalUserId, LoginAnswer, OpenId, SessionAnswer,
    UnionId, UpstreamError, User, UserId, Visit,
};
use wasm_bindgen::JsValue;

/// Can be read from JavaScript; None where the value is of another shape. Fields beyond those that are known do not matter.
pub trait Read: Sized {
    fn read(value: &JsValue) -> Option<Self>;
}

/// Reads JSON text.
pub fn parse<T: Read>(text: &str) -> Option<T> {
    T::read(&js::parse(text).ok()?)
}

/// The items of an array; None of anything else.
pub fn items(array: &JsValue) -> Option<impl Iterator<Item = JsValue>> {
    let length = u32::read(&js::get(array, "length"))?;
    Some((0..length).map(|index| js::at_index(array, index).unwrap_or(JsValue::UNDEFINED)))
}

/// The struct `$name`, each field under its name on the wire.
macro_rules! reads {
    ($name:ident { $($field:ident $key:literal),* $(,)? }) => {
        impl Read for $name {
            fn read(value: &JsValue) -> Option<Self> {
                Some(Self { $($field: Read::read(&js::get(value, $key))?),* })
            }
        }
    };
}

reads!(ConfigAnswer {
    corp_id "corpId", agent_id "agentId", kind "kind", jsapi_url "jsapiUrl", jsapi_fallback_url "jsapiFallbackUrl",
    client_id "clientId", login_url "loginUrl", simulator "simulator", js_api_list "jsApiList", config_type "type", time_stamp "timeStamp",
    nonce_str "nonceStr", signature "signature", url "url",
});
reads!(User {
    corp_id "corpId", agent_id "agentId", open_id "openId", union_id "unionId", user_id "userId",
    external_user_id "externalUserId", contact_type "contactType", nick "nick", avatar "avatar",
});
reads!(SessionAnswer { user "user", expires_at "expiresAt", home "home", simulator "simulator" });
reads!(LoginAnswer { user "user", expires_at "expiresAt", next "next", home "home" });
reads!(Visit { config "config", session "session", error "error" });
reads!(ErrorBody { code "code", message "message", hint "hint", upstream "upstream" });
reads!(UpstreamError { code "code", sub_code "subCode", request_id "requestId" });

impl Read for String {
    fn read(value: &JsValue) -> Option<Self> {
        value.as_string()
    }
}

/// Not there is false, as earlier servers left it out.
impl Read for bool {
    fn read(value: &JsValue) -> Option<Self> {
        if value.is_undefined() { Some(false) } else { value.as_bool() }
    }
}

impl Read for u32 {
    fn read(value: &JsValue) -> Option<Self> {
        let number = value.as_f64()?;
        // A cast takes the nearest number that fits; only one that fits is itself again.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let whole = number as u32;
        #[allow(clippy::float_cmp)]
        (f64::from(whole) == number).then_some(whole)
    }
}

impl Read for u8 {
    fn read(value: &JsValue) -> Option<Self> {
        u8::try_from(u32::read(value)?).ok()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &JsValue) -> Option<Self> {
        if value.is_undefined() || value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &JsValue) -> Option<Self> {
        items(value)?.map(|item| T::read(&item)).collect()
    }
}

impl Read for AppKind {
    fn read(value: &JsValue) -> Option<Self> {
        match value.as_string()?.as_str() {
            "channel" => Some(AppKind::Channel),
            "h5" => Some(AppKind::H5),
            "wecom" => Some(AppKind::Wecom),
            _ => None,
        }
    }
}

macro_rules! reads_id {
    ($($name:ident)*) => {$(
        impl Read for $name {
            fn read(value: &JsValue) -> Option<Self> {
                Self::new(value.as_string()?).ok()
            }
        }
    )*};
}
reads_id!(CorpId AgentId OpenId UnionId UserId ExternalUserId);
