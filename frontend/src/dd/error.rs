//! What DingTalk's component says when it fails, brought to one form. Each version and platform has its own.

use crate::{js, settle::Trouble};
use miandeng_shared::{cut, has};
use wasm_bindgen::JsValue;

/// Why a call of the component came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DdError {
    /// It neither succeeded nor failed within our time. No version of the component has a timeout of its own.
    Timeout,
    /// This part of `dd` does not exist.
    Missing(&'static str),
    /// The person closed DingTalk's dialogue.
    Cancelled,
    /// DingTalk, or the component itself, said no.
    Refused(Refusal),
}

/// A refusal in DingTalk's own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// `errorCode`, which comes as a number or as a string.
    pub code: Option<String>,
    pub message: String,
}

/// The component's code for a cancelled call where there is no `onCancel`.
const CANCELLED: &str = "-1";

/// What is told to the server is no longer than this.
const FIRST_WORDS: usize = 40;

impl DdError {
    /// Reads the arguments of a failure callback: `{errorCode, errorMessage}`, `{message}`, an `Error`, a string, or
    /// nothing at all with the code as second argument. Of any other object the whole JSON is what it says.
    fn from_js(first: &JsValue, second: &JsValue) -> Self {
        let code = code(first, second);
        let message = field(first, "errorMessage")
            .or_else(|| field(first, "message"))
            .or_else(|| js::text(first))
            .or_else(|| js::json(first))
            .unwrap_or_default();
        if code.as_deref() == Some(CANCELLED) {
            return DdError::Cancelled;
        }
        DdError::Refused(Refusal { code, message })
    }

    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            DdError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<Trouble> for DdError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Timeout => DdError::Timeout,
            Trouble::Missing(what) => DdError::Missing(what),
            Trouble::Cancelled => DdError::Cancelled,
            Trouble::Refused(first, second) => DdError::from_js(&first, &second),
        }
    }
}

/// The client's code in the arguments of a failure callback.
pub(super) fn code(first: &JsValue, second: &JsValue) -> Option<String> {
    field(first, "errorCode").or_else(|| js::text(second))
}

fn field(value: &JsValue, name: &str) -> Option<String> {
    js::text(&js::get(value, name))
}

impl Refusal {
    /// The platform's code: `Code:52013` in the text, or the first number of the 52xxx family there, or as the client's
    /// own. Codes of the client are shorter.
    #[must_use]
    pub fn platform_code(&self) -> Option<&str> {
        let named = cut(&self.message, "Code:").map(|(_, rest)| rest.trim_start());
        let named = named.and_then(|rest| rest.get(..digits(rest))).filter(|code| code.len() > 3);
        let of_family = |n: &&str| n.len() == 5 && n.starts_with("52");
        named
            .or_else(|| numbers(&self.message).find(of_family))
            .or_else(|| self.code.as_deref().filter(of_family))
    }

    /// The address that DingTalk verified against: it quotes it as `url:[…]`.
    #[must_use]
    pub fn quoted_url(&self) -> Option<&str> {
        cut(&self.message, "url:[")?.1.split_once(']').map(|(url, _)| url)
    }

    /// "1002" is not a code of the server but of the client: this person does not belong to the corporation.
    #[must_use]
    pub fn is_wrong_namespace(&self) -> bool {
        self.code.as_deref() == Some("1002")
            || has(&self.message, "not in employee")
            || numbers(&self.message).next() == Some("1002")
    }

    /// The message without its list of tickets, which stands at the end.
    #[must_use]
    pub fn without_tickets(&self) -> &str {
        cut(&self.message, "ticketList")
            .map_or(&*self.message, |(before, _)| before)
            .trim_end_matches([',', ' '])
    }

