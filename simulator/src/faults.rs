//! One general fault: the next N calls to an endpoint get this reply, this delay, this drop.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Answer;
use crate::call::Side;
use crate::clock::Clock;
use crate::control::Problem;
use crate::{api, native, oapi, wecom};

/// Every endpoint of the oapi host.
const ALL_OAPI: &str = "*";
/// Every native call.
const ALL_NATIVE: &str = "native/*";
/// Every endpoint of WeCom's host.
const ALL_QYAPI: &str = "/cgi-bin/*";
const MOST_PENDING: usize = 1000;
const MOST_TIMES: u64 = 1_000_000;
const LONGEST_DELAY_MS: u64 = 600_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Given by the simulator, to remove this one by.
    #[serde(skip_deserializing)]
    id: u64,
    endpoint: String,
    /// How many calls it is still for.
    #[serde(default = "once")]
    times: u64,
    #[serde(default)]
    delay_ms: u64,
    /// No answer at all: hosts hang up, the native side stays silent.
    #[serde(default)]
    pub drop: bool,
    #[serde(default)]
    reply: Option<Reply>,
    /// Of WeCom's host: its own answer with this code, instead of a reply that is written out.
    #[serde(default)]
    errcode: Option<i64>,
    /// The endpoint does its work first, so that a code is used up although the caller does not hear of it.
    #[serde(default)]
    pub after: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reply {
    #[serde(default = "ok_status")]
    status: u16,
    #[serde(default = "json_type")]
    content_type: String,
    /// Text is sent as it is, any other JSON value as JSON.
    #[serde(default)]
    body: Value,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

fn once() -> u64 {
    1
}

fn ok_status() -> u16 {
    200
}

fn json_type() -> String {
    "application/json".to_owned()
}

impl Fault {
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The answer that replaces the real one, if this fault has one.
    pub fn answer(&self) -> Option<Answer> {
        self.reply.as_ref().and_then(|reply| reply.answer().ok())
    }

    pub fn validate(&self) -> Result<(), Problem> {
        // A fault for a misspelt endpoint would never happen, and the test that waits for it would be green.
        if !endpoints().any(|endpoint| endpoint == self.endpoint) {
            let known: Vec<_> = endpoints().collect();
            return Err(Problem::value("endpoint", format!("must be one of {}", known.join(", "))));
        }
        if !(1..=MOST_TIMES).contains(&self.times) {
            return Err(Problem::value("times", format!("must be between 1 and {MOST_TIMES}")));
        }
        if self.delay_ms > LONGEST_DELAY_MS {
            return Err(Problem::value("delayMs", format!("must be at most {LONGEST_DELAY_MS}")));
        }
        if self.drop && self.reply.is_some() {
            return Err(Problem::value("reply", "cannot be given together with drop".to_owned()));
        }
        if !self.drop && self.reply.is_none() && self.delay_ms == 0 {
            return Err(Problem::value("reply", "one of reply, drop and delayMs must be given".to_owned()));
        }
        self.reply.as_ref().map_or(Ok(()), |reply| reply.answer().map(drop))
    }

    /// Puts the errcode, if one is given, into a reply as WeCom would word it.
    pub fn word(&mut self, settings: &wecom::Settings, clock: &Clock) -> Result<(), Problem> {
        let Some(code) = self.errcode else { return Ok(()) };
        let wrong = |words: String| Err(Problem::value("errcode", words));
        if wecom::side(&self.endpoint) != Some(Side::Qyapi) {
            return wrong("is for the endpoints of WeCom's host; give a reply".to_owned());
        }
        if self.reply.is_some() {
            return wrong("cannot be given together with reply".to_owned());
        }
        let Some(answer) = wecom::injected(settings, code, clock) else {
            let known: Vec<_> = wecom::known_codes().map(|code| code.to_string()).collect();
            return wrong(format!("must be one of {}", known.join(", ")));
        };
        self.reply = Some(Reply::of(&answer));
        Ok(())
    }

    fn concerns(&self, side: Side, endpoint: &str) -> bool {
        let all = match side {
            Side::Oapi => ALL_OAPI,
            Side::Native => ALL_NATIVE,
            Side::Qyapi => ALL_QYAPI,
            Side::Link => endpoint,
        };
        self.endpoint == all || self.endpoint == endpoint
    }
}

fn endpoints() -> impl Iterator<Item = &'static str> {
    let ours = oapi::paths().chain(api::paths()).chain(native::endpoints()).chain(wecom::endpoints());
    ours.chain([ALL_OAPI, ALL_NATIVE, ALL_QYAPI])
}

