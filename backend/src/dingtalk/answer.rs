//! Reading what DingTalk answers, which is not always what its documentation says: numbers arrive as strings, the address
//! ban is HTML or has no errcode at all, and an error comes in one of several envelopes, of which the old host uses all:
//!
//! - `{"errcode":40078,"errmsg":"…"}`, the usual one; the gateway of the new host says `{"code":"…","message":"…"}`;
//! - `{"errcode":88,"sub_code":"40014","sub_msg":"…"}`, where the sub code counts; without it, it stands in the message:
//!   `ding talk error[subcode=40014,submsg=…]`; with 15, too, and as `isv.40014`;
//! - `{"error_response":{"code":15,"msg":"…","sub_code":"…","sub_msg":"…"}}`, of the gateway that `topapi` stands behind;
//! - `{"dingtalk_…_response":{"result":{"ding_open_errcode":…,"error_msg":"…","success":false}}}`, also without its outermost
//!   layer, and with `errorCode` and `errorMsg`.

use super::errcodes::classify;
use crate::upstream::{
    self, Error, Kind, Reply, Role, json, named_pause, number, seconds, unpacked, whole, without_fraction,
};
use miandeng_shared::UpstreamError;
use serde_json::{Map, Value};
use std::time::Duration;

/// A successful answer of either host.
#[derive(Debug)]
pub(super) struct Answer {
    endpoint: &'static str,
    fields: Map<String, Value>,
}

impl Answer {
    /// Tells success from failure. Success may come without a code: whether everything that is needed is there shows when
    /// it is read.
    pub fn read(endpoint: &'static str, role: Role, reply: &Reply) -> Result<Self, Error> {
        match success(endpoint, role, reply) {
            Ok(fields) => Ok(Self { endpoint, fields }),
            Err(error) => Err(reply.with_pause(error)),
        }
    }

    /// A failure of the call that gave this answer.
    pub fn error(&self, kind: Kind) -> Error {
        Error::new(self.endpoint, kind)
    }

    /// An identifier that has to be there.
    pub fn id<T, E>(&self, field: &str, new: impl FnOnce(String) -> Result<T, E>) -> Result<T, Error> {
        self.optional_id(field, new).ok_or_else(|| self.error(Kind::BadAnswer))
    }

    /// An identifier that may be missing. One that cannot be one costs no more than that.
    pub fn optional_id<T, E>(&self, field: &str, new: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        new(self.optional_text(field)?).ok()
    }

    /// A text that has to be there and not empty.
    pub fn text(&self, field: &str) -> Result<String, Error> {
        self.optional_text(field).ok_or_else(|| self.error(Kind::BadAnswer))
    }

    /// A text that may be missing or empty, which is the same.
    pub fn optional_text(&self, field: &str) -> Option<String> {
        upstream::text(self.fact(field)?)
    }

    /// A whole number, also where it came as a string.
    pub fn number(&self, field: &str) -> Option<i64> {
        number(self.fact(field)?)
    }

    /// Whole seconds.
    pub fn seconds(&self, field: &str) -> Option<i64> {
        seconds(self.fact(field)?)
    }

    /// A fact by its documented name, else by one that [`find`] takes for the same.
    fn fact(&self, field: &str) -> Option<&Value> {
        let documented = self.fields.get(field).filter(|value| !value.is_null());
        documented.or_else(|| find(&self.fields, &[&field.replace('_', "").to_ascii_lowercase()]))
    }

    /// A value of any shape, by its name as [`find`] compares it.
    pub fn value(&self, field: &str) -> Option<&Value> {
        find(&self.fields, &[field])
    }

    /// The object that `topapi` wraps its facts in; without it, the facts stand where they stood before `topapi`.
    pub fn result(mut self) -> Self {
        match self.fields.remove("result") {
            Some(Value::Object(fields)) => Self { endpoint: self.endpoint, fields },
            _ => self,
        }
    }
}

fn success(endpoint: &'static str, role: Role, reply: &Reply) -> Result<Map<String, Value>, Error> {
    let Some(fields) = object(&reply.body) else {
        let kind = if is_ban(&reply.body) { Kind::Banned } else { Kind::BadAnswer.of_status(reply.status) };
        return Err(Error::new(endpoint, kind));
    };
    if fields.get("status").and_then(number) == Some(BAN) {
        let said = UpstreamError { code: BAN.to_string(), ..UpstreamError::default() };
        return Err(Error { said: Some(Box::new(said)), ..Error::new(endpoint, Kind::Banned) });
    }
    let (mut fields, is_gateway) = unwrapped(fields);
    if let Some(result) = fields.get_mut("result") {
        *result = unpacked(result.take());
    }
    let inner = fields.get("result").and_then(Value::as_object);
    // A plain `code` within `result` may be a fact; the other names are errors wherever they stand.
    let said = code(&fields, &CODES).map(|code| (code, &fields));
    let said = said.or_else(|| inner.and_then(|inner| Some((code(inner, &CODES[..3])?, inner))));
    if let Some((code, level)) = said {
        let error = refusal(endpoint, role, reply.status, (&code, is_gateway), level);
        let sub_code = sub_code(level);
        let request_id = [level, &fields].into_iter().find_map(|level| text(level, &["requestid"]));
        return Err(Error { said: Some(Box::new(UpstreamError { code, sub_code, request_id })), ..error });
    }
    // A code that is there and cannot be read is no sign of success.
    let is_odd = find(&fields, &CODES).is_some_and(|code| short_text(code).is_none());
    if is_odd || !reply.is_success() {
        return Err(Error::new(endpoint, Kind::BadAnswer.of_status(reply.status)));
    }
    Ok(fields)
}