    /// For the server's report: the platform's code, else the first words. Another number (a port, a time) would be taken
    /// for a code there, so the words end before any.
    #[must_use]
    pub fn in_short(&self) -> String {
        if let Some(code) = self.platform_code() {
            return code.to_owned();
        }
        let words = self
            .without_tickets()
            .split(|c: char| c.is_ascii_digit() || matches!(c, ',' | '[' | '\n'))
            .next()
            .unwrap_or_default();
        let words: String = words.chars().filter(|c| !c.is_control()).take(FIRST_WORDS).collect();
        match (&self.code, words.is_empty()) {
            (Some(code), true) => code.clone(),
            (None, true) => "unknown".to_owned(),
            _ => words,
        }
    }
}

fn digits(s: &str) -> usize {
    s.bytes().take_while(u8::is_ascii_digit).count()
}

/// Every run of digits.
fn numbers(s: &str) -> impl Iterator<Item = &str> {
    s.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(message: &str) -> Refusal {
        Refusal { code: Some("3".to_owned()), message: message.to_owned() }
    }

    #[test]
    fn the_platforms_code_in_every_known_form() {
        for (message, expected) in [
            (
                "权限校验失败 Code:52013 - Message:签名校验失败,nonce:[abc],timestamp:[1700000000]",
                Some("52013"),
            ),
            ("Code: 52011 - Message:jsapi ticket 读取失败", Some("52011")),
            ("权限检验失败,52019,无效的agentid", Some("52019")),
            ("Code: - timestamp:[1525254205] 52020", Some("52020")),
            ("{\"errorCode\":3,\"body\":\"Code:3 - 52019\"}", Some("52019")),
            ("timestamp:[1525254205]", None),
            ("权限校验失败 Code:3", None),
            ("", None),
        ] {
            assert_eq!(refusal(message).platform_code(), expected, "{message}");
        }
    }

    #[test]
    fn the_platforms_code_as_the_clients_own() {
        let code =
            |code: &str| Refusal { code: Some(code.to_owned()), message: "权限校验失败".to_owned() };
        assert_eq!(code("52011").platform_code(), Some("52011"));
        assert_eq!(code("3").platform_code(), None);
    }

    #[test]
    fn the_quoted_url() {
        assert_eq!(refusal("url:[http://h/a?b=[1]").quoted_url(), Some("http://h/a?b=[1"));
        assert_eq!(refusal("x,url:[http://h/a],ticketList:[t]").quoted_url(), Some("http://h/a"));
        assert_eq!(refusal("url:[").quoted_url(), None);
        assert_eq!(refusal("").quoted_url(), None);
    }

    #[test]
    fn nothing_tells_the_tickets() {
        let refusal = refusal("签名校验失败 nonce:[n],ticketList:[secret1, secret2]");
        assert_eq!(refusal.without_tickets(), "签名校验失败 nonce:[n]");
        assert_eq!(refusal.in_short(), "签名校验失败 nonce:");
        assert_eq!(Refusal { code: None, message: "ticketList:[t]".to_owned() }.in_short(), "unknown");
    }

    #[test]
    fn a_report_is_short() {
        assert_eq!(refusal("Code:52013 - Message:x").in_short(), "52013");
        assert_eq!(refusal(&"长".repeat(100)).in_short().chars().count(), FIRST_WORDS);
        assert_eq!(refusal("").in_short(), "3");
        for words in ["权限校验失败", "权限校验失败 http://h5.example.com:20080/", "权限校验失败 10001 次"]
        {
            assert!(!refusal(words).in_short().contains(|c: char| c.is_ascii_digit()), "{words}");
        }
    }

    #[test]
    fn the_wrong_namespace_in_every_known_form() {
        assert!(refusal("1002,err msg uid is not in employee for orgid").is_wrong_namespace());
        assert!(refusal("err msg uid is not in employee for orgid").is_wrong_namespace());
        assert!(Refusal { code: Some("1002".to_owned()), message: String::new() }.is_wrong_namespace());
        assert!(!refusal("52013 at 1002").is_wrong_namespace());
    }
}
