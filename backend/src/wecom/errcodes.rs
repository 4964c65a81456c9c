//! What WeCom's refusals mean. Its numbers collide with DingTalk's of other meaning, so this is a table of its own.
//!
//! Codes and meanings: developer.work.weixin.qq.com, "全局错误码", as mirrored by xen0n/go-workwx.

use crate::upstream::{Kind, Role};

/// The call that is the range check.
pub const MEMBER: &str = "/cgi-bin/user/get";

/// What `code` means for a call of this role to this path.
pub fn classify(code: i64, role: Role, path: &str) -> Kind {
    let kind = match code {
        // At the range check it is what the check is for.
        60011 if path == MEMBER => Kind::NotPermitted,
        // Too many refused secrets: the address is banned for up to an hour.
        45009 if role == Role::Token => Kind::Banned,
        40001 | 40014 | 42001 => Kind::TokenRejected,
        40029 | 40078 | 40163 | 42003 | 42022 => Kind::CodeRejected,
        50002 | 60021 | 60111 => Kind::NotPermitted,
        -1 => Kind::Busy,
        45033 => Kind::Throttled,
        45009 => Kind::Suspended,
        40013
        | 40056
        | 40080
        | 40083
        | 40084
        | 40091
        | 40133..=40141
        | 40209
        | 41011
        | 45031
        | 48001..=48004
        | 48006
        | 50001
        | 50003
        | 60011
        | 60020
        | 60031
        | 80001
        | 301_002
        | 301_007
        | 701_001
        | 701_008
        | 701_016
        | 701_099 => Kind::Misconfigured,
        48005 => Kind::Retired,
        _ => Kind::Refused,
    };
    kind.during(role)
}

#[cfg(test)]
mod tests;
