//! docs/failures.md shows the table as it is; `UPDATE_DOCS=1 cargo test -p miandeng --lib wecom::errcodes` writes it.

use super::classify;
use crate::http::ApiError;
use crate::upstream::{Error, Kind, Role};
use miandeng_shared::ErrorCode;
use std::collections::BTreeMap;

/// The calls of a login.
const CALLS: [(&str, Role); 3] = [
    ("/cgi-bin/gettoken", Role::Token),
    ("/cgi-bin/auth/getuserinfo", Role::Redeem),
    ("/cgi-bin/user/get", Role::Call),
];

/// Beyond the last code of WeCom's table.
const CODES: std::ops::Range<i64> = -1..1_000_000;

/// What each call makes of a code.
fn kinds(code: i64) -> [Kind; 3] {
    CALLS.map(|(path, role)| classify(code, role, path))
}

/// Every code that a login can meet, with what people are told.
#[test]
fn every_code_that_a_login_can_meet() {
    use ErrorCode::{
        ApiRetired, AppMisconfigured, CodeRejected, NotPermitted, PlatformBanned, PlatformBusy,
        PlatformRefused, PlatformThrottled,
    };
    let told = |code: i64| kinds(code).map(|kind| kind.policy().error);
    let everywhere = |error: ErrorCode, codes: &[i64]| {
        for code in codes {
            assert_eq!(told(*code), [error; 3], "{code}");
            assert!(!kinds(*code).iter().any(|kind| kind.policy().renews_token), "{code}");
        }
    };
    everywhere(PlatformBusy, &[-1]);
    everywhere(PlatformThrottled, &[45033]);
    everywhere(CodeRejected, &[40029, 40078, 40163, 42003, 42022]);
    everywhere(NotPermitted, &[50002, 60021, 60111]);
    everywhere(
        AppMisconfigured,
        &[
            40013, 40056, 41011, 40080, 40083, 40084, 40091, 40133, 40134, 40135, 40136, 40137, 40138, 40139,
            40140, 40141, 40209, 45031, 48001, 48002, 48003, 48004, 48006, 50001, 50003, 60020, 60031, 80001,
            301_002, 301_007, 701_001, 701_008, 701_016, 701_099,
        ],
    );
    everywhere(ApiRetired, &[48005]);
    // Our own mistakes, and DingTalk's codes of other meaning.
    everywhere(
        PlatformRefused,
        &[
            40035, 40058, 41001, 41002, 41004, 41008, 41009, 41021, 41022, 41023, 41024, 41025, 84025, 88,
            1111, 40089, 40096, 42007, 60121, 90018,
        ],
    );
    for code in [40001, 40014, 42001] {
        let [token, redeem, range] = kinds(code);
        assert_eq!((token, redeem, range), (Kind::Misconfigured, Kind::TokenRejected, Kind::TokenRejected));
        assert!(token.policy().is_remembered && redeem.policy().renews_token, "{code}");
    }
    assert_eq!(told(45009), [PlatformBanned, PlatformThrottled, PlatformThrottled]);
    assert_eq!(told(60011), [AppMisconfigured, AppMisconfigured, NotPermitted]);
}

#[test]
fn where_a_token_is_fetched_there_is_none_to_renew() {
    assert!(CODES.flat_map(kinds).all(|kind| KINDS.contains(&kind)), "the table has every kind");
    assert!(CODES.map(|code| kinds(code)[0]).all(|kind| !kind.policy().renews_token));
}

/// The address that is not allowed stands in WeCom's words, for the operator.
#[test]
fn what_an_operator_has_to_mend_is_logged_in_wecoms_words() {
    for code in [60020, 50001, 40013, 48002] {
        assert!(kinds(code).iter().all(|kind| kind.policy().logs_words), "{code}");
    }
}

fn ranges(codes: &[i64]) -> String {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some((_, last)) if *last == code - 1 => *last = *code,
            _ => ranges.push((*code, *code)),
        }
    }
    let range = |(first, last): &(i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first} {last}"),
        _ => format!("{first}–{last}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(" ")
}

