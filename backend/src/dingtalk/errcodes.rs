//! What DingTalk's refusals mean: one table, from errcode to the kind of the failure.
//!
//! Codes and meanings: open.dingtalk.com, "全局错误码"; 40096 and the wrapping in errcode 88 were seen in live replies
//! published by third parties.

use crate::upstream::{Kind, Role};

/// What `code` means for a call of this role, a number or a word. 7, 10, 27 and 29 are the gateway's, which writes those
/// of others as `isv.40078`.
pub(super) fn classify(code: &str, role: Role, path: &str) -> Kind {
    let Ok(number) = code.rsplit('.').next().unwrap_or_default().parse::<i64>() else {
        return classify_word(code).during(role);
    };
    let kind = match number {
        27 | 33001 | 40001 | 40014 | 40082 | 42001 | 42009 => Kind::TokenRejected,
        40029 | 40078 | 42003 | 42007 | 42008 => Kind::CodeRejected,
        40073 => Kind::NotFollowing,
        33012 | 60111 | 60121 => Kind::UserUnknown,
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
    kind.during(role)
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

#[cfg(test)]
mod tests;
