//! Answers of our server and the state that passes to the view: JavaScript parses the JSON, and each type takes its fields
//! from the object. serde would be 5 kB of the login's 18, most of it for what our answers do not have.

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

/// The struct `$name`, each field under its name on the wire.
macro_rules! reads {
    ($name:ident { $($field:ident $key:literal),* $(,)? }) => {
        impl $crate::json::Read for $name {
            fn read(value: &wasm_bindgen::JsValue) -> Option<Self> {
                Some(Self { $($field: $crate::json::Read::read(&$crate::js::get(value, $key))?),* })
            }
        }
    };
}
pub(crate) use reads;

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
        let length = u32::read(&js::get(value, "length"))?;
        (0..length).map(|at| T::read(&js::item(value, at))).collect()
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

/// Writes one JSON object, field by field.
#[derive(Default)]
pub struct Object(String);

impl Object {
    /// A field whose value is JSON already.
    pub fn raw(mut self, name: &'static str, json: &str) -> Self {
        self.0.push_str(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(json);
        self
    }

    pub fn text(self, name: &'static str, value: &str) -> Self {
        self.raw(name, &quoted(value))
    }

    /// A field that is left out where it has no value.
    pub fn maybe(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub fn end(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// A number in digits. The standard library's way comes with everything else that can be formatted, 1 kB of brotli.
pub fn decimal(number: u32) -> String {
    let last = char::from_digit(number % 10, 10).unwrap_or_default();
    let mut digits = if number < 10 { String::new() } else { decimal(number / 10) };
    digits.push(last);
    digits
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..'\x20' => {
                quoted.push_str("\\u00");
                let [high, low] = [u32::from(c) as usize >> 4, u32::from(c) as usize & 15];
                quoted.extend([char::from(HEX[high & 15]), char::from(HEX[low])]);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_one_string() {
        for text in ["", "a", "\"\\\"", "\n\t\0\u{1f}\x7f", "中文 \u{2028}😀", "</script>"] {
            assert_eq!(serde_json::from_str::<String>(&quoted(text)).unwrap(), text);
        }
    }

    #[test]
    fn every_number_has_its_digits() {
        for number in [0, 7, 9, 10, 99, 100, 404, 65_535, u32::MAX] {
            assert_eq!(decimal(number), number.to_string());
        }
    }

    #[test]
    fn an_object_has_its_fields() {
        assert_eq!(Object::default().end(), "{}");
        let object =
            Object::default().text("a", "\"").maybe("b", None).maybe("c", Some("x")).raw("d", "[1]").end();
        assert_eq!(object, r#"{"a":"\"","c":"x","d":[1]}"#);
    }
}
