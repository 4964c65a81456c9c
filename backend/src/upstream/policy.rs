//! What is done about a failure. One table, from the class of the failure to what this server, and then the page, do;
//! docs/failures.md shows it.

use super::failure::Kind;
use miandeng_shared::ErrorCode;
use std::time::Duration;

/// DingTalk names a pause of one second for its rate limits, and its own SDKs wait about as long when it is busy.
const SHORT: Duration = Duration::from_secs(1);
/// Where no pause is named but asking again soon would prolong the limit.
const LONG: Duration = Duration::from_secs(60);
/// The documented length of an address ban.
const BAN: Duration = Duration::from_secs(300);
/// DingTalk's advice where it is busy or called too often.
const BACK_OFF: &[Duration] = &[SHORT, Duration::from_secs(2)];
/// Where an answer was lost on the way, the next one rarely is.
const SOON: &[Duration] = &[Duration::from_millis(200), SHORT];
/// A call that ran into its time limit has taken most of what a login may take.
const ONCE: &[Duration] = &[Duration::from_millis(200)];

/// What follows from a failure. The page's part is [`ErrorCode::action`] of `error`.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// What people are told.
    pub error: ErrorCode,
    /// Another token is fetched and the call repeated, once.
    pub renews_token: bool,
    /// How long to wait before each repetition of a call that may be repeated; jitter comes on top.
    pub repeats: &'static [Duration],
    /// Where a token or ticket was to be fetched, the platform is not asked again for a while: nothing but an operator's
    /// hand can change its answer.
    pub is_remembered: bool,
    /// Nothing at all is asked of the platform during the pause.
    pub stops_all_calls: bool,
    /// How long people are told to stay away, where that is known: `Retry-After`.
    pub pause: Option<Duration>,
    /// The platform's own words go to the log, because what the operator has to mend stands in them.
    pub logs_words: bool,
}

/// People are told, and nothing else happens.
const fn reporting(error: ErrorCode) -> Policy {
    Policy {
        error,
        renews_token: false,
        repeats: &[],
        is_remembered: false,
        stops_all_calls: false,
        pause: None,
        logs_words: false,
    }
}

impl Kind {
    /// The table.
    pub const fn policy(self) -> Policy {
        match self {
            // A second rejection, of a fresh token, means that the secret is of the wrong family.
            Kind::TokenRejected => Policy { renews_token: true, ..reporting(ErrorCode::AppMisconfigured) },
            Kind::CodeRejected => reporting(ErrorCode::CodeRejected),
            Kind::NotFollowing => reporting(ErrorCode::NotFollowing),
            Kind::NotPermitted => reporting(ErrorCode::NotPermitted),
            Kind::UserUnknown | Kind::Refused => reporting(ErrorCode::PlatformRefused),
            Kind::Busy => {
                Policy { repeats: BACK_OFF, pause: Some(SHORT), ..reporting(ErrorCode::PlatformBusy) }
            }
            Kind::Throttled => {
                Policy { repeats: BACK_OFF, pause: Some(SHORT), ..reporting(ErrorCode::PlatformThrottled) }
            }
            Kind::Suspended => Policy { pause: Some(LONG), ..reporting(ErrorCode::PlatformThrottled) },
            Kind::OverBudget => Policy { pause: Some(SHORT), ..reporting(ErrorCode::CallBudget) },
            Kind::Quota => Policy { is_remembered: true, ..reporting(ErrorCode::PlatformQuota) },
            Kind::Banned => {
                Policy { stops_all_calls: true, pause: Some(BAN), ..reporting(ErrorCode::PlatformBanned) }
            }
            Kind::Misconfigured => {
                Policy { is_remembered: true, logs_words: true, ..reporting(ErrorCode::AppMisconfigured) }
            }
            Kind::Retired => Policy { is_remembered: true, ..reporting(ErrorCode::ApiRetired) },
            Kind::BadAnswer => Policy { repeats: SOON, ..reporting(ErrorCode::PlatformBadAnswer) },
            Kind::Timeout => Policy { repeats: ONCE, ..reporting(ErrorCode::PlatformTimeout) },
            Kind::Unreachable => Policy { repeats: SOON, ..reporting(ErrorCode::PlatformUnreachable) },
        }
    }
}