/// What the ban of our address says in place of an errcode.
const BAN: i64 = 1111;

/// The ban on a page of HTML.
fn is_ban(body: &[u8]) -> bool {
    // Within markup or a script the quotation marks are escaped, or not there.
    let mut page = String::from_utf8_lossy(body).replace("&quot;", "").replace("&#34;", "");
    page.retain(|c| !c.is_whitespace() && !"\\\"'".contains(c));
    page.contains(&format!("status:{BAN}")) || page.contains("punish:deny")
}

fn object(body: &[u8]) -> Option<Map<String, Value>> {
    match json(body) {
        Some(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// What is inside `…_response`, and whether that is the gateway's error.
fn unwrapped(mut fields: Map<String, Value>) -> (Map<String, Value>, bool) {
    let Some(name) = fields.keys().find(|name| name.ends_with("_response")).cloned() else {
        return (fields, false);
    };
    match fields.remove(&name).map(unpacked) {
        Some(Value::Object(inner)) => (inner, name == "error_response"),
        _ => (fields, false),
    }
}

/// The names of an error code, as [`find`] compares them.
const CODES: [&str; 4] = ["errcode", "dingopenerrcode", "errorcode", "code"];
/// Where the words are; the inner ones say more.
const MESSAGES: [&str; 6] = ["submsg", "errmsg", "errormsg", "errormessage", "message", "msg"];

/// The first of these names that is there. The hosts do not agree on case and underscores.
pub(super) fn find<'a>(fields: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    let named = |name: &&str| fields.iter().find(|(key, value)| !value.is_null() && is_named(key, name));
    names.iter().find_map(named).map(|(_, value)| value)
}

fn is_named(key: &str, name: &str) -> bool {
    key.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase()).eq(name.bytes())
}

fn text(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    find(fields, names).and_then(short_text)
}

/// The code of a failure: the first of these names decides, and 0 is none.
fn code(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    let is_success = |code: &str| {
        code.parse::<i64>() == Ok(0) || ["ok", "success"].iter().any(|ok| code.eq_ignore_ascii_case(ok))
    };
    text(fields, names).filter(|code| !is_success(code))
}

/// What `level` complains of, by its code and whether that is the gateway's.
fn refusal(
    endpoint: &'static str,
    role: Role,
    status: u16,
    (code, is_gateway): (&str, bool),
    level: &Map<String, Value>,
) -> Error {
    let sub_code = sub_code(level);
    // Of an envelope it is the sub code that counts; elsewhere it says more where the code says nothing.
    let mut codes = [Some(code), sub_code.as_deref()];
    if is_gateway || WRAPPED.contains(&code) {
        codes.reverse();
    }
    let kinds = codes.into_iter().flatten().map(|code| classify(code, role, endpoint));
    let kind = kinds.reduce(|one, other| if one == Kind::Refused { other } else { one });
    let error = Error::new(endpoint, kind.unwrap_or(Kind::Refused).of_status(status));
    let pause = messages(level).find_map(pause_in);
    let words = messages(level).next().and_then(|message| words(error.kind, message));
    Error { retry_after: pause.or(error.retry_after), words, ..error }
}

/// All that it says: a field may be empty, or say less than the next.
fn messages(level: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let said = MESSAGES.iter().filter_map(|name| find(level, &[name])?.as_str());
    said.filter(|message| !message.trim().is_empty())
}

/// A field of its own, or within the message: `ding talk error[subcode=40014,submsg=…]`, in any case and order.
fn sub_code(level: &Map<String, Value>) -> Option<String> {
    let in_message = || {
        let bracketed = messages(level).filter_map(|said| Some(said.split_once(['[', '【'])?.1));
        let parts = bracketed.flat_map(|rest| rest.split(['[', ',', ']', '【', '，', '】']));
        let pairs = parts.filter_map(|part| part.split_once('='));
        let mut codes = pairs.filter(|(name, _)| is_named(name.trim(), "subcode"));
        codes.find_map(|(_, code)| short_text(&code.trim().into()))
    };
    text(level, &["subcode", "suberrcode"]).or_else(in_message)
}

/// These are envelopes: the code that counts is in `sub_code`, a string. 15 is the gateway's, also without its layer.
const WRAPPED: [&str; 2] = ["88", "15"];

/// `This ban will last for 1 more seconds`, or `从 … 到 2026-09-03 00:01:02 请求总次数超过 1200 次, 限制将在 2026-09-03 00:01:03 结束`.
fn pause_in(message: &str) -> Option<Duration> {
    if let Some((_, rest)) = message.split_once("will last for ") {
        return Some(named_pause(rest.split(' ').next()?.parse().ok()?));
    }
    let (period, _) = message.rsplit_once("结束")?;
    let mut times = period
        .rsplit(|c: char| !c.is_ascii_digit() && !"-: ".contains(c))
        .map(|part| humantime::parse_rfc3339_weak(part.trim()).ok());
    let (ends, counted) = (times.next()??, times.flatten().next()?);
    Some(named_pause(ends.duration_since(counted).ok()?.as_secs()))
}

/// What an operator needs to mend a configuration stands in DingTalk's message; of other failures it says nothing new.
fn words(kind: Kind, message: &str) -> Option<String> {
    const ENOUGH: usize = 200;
    (kind.policy().logs_words && !message.is_empty()).then(|| message.chars().take(ENOUGH).collect())
}

/// Codes and request ids are handed on to the page, so only short, plain ones are.
fn short_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(s) => without_fraction(s).to_owned(),
        Value::Number(n) => whole(n)?,
        _ => return None,
    };
    let plain = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    plain.then_some(text)
}

#[cfg(test)]
mod tests;
