//! What an envelope held: one classic event, or a SyncHTTP push of several.

use super::event::{Event, Item, event_of, happened_at, plain};
use super::fields::Fields;
use super::seal::{Envelope, milliseconds};
use super::sync;
use super::version::Version;
use crate::apps::Suite;
use crate::secret::Secret;

/// A push that is for this suite.
#[derive(Debug)]
pub struct Message {
    /// One, or as many as a SyncHTTP push holds, the oldest first.
    pub items: Vec<Item>,
    /// Whom it is for: the suite key, or the test key of a check. The answer goes back under the same name.
    pub receiver: String,
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
    pub fn read(suite: &Suite, opened: Envelope) -> Result<Self, NotForUs> {
        let Envelope { text, receiver, at_ms: pushed_ms } = opened;
        let fields = Fields::parse(&text).ok_or(NotForUs::Content)?;
        // An item of a SyncHTTP push that comes by itself has the other name.
        let named = |field| fields.text(field).map(|name| name.trim().to_ascii_lowercase());
        let named = |field| named(field).filter(|name| !name.is_empty());
        let name = named("eventtype").or_else(|| named("syncaction")).unwrap_or_default();
        let is_check = matches!(name.as_str(), "check_create_suite_url" | "check_update_suite_url");
        // Before a suite has its key, the check names the one that it is encrypted for.
        let test_key = fields.text("testsuitekey").filter(|_| is_check);
        if receiver != suite.suite_key && test_key.as_deref() != Some(&receiver) {
            return Err(NotForUs::Receiver);
        }
        let items = match sync::is_sync(&name) || fields.get("bizdata").is_some() {
            true => sync::items(&fields, suite, pushed_ms),
            false => classic(&fields, &name, pushed_ms).map(|item| vec![item]),
        };
        Ok(Self { items: items.ok_or(NotForUs::Content)?, receiver })
    }
}

fn classic(fields: &Fields, name: &str, pushed_ms: u64) -> Option<Item> {
    let corp = fields.corp("authcorpid").or_else(|| fields.corp("corpid"));
    let event = match name {
        "check_create_suite_url" | "check_update_suite_url" => {
            Event::CheckUrl { random: fields.text("random")? }
        }
        "tmp_auth_code" => Event::TmpAuthCode { code: Secret::new(fields.text("authcode")?), corp },
        "change_auth" => Event::ChangeAuth { corp: corp? },
        _ => event_of(name, fields, corp, None)?,
    };
    let happened = fields.text("timestamp").as_deref().and_then(milliseconds);
    let at_ms = happened_at(happened, pushed_ms);
    Some(Item { event, version: Version { seq: None, at_ms, pushed_ms, action: plain(name), sync: false } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSHED: u64 = 1_700_000_000_000;

    fn one(receiver: &str, text: &str) -> Item {
        read(receiver, text).unwrap().items.remove(0)
    }

    fn read(receiver: &str, text: &str) -> Result<Message, NotForUs> {
        let suite = Suite { suite_key: "suitexyz".into(), ..Suite::example() };
        Message::read(&suite, Envelope { text: text.into(), receiver: receiver.into(), at_ms: PUSHED })
    }

    #[test]
    fn only_a_check_may_be_for_a_test_key() {
        let check = r#"{"EventType":"check_create_suite_url","Random":"r1","TestSuiteKey":"suitetest"}"#;
        let message = read("suitetest", check).unwrap();
        assert!(matches!(&message.items[0].event, Event::CheckUrl { random } if random == "r1"));
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
            r#"{"EventType":"org_micro_app_stop","AuthCorpId":"dingcorp1"}"#,
            r#"{"EventType":"org_remove"}"#,
            r#"{"EventType":"user_leave_org","CorpId":"dingcorp1"}"#,
            r#"{"EventType":"check_update_suite_url"}"#,
        ] {
            assert_eq!(read("suitexyz", text).unwrap_err(), NotForUs::Content, "{text}");
        }
        assert!(matches!(
            one("suitexyz", r#"{"eventType":"SUITE_RELIEVE","corpId":"c1"}"#).event,
            Event::Relieve { .. }
        ));
        for (text, name) in [
            (r#"{"EventType":"market_buy<script>"}"#, "market_buyscript"),
            (r#"{"EventType":7}"#, "7"),
            ("{}", ""),
        ] {
            let item = one("suitexyz", text);
            assert!(matches!(&item.event, Event::Other) && item.version.action == name, "{item:?}");
        }
    }

    #[test]
    fn k02_an_event_is_known_by_its_name_with_blanks_around_it_and_by_the_items_own() {
        for text in [
            r#"{"EventType":" suite_ticket","SuiteTicket":"t7"}"#,
            r#"{"EventType":"Suite_Ticket\n","SuiteTicket":"t7"}"#,
            r#"{"syncAction":"suite_ticket","suiteTicket":"t7","syncSeq":"5"}"#,
            r#"{"EventType":"","syncAction":"suite_ticket ","suiteTicket":"t7"}"#,
        ] {
            assert!(matches!(one("suitexyz", text).event, Event::SuiteTicket { .. }), "{text}");
        }
        for text in [
            r#"{"EventType":"suite_Relieve ","AuthCorpId":"c1"}"#,
            r#"{"EventType":" ","syncAction":"org_suite_relieve","corpId":"c1"}"#,
        ] {
            assert!(matches!(one("suitexyz", text).event, Event::Relieve { .. }), "{text}");
        }
    }

    #[test]
    fn an_events_time_is_its_own_where_that_makes_sense() {
        let at = |time: &str| {
            let text = format!(r#"{{"EventType":"suite_ticket","SuiteTicket":"t","TimeStamp":{time}}}"#);
            one("suitexyz", &text).version.at_ms
        };
        assert_eq!(at("1699999999000"), 1_699_999_999_000);
        assert_eq!(at("\"1699999999\""), 1_699_999_999_000);
        for nonsense in ["\"1234456\"", "null", "\"soon\"", "1700000000001", "-1", "1.5"] {
            assert_eq!(at(nonsense), PUSHED, "{nonsense}");
        }
    }
}
