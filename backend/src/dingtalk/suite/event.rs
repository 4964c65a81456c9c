//! What DingTalk pushes to a suite.

use super::seal::{Opened, milliseconds};
use crate::config::{Secret, Suite};
use miandeng_shared::CorpId;
use serde_json::{Map, Value};
use std::time::Duration;

/// A push that is for this suite.
#[derive(Debug)]
pub struct Message {
    pub event: Event,
    /// When it happened, by DingTalk's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// When it was pushed: the same event can be pushed again.
    pub pushed_ms: u64,
    /// Whom it is for: the suite key, or the test key of a check. The answer goes back under the same name.
    pub receiver: String,
}

/// What a push is about.
#[derive(Debug)]
pub enum Event {
    /// DingTalk checks the address, perhaps before the suite exists, and wants this word back.
    CheckUrl {
        random: String,
    },
    SuiteTicket {
        ticket: Secret,
    },
    /// A corporation authorised the suite; the code is good for one exchange.
    TmpAuthCode {
        code: Secret,
        corp: Option<CorpId>,
    },
    /// A corporation changed what it allows the suite.
    ChangeAuth {
        corp: CorpId,
    },
    /// A corporation took its authorisation back.
    SuiteRelieve {
        corp: CorpId,
    },
    /// One of the many events that a gateway has no use for.
    Other {
        name: String,
    },
}

impl Event {
    /// The event as a metric label; whatever we do not know is one and the same.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Event::CheckUrl { .. } => "check_url",
            Event::SuiteTicket { .. } => "suite_ticket",
            Event::TmpAuthCode { .. } => "tmp_auth_code",
            Event::ChangeAuth { .. } => "change_auth",
            Event::SuiteRelieve { .. } => "suite_relieve",
            Event::Other { .. } => "other",
        }
    }
}

/// Why a genuine envelope is not followed: for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotForUs {
    /// It is another suite's.
    Receiver,
    /// Not JSON, or an event without what it must have.
    Content,
}

impl NotForUs {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            NotForUs::Receiver => "receiver",
            NotForUs::Content => "content",
        }
    }
}

impl Message {
    /// Reads what an envelope held, if it is for `suite`.
    pub fn read(suite: &Suite, opened: Opened) -> Result<Self, NotForUs> {
        let Opened { text, receiver, at_ms: pushed_ms } = opened;
        let Ok(Value::Object(fields)) = serde_json::from_str(&text) else { return Err(NotForUs::Content) };
        let name = field(&fields, "EventType").unwrap_or_default();
        let is_check = matches!(name.as_str(), "check_create_suite_url" | "check_update_suite_url");
        // Before a suite has its key, the check names the one that it is encrypted for.
        let test_key = field(&fields, "TestSuiteKey").filter(|_| is_check);
        if receiver != suite.suite_key && test_key.as_deref() != Some(&receiver) {
            return Err(NotForUs::Receiver);
        }
        let event = event(&fields, name).ok_or(NotForUs::Content)?;
        let happened = field(&fields, "TimeStamp").as_deref().and_then(milliseconds);
        Ok(Self { event, at_ms: happened_at(happened, pushed_ms), pushed_ms, receiver })
    }
}

fn event(fields: &Map<String, Value>, name: String) -> Option<Event> {
    let corp = || field(fields, "AuthCorpId").and_then(|id| CorpId::new(id).ok());
    let secret = |name| field(fields, name).map(Secret::new);
    Some(match name.as_str() {
        "check_create_suite_url" | "check_update_suite_url" => {
            Event::CheckUrl { random: field(fields, "Random")? }
        }
        "suite_ticket" => Event::SuiteTicket { ticket: secret("SuiteTicket")? },
        "tmp_auth_code" => Event::TmpAuthCode { code: secret("AuthCode")?, corp: corp() },
        "change_auth" => Event::ChangeAuth { corp: corp()? },
        "suite_relieve" => Event::SuiteRelieve { corp: corp()? },
        _ => Event::Other { name: plain(&name) },
    })
}

/// Longer than DingTalk goes on pushing what was not answered.
const OLDEST_EVENT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The event's own time, unless it makes no sense beside that of its push (DingTalk's samples have `1234456`).
fn happened_at(happened: Option<u64>, pushed_ms: u64) -> u64 {
    let sane =
        |at: &u64| pushed_ms.checked_sub(*at).is_some_and(|age| u128::from(age) <= OLDEST_EVENT.as_millis());
    happened.filter(sane).unwrap_or(pushed_ms)
}

/// Texts may be numbers, and empty is missing.
fn field(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A name for the log.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSHED: u64 = 1_700_000_000_000;

    fn read(receiver: &str, text: &str) -> Result<Message, NotForUs> {
        let suite = Suite { suite_key: "suitexyz".into(), ..Suite::example() };
        Message::read(&suite, Opened { text: text.into(), receiver: receiver.into(), at_ms: PUSHED })
    }

    #[test]
    fn only_a_check_may_be_for_a_test_key() {
        let check = r#"{"EventType":"check_create_suite_url","Random":"r1","TestSuiteKey":"suitetest"}"#;
        let message = read("suitetest", check).unwrap();
        assert!(matches!(&message.event, Event::CheckUrl { random } if random == "r1"));
        assert_eq!(message.receiver, "suitetest");
        assert!(read("suitexyz", check).is_ok());
        assert_eq!(read("suiteother", check).unwrap_err(), NotForUs::Receiver);
        let ticket = r#"{"EventType":"suite_ticket","SuiteTicket":"t1","TestSuiteKey":"suitetest"}"#;
        assert_eq!(read("suitetest", ticket).unwrap_err(), NotForUs::Receiver);
        assert_eq!(read("", ticket).unwrap_err(), NotForUs::Receiver);
        assert!(read("suitexyz", ticket).is_ok());
    }

    #[test]
    fn an_event_needs_its_content() {
        for text in [
            "",
            "[]",
            "success",
            r#"{"EventType":"suite_ticket"}"#,
            r#"{"EventType":"suite_ticket","SuiteTicket":""}"#,
            r#"{"EventType":"suite_relieve"}"#,
            r#"{"EventType":"suite_relieve","AuthCorpId":"a/../b"}"#,
            r#"{"EventType":"tmp_auth_code"}"#,
            r#"{"EventType":"check_update_suite_url"}"#,
        ] {
            assert_eq!(read("suitexyz", text).unwrap_err(), NotForUs::Content, "{text}");
        }
        for (text, name) in [
            (r#"{"EventType":"org_micro_app_stop<script>"}"#, "org_micro_app_stopscript"),
            (r#"{"EventType":7}"#, "7"),
            ("{}", ""),
        ] {
            let event = read("suitexyz", text).unwrap().event;
            assert!(matches!(&event, Event::Other { name: known } if known == name), "{event:?}");
        }
    }

    #[test]
    fn an_events_time_is_its_own_where_that_makes_sense() {
        let at = |time: &str| {
            let text = format!(r#"{{"EventType":"suite_ticket","SuiteTicket":"t","TimeStamp":{time}}}"#);
            read("suitexyz", &text).unwrap().at_ms
        };
        assert_eq!(at("1699999999000"), 1_699_999_999_000);
        assert_eq!(at("\"1699999999\""), 1_699_999_999_000);
        for nonsense in ["\"1234456\"", "null", "\"soon\"", "1700000000001", "-1", "1.5"] {
            assert_eq!(at(nonsense), PUSHED, "{nonsense}");
        }
    }
}
