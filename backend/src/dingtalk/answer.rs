//! Reading what DingTalk answers, which is not always what its documentation says: numbers arrive as strings, errors
//! hide inside errcode 88, and the address ban is HTML or has no errcode at all.

use super::error::{Error, Kind, Role, classify, classify_api};
use miandeng_shared::DingTalkError;
use serde_json::{Map, Value};

/// A successful answer of the `oapi` host.
#[derive(Debug)]
pub(super) struct Answer {
    endpoint: &'static str,
    fields: Map<String, Value>,
}

impl Answer {
    /// Tells success from failure in the body of a reply.
    pub fn read(endpoint: &'static str, role: Role, http_ok: bool, body: &[u8]) -> Result<Self, Error> {
        let bad = || Error::new(endpoint, Kind::BadAnswer);
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Err(bad()) };
        if number(fields.get("status")) == Some(1111) {
            return Err(banned(endpoint));
        }
        match number(fields.get("errcode")) {
            Some(0) if http_ok => Ok(Self { endpoint, fields }),
            Some(0) | None => Err(bad()),
            Some(errcode) => Err(refusal(endpoint, role, errcode, &fields)),
        }
    }

    /// The same for the `api` host: failures come with a status of their own, success has no code at all.
    pub fn read_api(endpoint: &'static str, role: Role, http_ok: bool, body: &[u8]) -> Result<Self, Error> {
        let bad = || Error::new(endpoint, Kind::BadAnswer);
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Err(bad()) };
        if number(fields.get("status")) == Some(1111) {
            return Err(banned(endpoint));
        }
        if http_ok {
            return Ok(Self { endpoint, fields });
        }
        let Some(code) = fields.get("code").and_then(short_text) else { return Err(bad()) };
        let kind = classify_api(&code, role);
        let request_id = fields.get("requestid").or(fields.get("requestId")).and_then(short_text);
        let said = DingTalkError { code, sub_code: None, request_id };
        let words = words(kind, fields.get("message"));
        Err(Error { said: Some(Box::new(said)), words, ..Error::new(endpoint, kind) })
    }

    /// A failure of the call that gave this answer.
    pub fn error(&self, kind: Kind) -> Error {
        Error::new(self.endpoint, kind)
    }

    /// An identifier that has to be there.
    pub fn id<T, E>(&self, field: &str, new: impl FnOnce(String) -> Result<T, E>) -> Result<T, Error> {
        new(self.text(field)?).map_err(|_| self.error(Kind::BadAnswer))
    }

    /// An identifier that may be missing.
    pub fn optional_id<T, E>(
        &self,
        field: &str,
        new: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<Option<T>, Error> {
        self.optional_text(field).map(new).transpose().map_err(|_| self.error(Kind::BadAnswer))
    }

    /// A text that has to be there and not empty.
    pub fn text(&self, field: &str) -> Result<String, Error> {
        self.optional_text(field).ok_or_else(|| self.error(Kind::BadAnswer))
    }

    /// A text that may be missing or empty, which is the same.
    pub fn optional_text(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(s) if !s.is_empty() => Some(s.clone()),
            Value::Number(n) => Some(n.to_string()),
            _ => None,
        }
    }

    /// A whole number, also where it came as a string.
    pub fn number(&self, field: &str) -> Option<i64> {
        number(self.fields.get(field))
    }

    /// A value of any shape.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }

    /// The object that `topapi` wraps its facts in.
    pub fn result(mut self) -> Result<Self, Error> {
        match self.fields.remove("result") {
            Some(Value::Object(fields)) => Ok(Self { endpoint: self.endpoint, fields }),
            _ => Err(Error::new(self.endpoint, Kind::BadAnswer)),
        }
    }
}

/// The ban of our address is in the format of neither host.
fn banned(endpoint: &'static str) -> Error {
    let said = DingTalkError { code: "1111".into(), ..DingTalkError::default() };
    Error { said: Some(Box::new(said)), ..Error::new(endpoint, Kind::Banned) }
}

fn number(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => s.trim().parse().ok(),
        _ => None,
    }
}

/// errcode 88 is an envelope: the code that counts is in `sub_code`, a string.
const WRAPPED: i64 = 88;

fn refusal(endpoint: &'static str, role: Role, errcode: i64, fields: &Map<String, Value>) -> Error {
    let sub_code = fields.get("sub_code").and_then(short_text);
    let code = if errcode == WRAPPED { number(fields.get("sub_code")).unwrap_or(errcode) } else { errcode };
    let kind = classify(code, role, endpoint);
    let said = DingTalkError {
        code: errcode.to_string(),
        sub_code,
        request_id: fields.get("request_id").and_then(short_text),
    };
    let words = words(kind, fields.get("sub_msg").or(fields.get("errmsg")));
    Error { said: Some(Box::new(said)), words, ..Error::new(endpoint, kind) }
}

/// What an operator needs to mend a configuration stands in DingTalk's message; of other failures it says nothing new.
fn words(kind: Kind, message: Option<&Value>) -> Option<String> {
    const ENOUGH: usize = 200;
    let message = message?.as_str().filter(|_| kind.policy().logs_words)?;
    Some(message.chars().take(ENOUGH).collect())
}

