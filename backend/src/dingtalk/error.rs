//! What DingTalk's refusals mean. One table, from errcode to the class of the failure; what is done about each is in
//! [`super::policy`].
//!
//! Codes and meanings: open.dingtalk.com, "全局错误码"; 40096 and the wrapping in errcode 88 were seen in live replies
//! published by third parties.

use miandeng_shared::UpstreamError;
use std::fmt;
use std::time::Duration;

/// An outcome of a call to DingTalk that is not an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The token of this call is not, or no longer, valid: drop it, fetch another, repeat the call once.
    TokenRejected,
    /// The code is unknown, used, expired, or of the other kind.
    CodeRejected,
    /// No follower of this window has that openid.
    NotFollowing,
    /// Nobody in this corporation has that unionid: a normal outcome for a follower.
    UserUnknown,
    /// The person is outside the application's scope.
    NotPermitted,
    Busy,
    /// Too many calls in a second.
    Throttled,
    /// Too many calls in a longer time: calling again soon would prolong it.
    Suspended,
    Quota,
    /// Not sent: our own bound on calls to DingTalk.
    OverBudget,
    /// The 5-minute ban of our address.
    Banned,
    /// Only the operator can mend it.
    Misconfigured,
    /// The path is gone.
    Retired,
    /// DingTalk does not understand what we asked.
    Refused,
    /// Not JSON, or JSON without what it must have.
    BadAnswer,
    Timeout,
    Unreachable,
}

impl Kind {
    /// The outcome as a metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Kind::TokenRejected => "token_rejected",
            Kind::UserUnknown => "user_unknown",
            other => other.policy().error.as_str(),
        }
    }
}

/// A call to DingTalk that failed.
#[derive(Debug, Clone)]
pub struct Error {
    /// The path that was called; never the query, which carries secrets.
    pub endpoint: &'static str,
    pub kind: Kind,
    /// What DingTalk said, where it said something.
    pub said: Option<Box<UpstreamError>>,
    /// How long to stay away, where that is known.
    pub retry_after: Option<Duration>,
    /// DingTalk's own words, for the operator's log and nobody else: 60020 names the address that is not allowed there,
    /// 60011 the permission that is missing.
    pub words: Option<String>,
}

impl Error {
    pub(super) fn new(endpoint: &'static str, kind: Kind) -> Self {
        Self { endpoint, kind, said: None, retry_after: kind.policy().pause, words: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.endpoint, self.kind.label())?;
        if let Some(said) = &self.said {
            write!(
                f,
                " (DingTalk {}{})",
                said.code,
                said.sub_code.as_deref().map_or(String::new(), |s| format!("/{s}"))
            )?;
        }
        match &self.words {
            Some(words) => write!(f, " {words:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// What an endpoint is for, because some codes depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Turns a secret into a token: there is no token that could be renewed.
    Token,
    /// Takes a token.
    Call,
    /// Takes a token and spends a suite's temporary code.
    Exchange,
    /// Takes a token and a login code. It is admitted before the code counts as used, so that a code which is not sent
    /// stays good; its repetition with a fresh token, which has been admitted, is not counted.
    Redeem,
}

impl Role {
    /// How long to wait before each repetition of a call that failed with `kind`. A call that spends a code has none:
    /// what became of the code is not known.
    pub fn repeats(self, kind: Kind) -> &'static [Duration] {
        match self {
            Role::Token | Role::Call => kind.policy().repeats,
            Role::Exchange | Role::Redeem => &[],
        }
    }
}

/// What `code` means for a call of this role, a number or a word. 7, 10, 27 and 29 are the gateway's, which writes those
/// of others as `isv.40078`.
pub(super) fn classify(code: &str, role: Role, path: &str) -> Kind {
    let Ok(number) = code.rsplit('.').next().unwrap_or_default().parse::<i64>() else {
        return classify_word(code).of(role);
    };
    let kind = match number {
        27 | 33001 | 40001 | 40014 | 40082 | 42001 | 42009 => Kind::TokenRejected,
        40029 | 40078 | 42003 | 42007 | 42008 => Kind::CodeRejected,
        40073 => Kind::NotFollowing,
        60121 => Kind::UserUnknown,
        50002 | 50004 => Kind::NotPermitted,
        -1 | 10 | 15 => Kind::Busy,
        7 | 90002 | 90018 | 90019 => Kind::Throttled,
        45009 | 90001 | 90003..=90010 | 90014 => Kind::Suspended,
        1111 => Kind::Banned,
        90020 => Kind::Quota,
        404 if path.starts_with("/channel/") => Kind::Retired,
        29
        | 40013
        | 40056
        | 40079
        | 40080
        | 40083..=40085
        | 40088..=40090
        | 40096
        | 41030
        | 41031
        | 43007
        | 50003
        | 50005
        | 52010..=52026
        | 60011
        | 60020
        | 70003
        | 70004
        | 71014 => Kind::Misconfigured,
        _ => Kind::Refused,
    };
    kind.of(role)
}

/// Codes that are words, of the `api` host and of the gateway. The whole of it counts, or its last part; `…*` stands for
/// all that begin like it.
pub(super) const WORDS: [(&str, Kind); 16] = [
    ("InvalidAuthentication", Kind::TokenRejected),
    ("systemBusy", Kind::Busy),
    ("systemError", Kind::Busy),
    ("system.error", Kind::Busy),
    ("unknownError", Kind::Busy),
    ("ServiceUnavailable", Kind::Busy),
    ("isp.*", Kind::Busy),
    ("QpsLimitFor*", Kind::Throttled),
    ("request.too.fast", Kind::Throttled),
    ("requestTooFast", Kind::Throttled),
    ("accesscontrol.limited-by-*", Kind::Throttled),
    ("ApiCountLimitForOrg", Kind::Quota),
    ("invalidClientIdOrSecret", Kind::Misconfigured),
    ("invalidSuiteKey", Kind::Misconfigured),
    ("AccessTokenPermissionDenied", Kind::Misconfigured),
    ("IpNotInWhiteList", Kind::Misconfigured),
];

fn classify_word(code: &str) -> Kind {
    let last = code.rsplit('.').next().unwrap_or_default();
    let is = |row: &str| match row.strip_suffix('*') {
        Some(beginning) => code.starts_with(beginning) || last.starts_with(beginning),
        None => code.eq_ignore_ascii_case(row) || last.eq_ignore_ascii_case(row),
    };
    WORDS.iter().find(|(row, _)| is(row)).map_or(Kind::Refused, |(_, kind)| *kind)
}

impl Kind {
    /// Where a token is fetched there is none that could be renewed: what is bad then is the secret.
    fn of(self, role: Role) -> Self {
        match (self, role) {
            (Kind::TokenRejected, Role::Token) => Kind::Misconfigured,
            (kind, _) => kind,
        }
    }
}
