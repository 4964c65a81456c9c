//! Identifiers: strings that were looked at once and cannot be mixed up afterwards.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a string is not an identifier. Never quotes the string, which may be a secret or a person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    what: &'static str,
    rule: &'static str,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.rule)
    }
}

impl std::error::Error for InvalidId {}

/// Configured names: they stand in URLs, logs and metric labels, so they are kept plain.
fn is_plain(s: &str) -> bool {
    (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A code: opaque, but printable and of a sane length.
fn is_code(s: &str) -> bool {
    (1..=512).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_graphic())
}

/// A person's identifiers, which are the platform's to choose: a user id has up to 64 characters of any script.
fn is_persons(s: &str) -> bool {
    (1..=256).contains(&s.len()) && !s.chars().any(char::is_control) && !s.trim().is_empty()
}

const PLAIN: &str = "1 to 64 letters, digits, '-' or '_'";
const CODE: &str = "1 to 512 printable ASCII characters without spaces";
const PERSONS: &str = "1 to 256 bytes of UTF-8, not blank and without control characters";

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:ident, $rule:ident, $debug:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps `raw`.
            ///
            /// # Errors
            /// [`InvalidId`] names the rule that `raw` breaks.
            pub fn new(raw: impl Into<String>) -> Result<Self, InvalidId> {
                let raw = raw.into();
                if $check(&raw) { Ok(Self(raw)) } else { Err(InvalidId { what: $what, rule: $rule }) }
            }

            /// The text as it goes over the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(raw: String) -> Result<Self, InvalidId> {
                Self::new(raw)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let show: fn(&str) -> String = $debug;
                write!(f, concat!(stringify!($name), "({})"), show(&self.0))
            }
        }
    };
}

/// Enough of a person's identifier to compare two log lines, too little to be used.
fn first_three(s: &str) -> String {
    let mut shown: String = s.chars().take(3).collect();
    shown.push('…');
    shown
}

id!(
    /// A corporation as DingTalk knows it, e.g. `dingcorp1`.
    CorpId, "corpId", is_plain, PLAIN, str::to_owned
);
id!(
    /// An application inside a corporation. A string, because some exceed 32 bits.
    AgentId, "agentId", is_plain, PLAIN, str::to_owned
);
id!(
    /// The single-use proof that a person opened the page. A secret until it is spent: `Debug` hides all of it.
    AuthCode, "code", is_code, CODE, |_| "…".to_owned()
);
id!(
    /// A follower, unique within the operator of the service window.
    OpenId, "openId", is_persons, PERSONS, first_three
);
id!(
    /// A person, unique within the developer of the application.
    UnionId, "unionId", is_persons, PERSONS, first_three
);
id!(
    /// A person in the corporation's directory.
    UserId, "userId", is_persons, PERSONS, first_three
);

id!(
    /// A customer of an enterprise as its WeCom knows one.
    ExternalUserId, "externalUserId", is_persons, PERSONS, first_three
);

/// Which application of which corporation. Written `corpId/agentId`, as messages, logs and tokens name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppId {
    pub corp_id: CorpId,
    pub agent_id: AgentId,
}

impl AppId {
    /// The application `agent_id` of `corp_id`.
    #[must_use]
    pub fn new(corp_id: CorpId, agent_id: AgentId) -> Self {
        Self { corp_id, agent_id }
    }

    /// The query by which the page's address, and the API's, name it. Both halves are plain.
    #[must_use]
    pub fn query(&self) -> String {
        ["corpid=", self.corp_id.as_str(), "&agentid=", self.agent_id.as_str()].concat()
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.corp_id, self.agent_id)
    }
}

impl fmt::Display for CorpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_placeholder_is_not_a_corp() {
        assert!(CorpId::new("$CORPID$").is_err());
        assert!(CorpId::new("dingcorp1").is_ok());
    }

    #[test]
    fn hostile_ids_are_refused() {
        for raw in ["", " ", "a b", "a\nb", "a/b", "a\"b", "企业", &"x".repeat(65)] {
            assert!(AgentId::new(raw).is_err(), "{raw:?}");
        }
        for raw in ["", "a b", "a\r\nb", "码", &"x".repeat(513)] {
            assert!(AuthCode::new(raw).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn k21_a_person_has_any_id_that_the_platform_gives() {
        for raw in [
            "王小明",
            "a b",
            "$:LWCP_v1:$+/=",
            "日本語😀",
            "a\"b\\c",
            "%E5",
            &"企".repeat(64),
            &"😀".repeat(64),
        ] {
            assert_eq!(UserId::new(raw).unwrap().as_str(), raw);
            let json = serde_json::to_string(&OpenId::new(raw).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<OpenId>(&json).unwrap().as_str(), raw);
        }
        for raw in ["", " ", "\u{3000}", "a\nb", "a\0", "\u{85}", &"x".repeat(257)] {
            assert!(UnionId::new(raw).is_err(), "{raw:?}");
        }
    }

    #[test]
    fn an_agent_id_may_exceed_32_bits() {
        assert_eq!(AgentId::new("2147483648123").unwrap().as_str(), "2147483648123");
    }

    #[test]
    fn debug_shows_nothing_that_could_be_used() {
        assert_eq!(format!("{:?}", AuthCode::new("abcdef123456").unwrap()), "AuthCode(…)");
        assert_eq!(format!("{:?}", UnionId::new("unionid-of-a-person").unwrap()), "UnionId(uni…)");
    }

    #[test]
    fn json_is_checked_on_the_way_in() {
        assert!(serde_json::from_str::<CorpId>("\"ding corp\"").is_err());
        let id: CorpId = serde_json::from_str("\"dingcorp1\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"dingcorp1\"");
    }
}