impl Reply {
    fn of(answer: &Answer) -> Self {
        let headers = answer.headers.iter().filter(|(name, _)| *name != header::CONTENT_TYPE);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self {
            status: answer.status.as_u16(),
            content_type: json_type(),
            body: serde_json::from_str(&answer.body).unwrap_or_default(),
            headers: headers.map(|(name, value)| (name.to_string(), text(value))).collect(),
        }
    }

    fn answer(&self) -> Result<Answer, Problem> {
        let status = StatusCode::from_u16(self.status).ok().filter(|status| status.as_u16() >= 200);
        let status =
            status.ok_or_else(|| Problem::value("reply.status", "must be between 200 and 999".to_owned()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let field = || Problem::value("reply.headers", format!("{name:?} is not a header"));
            let name = HeaderName::try_from(name).map_err(|_| field())?;
            headers.insert(name, HeaderValue::try_from(value).map_err(|_| field())?);
        }
        let content_type = HeaderValue::try_from(&self.content_type)
            .map_err(|_| Problem::value("reply.contentType", "is not a header value".to_owned()))?;
        headers.insert(header::CONTENT_TYPE, content_type);
        let body = match &self.body {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            json => json.to_string(),
        };
        let noted: Value = serde_json::from_str(&body).unwrap_or_default();
        let errcode = noted_code(&noted);
        let sub_code = noted["sub_code"].as_str().map(str::to_owned);
        Ok(Answer { status, headers, body, errcode, sub_code })
    }
}

/// The code that the journal shows for such a body: a native message's own number says more than the client's 3, and an
/// address that was banned is told by `status` alone.
fn noted_code(body: &Value) -> Option<i64> {
    let message = body["errorMessage"].as_str().unwrap_or_default();
    let number = message.trim_start_matches("Code:").split(|c: char| !c.is_ascii_digit()).next();
    let in_message = || number.and_then(|digits| digits.parse().ok());
    body["errcode"]
        .as_i64()
        .or_else(in_message)
        .or_else(|| body["errorCode"].as_i64())
        .or_else(|| body["status"].as_i64())
}

#[derive(Default)]
pub struct Faults {
    pending: Vec<Fault>,
    last: u64,
}

impl Faults {
    pub fn add(&mut self, mut fault: Fault) -> Result<(), Problem> {
        if self.pending.len() >= MOST_PENDING {
            return Err(Problem::value("endpoint", format!("{MOST_PENDING} faults are pending already")));
        }
        self.last += 1;
        fault.id = self.last;
        self.pending.push(fault);
        Ok(())
    }

    /// Whether there was one of this id.
    pub fn remove(&mut self, id: u64) -> bool {
        let before = self.pending.len();
        self.pending.retain(|fault| fault.id != id);
        self.pending.len() < before
    }

    /// The oldest fault for this call, which then is for one call less.
    pub fn take(&mut self, side: Side, endpoint: &str) -> Option<Fault> {
        let at = self.pending.iter().position(|fault| fault.concerns(side, endpoint))?;
        let fault = self.pending.get_mut(at)?;
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.pending.remove(at);
        }
        Some(taken)
    }

    pub fn pending(&self) -> &[Fault] {
        &self.pending
    }

    pub fn clear(&mut self) {
        self.pending.clear();
    }
}
