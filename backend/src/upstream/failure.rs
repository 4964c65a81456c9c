//! What a call to a platform can come to, other than an answer. Each platform maps its own codes onto these kinds; what
//! is done about each kind is in [`super::policy`].

use miandeng_shared::UpstreamError;
use std::fmt;
use std::time::Duration;

/// An outcome of a call to a platform that is not an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The token of this call is not, or no longer, valid: drop it, fetch another, repeat the call once.
    TokenRejected,
    /// The code is unknown, used, expired, or of the other kind.
    CodeRejected,
    /// No follower of this window has that openid.
    NotFollowing,
    /// No person of this corporation has that unionid: a normal outcome for a follower.
    UserUnknown,
    /// The person is outside the application's scope.
    NotPermitted,
    Busy,
    /// Too many calls in a second.
    Throttled,
    /// Too many calls in a longer time: calling again soon would prolong it.
    Suspended,
    Quota,
    /// Not sent: our own bound on calls to the platform.
    OverBudget,
    /// The 5-minute ban of our address.
    Banned,
    /// Only the operator can mend it.
    Misconfigured,
    /// The path is gone.
    Retired,
    /// The platform does not understand what we asked.
    Refused,
    /// Not JSON, or JSON without what it must have.
    BadAnswer,
    Timeout,
    Unreachable,
}

impl Kind {
    /// Whether the platform has understood the request, and refused it.
    pub fn is_refusal(self) -> bool {
        matches!(self, Kind::NotPermitted | Kind::Refused)
    }

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

/// A call to the platform that failed.
#[derive(Debug, Clone)]
pub struct Error {
    /// The path that was called; never the query, which carries secrets.
    pub endpoint: &'static str,
    pub kind: Kind,
    /// What the platform said, where it said something.
    pub said: Option<Box<UpstreamError>>,
    /// How long to stay away, where that is known.
    pub retry_after: Option<Duration>,
    /// The platform's own words, for the operator's log only: 60020 names the address that is not allowed there,
    /// 60011 the permission that is missing.
    pub words: Option<String>,
}

impl Error {
    pub fn new(endpoint: &'static str, kind: Kind) -> Self {
        Self { endpoint, kind, said: None, retry_after: kind.policy().pause, words: None }
    }
}

impl Error {
    /// Without the platform's own words, which may differ each time: what counts as the same failure again.
    pub fn briefly(&self) -> String {
        Self { words: None, ..self.clone() }.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.endpoint, self.kind.label())?;
        if let Some(said) = &self.said {
            write!(
                f,
                " (upstream {}{})",
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
pub enum Role {
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

impl Kind {
    /// The status tells what a code that is not known does not.
    #[must_use]
    pub fn of_status(self, status: u16) -> Self {
        match (status, self) {
            (429, Kind::Refused | Kind::BadAnswer) => Kind::Throttled,
            (500.., Kind::Refused) => Kind::Busy,
            _ => self,
        }
    }

    /// Where a token is fetched there is none that could be renewed: what is bad then is the secret.
    #[must_use]
    pub fn during(self, role: Role) -> Self {
        match (self, role) {
            (Kind::TokenRejected, Role::Token) => Kind::Misconfigured,
            (kind, _) => kind,
        }
    }
}