/// In the order of the documentation.
const KINDS: [Kind; 14] = [
    Kind::TokenRejected,
    Kind::CodeRejected,
    Kind::NotPermitted,
    Kind::Busy,
    Kind::Throttled,
    Kind::Suspended,
    Kind::Banned,
    Kind::Misconfigured,
    Kind::Retired,
    Kind::Refused,
    Kind::BadAnswer,
    Kind::Timeout,
    Kind::Unreachable,
    Kind::OverBudget,
];

/// What is of this kind at every call, and then what is so at one of them only.
fn codes(kind: Kind) -> String {
    match kind {
        Kind::Refused => return "其余 all others".into(),
        Kind::BadAnswer => {
            return "不是 JSON（也包括没有正文的 404），`errcode` 读不懂，或缺字段 not JSON (a 404 without a body too), an `errcode` that cannot be read, or fields missing".into();
        }
        Kind::Timeout => return "超时 no answer in time".into(),
        Kind::Unreachable => return "断线 no connection, or a broken one".into(),
        Kind::OverBudget => return "没有发出：`wecom.max_calls_per_minute` not sent".into(),
        _ => {}
    }
    let mut groups: BTreeMap<Vec<bool>, Vec<i64>> = BTreeMap::new();
    for code in CODES {
        groups.entry(kinds(code).map(|met| met == kind).to_vec()).or_default().push(code);
    }
    // The last group is that of every call, the first that of none.
    let groups = groups.iter().rev().filter(|(calls, _)| calls.contains(&true));
    let group = |(calls, codes): (&Vec<bool>, &Vec<i64>)| {
        let named = CALLS.iter().zip(calls).filter(|(_, met)| **met);
        let named: Vec<_> =
            named.map(|((path, _), _)| format!("`{}`", path.trim_start_matches("/cgi-bin/"))).collect();
        match named.len() == CALLS.len() {
            true => ranges(codes),
            false => format!("{}: {}", named.join(" "), ranges(codes)),
        }
    };
    groups.map(group).collect::<Vec<_>>().join("; ")
}

fn server(kind: Kind) -> String {
    let policy = kind.policy();
    let mut does = Vec::new();
    if policy.renews_token {
        does.push("换新 token，同一个 code 再发一次 new token, the same code once more".to_owned());
    }
    match policy.repeats.len() {
        0 => {}
        1 => does.push("`gettoken`、`user/get` 再调一次 once more".into()),
        times => does.push(format!("`gettoken`、`user/get` 再调 {times} 次 {times} times more")),
    }
    let heals = ApiError::from(Error::new("", kind)).heals_after().is_some();
    if kind == Kind::CodeRejected || heals {
        does.push("重新开始一次，人看不到 one new attempt, unseen".into());
    }
    if policy.is_remembered || kind.is_refusal() {
        let memory = crate::wecom::REFUSAL_MEMORY.lasts.as_secs();
        does.push(format!("`gettoken` 时：{memory} 秒不再问 at `gettoken`: not asked again for {memory} s"));
    }
    if policy.stops_all_calls {
        let pause = policy.pause.unwrap().as_secs();
        does.push(format!("{pause} 秒内不调用企业微信 no call to WeCom for {pause} s"));
    }
    if policy.logs_words {
        does.push("原话进日志 WeCom's words in the log".into());
    }
    if does.is_empty() { "–".into() } else { does.join("；") }
}

fn table() -> String {
    let mut table =
        "| outcome | errcode | 服务器 server | 页面显示 the page shows |\n|---|---|---|---|\n".to_owned();
    for kind in KINDS {
        let shown = kind.policy().error;
        table.push_str(&format!("| `{}` | {} | {} | `{shown}` |\n", kind.label(), codes(kind), server(kind)));
    }
    table
}

#[test]
fn the_documented_table_is_the_table() {
    const BEGIN: &str = "<!-- wecom -->\n";
    const END: &str = "<!-- end of wecom -->\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rest) = written.split_once(BEGIN).unwrap();
    let (documented, tail) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
    } else {
        assert!(
            documented == table,
            "docs/failures.md is stale: UPDATE_DOCS=1 cargo test -p miandeng --lib wecom::errcodes"
        );
    }
}
