//! What DingTalk's refusals mean. One table, from errcode to outcome.
//!
//! Codes and meanings: open.dingtalk.com, "全局错误码"; 40096 and the wrapping in errcode 88 were seen in live replies
//! published by third parties.

use miandeng_shared::{DingTalkError, ErrorCode};
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
    Throttled,
    Quota,
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
            other => other.code().as_str(),
        }
    }

    /// The error people are told.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Kind::CodeRejected => ErrorCode::CodeRejected,
            Kind::NotFollowing => ErrorCode::NotFollowing,
            Kind::NotPermitted => ErrorCode::NotPermitted,
            Kind::Busy => ErrorCode::DingtalkBusy,
            Kind::Throttled => ErrorCode::DingtalkThrottled,
            Kind::Quota => ErrorCode::DingtalkQuota,
            Kind::Banned => ErrorCode::DingtalkBanned,
            // A second rejection of a fresh token means that the secret is of the wrong family.
            Kind::TokenRejected | Kind::Misconfigured => ErrorCode::AppMisconfigured,
            Kind::Retired => ErrorCode::ApiRetired,
            Kind::UserUnknown | Kind::Refused => ErrorCode::DingtalkRefused,
            Kind::BadAnswer => ErrorCode::DingtalkBadAnswer,
            Kind::Timeout => ErrorCode::DingtalkTimeout,
            Kind::Unreachable => ErrorCode::DingtalkUnreachable,
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
    pub said: Option<Box<DingTalkError>>,
    /// How long to stay away, where that is known.
    pub retry_after: Option<Duration>,
    /// DingTalk's own words, for the operator's log and nobody else: 60020 names the address that is not allowed there,
    /// 60011 the permission that is missing.
    pub words: Option<String>,
}

impl Error {
    pub(super) fn new(endpoint: &'static str, kind: Kind) -> Self {
        Self { endpoint, kind, said: None, retry_after: None, words: None }
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
}

/// DingTalk names a pause of one second for its rate limits, and its own SDKs wait about as long when it is busy.
const SHORT: Duration = Duration::from_secs(1);
/// Where DingTalk names no pause but retrying soon would prolong the limit.
const LONG: Duration = Duration::from_secs(60);
/// The documented length of an address ban.
const BAN: Duration = Duration::from_secs(300);

/// What `code` means for a call of this role, and how long to stay away.
pub(super) fn classify(code: i64, role: Role, path: &str) -> (Kind, Option<Duration>) {
    let kind = match code {
        33001 | 40001 | 40014 | 42001 if role == Role::Call => Kind::TokenRejected,
        40029 | 40078 | 42003 | 42007 | 42008 => Kind::CodeRejected,
        40073 => Kind::NotFollowing,
        60121 => Kind::UserUnknown,
        50002 | 50004 => Kind::NotPermitted,
        -1 | 15 => return (Kind::Busy, Some(SHORT)),
        90002 | 90018 => return (Kind::Throttled, Some(SHORT)),
        45009 | 90001 | 90003..=90010 => return (Kind::Throttled, Some(LONG)),
        1111 => return (Kind::Banned, Some(BAN)),
        90020 => Kind::Quota,
        404 if path.starts_with("/channel/") => Kind::Retired,
        33001
        | 40001
        | 40013
        | 40014
        | 40056
        | 40079
        | 40080
        | 40082..=40085
        | 40088..=40090
        | 40096
        | 41030
        | 41031
        | 42001
        | 42009
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
    (kind, None)
}

/// The same for the codes of the `api` host, which are words.
pub(super) fn classify_api(code: &str, role: Role) -> (Kind, Option<Duration>) {
    let last = code.rsplit('.').next().unwrap_or_default();
    let kind = match last {
        "InvalidAuthentication" if role == Role::Call => Kind::TokenRejected,
        "systemBusy" | "systemError" | "unknownError" | "ServiceUnavailable" => {
            return (Kind::Busy, Some(SHORT));
        }
        "ApiCountLimitForOrg" => Kind::Quota,
        _ if last.starts_with("QpsLimitFor") => return (Kind::Throttled, Some(SHORT)),
        "InvalidAuthentication"
        | "invalidClientIdOrSecret"
        | "invalidSuiteKey"
        | "AccessTokenPermissionDenied"
        | "IpNotInWhiteList" => Kind::Misconfigured,
        _ => Kind::Refused,
    };
    (kind, None)
}

pub(super) const BANNED: (Kind, Option<Duration>) = (Kind::Banned, Some(BAN));