/// Codes and request ids are handed on to the page, so only short, plain ones are.
fn short_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(s) => s.clone(),
        Value::Number(n) => n.to_string(),
        _ => return None,
    };
    let plain = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    plain.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(role: Role, body: &str) -> Result<Answer, Error> {
        Answer::read("/channel/user/get_by_code", role, true, body.as_bytes())
    }

    fn kind(body: &str) -> Kind {
        read(Role::Call, body).unwrap_err().kind
    }

    #[test]
    fn numbers_may_be_strings() {
        let answer = read(Role::Call, r#"{"errcode":"0","contact_type":"1","openid":"o"}"#).unwrap();
        assert_eq!(answer.number("contact_type"), Some(1));
        assert_eq!(answer.text("openid").unwrap(), "o");
        assert_eq!(answer.text("unionid").unwrap_err().kind, Kind::BadAnswer);
    }

    #[test]
    fn errcode_88_is_an_envelope() {
        let error = read(
            Role::Call,
            r#"{"errcode":88,"sub_code":"40014","sub_msg":"不合法的access_token","errmsg":"x","request_id":"abc1"}"#,
        )
        .unwrap_err();
        assert_eq!(error.kind, Kind::TokenRejected);
        let said = error.said.unwrap();
        assert_eq!((said.code.as_str(), said.sub_code.as_deref()), ("88", Some("40014")));
        assert_eq!(said.request_id.as_deref(), Some("abc1"));
        assert_eq!(
            kind(r#"{"errcode":88,"sub_code":"40000","sub_msg":"access_token is blank"}"#),
            Kind::Refused
        );
    }

    #[test]
    fn what_is_not_an_answer() {
        for body in ["", "<html>busy</html>", "[]", "null", "{}", r#"{"errcode":null}"#] {
            assert_eq!(kind(body), Kind::BadAnswer, "{body}");
        }
        assert_eq!(
            kind(r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}"#),
            Kind::Banned
        );
        let half = Answer::read("/gettoken", Role::Token, false, br#"{"errcode":0}"#);
        assert_eq!(half.unwrap_err().kind, Kind::BadAnswer);
    }

    #[test]
    fn the_same_code_on_a_token_endpoint_is_a_wrong_secret() {
        for code in [33001, 40001, 40014, 42001] {
            let body = format!(r#"{{"errcode":{code},"errmsg":"x"}}"#);
            assert_eq!(read(Role::Call, &body).unwrap_err().kind, Kind::TokenRejected);
            assert_eq!(read(Role::Token, &body).unwrap_err().kind, Kind::Misconfigured);
        }
    }

    #[test]
    fn every_class_of_code_has_its_outcome() {
        for (code, expected) in [
            (-1, Kind::Busy),
            (15, Kind::Busy),
            (22, Kind::Refused),
            (404, Kind::Retired),
            (40078, Kind::CodeRejected),
            (42003, Kind::CodeRejected),
            (40073, Kind::NotFollowing),
            (60121, Kind::UserUnknown),
            (50002, Kind::NotPermitted),
            (40089, Kind::Misconfigured),
            (40096, Kind::Misconfigured),
            (60011, Kind::Misconfigured),
            (60020, Kind::Misconfigured),
            (52019, Kind::Misconfigured),
            (41001, Kind::Refused),
            (43001, Kind::Refused),
            (45009, Kind::Suspended),
            (90001, Kind::Suspended),
            (90018, Kind::Throttled),
            (90020, Kind::Quota),
            (987_654, Kind::Refused),
        ] {
            assert_eq!(kind(&format!(r#"{{"errcode":{code},"errmsg":"x"}}"#)), expected, "{code}");
        }
    }

    #[test]
    fn the_api_host_names_its_codes() {
        let kind = |role: Role, code: &str| {
            let body = format!(r#"{{"code":"{code}","message":"m","requestid":"r1"}}"#);
            let error = Answer::read_api("/v1.0/x", role, false, body.as_bytes()).unwrap_err();
            assert_eq!(error.said.unwrap().request_id.as_deref(), Some("r1"));
            error.kind
        };
        for (code, expected) in [
            ("InvalidAuthentication", Kind::TokenRejected),
            ("AuthenticationFailed.MissingParameter", Kind::Refused),
            ("Forbidden.AccessDenied.AccessTokenPermissionDenied", Kind::Misconfigured),
            ("Forbidden.AccessDenied.IpNotInWhiteList", Kind::Misconfigured),
            ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", Kind::Throttled),
            ("Forbidden.AccessDenied.QpsLimitForApi", Kind::Throttled),
            ("Forbidden.AccessDenied.ApiCountLimitForOrg", Kind::Quota),
            ("systemBusy", Kind::Busy),
            ("unknownError", Kind::Busy),
            ("anythingElse", Kind::Refused),
        ] {
            assert_eq!(kind(Role::Call, code), expected, "{code}");
        }
        assert_eq!(kind(Role::Token, "invalidClientIdOrSecret"), Kind::Misconfigured);
        let ok = Answer::read_api("/v1.0/x", Role::Token, true, br#"{"accessToken":"t","expireIn":7200}"#)
            .unwrap();
        assert_eq!((ok.text("accessToken").unwrap().as_str(), ok.number("expireIn")), ("t", Some(7200)));
        let html = Answer::read_api("/v1.0/x", Role::Token, true, b"<html>").unwrap_err();
        assert_eq!(html.kind, Kind::BadAnswer);
    }

    #[test]
    fn the_operator_reads_which_address_is_not_allowed() {
        let error =
            read(Role::Call, r#"{"errcode":60020,"errmsg":"访问ip不在白名单之中,request ip=203.0.113.7"}"#)
                .unwrap_err();
        assert!(error.to_string().contains("203.0.113.7"), "{error}");
        let other = read(Role::Call, r#"{"errcode":40078,"errmsg":"somebody's code"}"#).unwrap_err();
        assert_eq!(other.words, None);
    }

    #[test]
    fn nothing_long_or_odd_is_handed_on() {
        let error =
            read(Role::Call, r#"{"errcode":40035,"request_id":"<script>","sub_code":{"a":1}}"#).unwrap_err();
        assert_eq!(
            *error.said.unwrap(),
            DingTalkError { code: "40035".into(), sub_code: None, request_id: None }
        );
    }
}
