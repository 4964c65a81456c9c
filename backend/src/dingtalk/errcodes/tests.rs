//! docs/failures.md shows the table as it is; `UPDATE_DOCS=1 cargo test -p miandeng --lib errcodes` writes it.

use super::{WORDS, classify};
use crate::upstream::{Kind, Policy, REFUSAL_MEMORY, Role};
use miandeng_shared::Action;

/// In the order of the documentation.
const KINDS: [Kind; 17] = [
    Kind::TokenRejected,
    Kind::CodeRejected,
    Kind::NotFollowing,
    Kind::NotPermitted,
    Kind::UserUnknown,
    Kind::Busy,
    Kind::Throttled,
    Kind::Suspended,
    Kind::Banned,
    Kind::OverBudget,
    Kind::Quota,
    Kind::Misconfigured,
    Kind::Retired,
    Kind::Refused,
    Kind::BadAnswer,
    Kind::Timeout,
    Kind::Unreachable,
];

/// What DingTalk says that is of this class: numbers, then words.
fn codes(kind: Kind) -> String {
    match kind {
        Kind::Refused => return "其余 all others".into(),
        Kind::BadAnswer => return "不是 JSON，或缺字段 not JSON, or fields missing".into(),
        Kind::OverBudget => return "没有发出：`max_calls_per_minute` not sent".into(),
        Kind::Timeout => return "超时 no answer in time".into(),
        Kind::Unreachable => return "断线 no connection, or a broken one".into(),
        _ => {}
    }
    let is = |code: &i64| classify(&code.to_string(), Role::Call, "/channel/x") == kind;
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for code in (-1..=100_000).filter(is) {
        match ranges.last_mut() {
            Some((_, last)) if *last == code - 1 => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    let range = |(first, last): (i64, i64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first} {last}"),
        _ => format!("{first}–{last}"),
    };
    let numbers = ranges.into_iter().map(range);
    let words = WORDS.iter().filter(|(_, of)| *of == kind).map(|(word, _)| format!("`{word}`"));
    numbers.chain(words).collect::<Vec<_>>().join(" ")
}

fn server(policy: Policy) -> String {
    let seconds = |pause: Option<std::time::Duration>| pause.map_or(0, |pause| pause.as_secs());
    let mut does = Vec::new();
    if policy.renews_token {
        does.push(
            "换新 token，重调一次，再被拒才告诉人 new token, the call once more; told if rejected again"
                .into(),
        );
    }
    if policy.is_remembered {
        let memory = REFUSAL_MEMORY.as_secs();
        does.push(format!("取 token 或 ticket 时：{memory} 秒不再问 where a token or ticket was fetched: not asked again for {memory} s"));
    }
    if policy.stops_all_calls {
        let pause = seconds(policy.pause);
        does.push(format!("{pause} 秒内什么都不调 no call at all for {pause} s"));
    }
    if policy.logs_words {
        does.push("原话进日志 DingTalk's words in the log".into());
    }
    if does.is_empty() { "–".into() } else { does.join("；") }
}

fn repeats(policy: Policy) -> String {
    if policy.repeats.is_empty() {
        return "–".into();
    }
    let pauses: Vec<_> = policy.repeats.iter().map(|pause| pause.as_secs_f64().to_string()).collect();
    pauses.join(", ")
}

fn page(action: Action) -> &'static str {
    match action {
        Action::Retry => "可重试 try again",
        Action::NewCode => "要一个新的码，一次 asks for one new code",
        Action::BackOff => "过一会儿再试 try again later",
        Action::Configure => "请管理员处理 for the operator",
        Action::TellPerson => "告诉人怎么办 tells the person what to do",
    }
}

fn row(kind: Kind) -> String {
    let policy = kind.policy();
    let (error, pause) = (policy.error, policy.pause.map_or("–".into(), |pause| pause.as_secs().to_string()));
    format!(
        "| `{}` | {} | {} | {} | `{error}` {} | {pause} | {} |\n",
        kind.label(),
        codes(kind),
        server(policy),
        repeats(policy),
        error.status(),
        page(error.action()),
    )
}

#[test]
fn the_documented_policy_is_the_policy() {
    const BEGIN: &str = "<!-- policy -->\n";
    const END: &str = "<!-- end of policy -->\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rest) = written.split_once(BEGIN).unwrap();
    let (documented, tail) = rest.split_once(END).unwrap();
    let mut table =
        "| outcome | errcode, code | 服务器 server | 重调 repeated after (s) | 应答 answer | Retry-After (s) | 页面 page |\n\
         |---|---|---|---|---|---|---|\n"
            .to_owned();
    table.extend(KINDS.map(row));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
    } else {
        assert!(
            documented == table,
            "docs/failures.md is stale: UPDATE_DOCS=1 cargo test -p miandeng --lib errcodes"
        );
    }
}

#[test]
fn where_a_token_is_fetched_there_is_none_to_renew() {
    for code in -1..=100_000 {
        let kind = classify(&code.to_string(), Role::Token, "/gettoken");
        assert!(KINDS.contains(&kind) && !kind.policy().renews_token, "{code}");
    }
    for (word, _) in WORDS {
        assert!(!classify(word, Role::Token, "/gettoken").policy().renews_token, "{word}");
    }
}

#[test]
fn a_ban_says_how_long_it_lasts_and_people_are_told_the_pause_with_every_503_that_has_one() {
    for kind in KINDS {
        let policy = kind.policy();
        assert!(!policy.stops_all_calls || policy.pause.is_some(), "{kind:?}");
        let passes_by_itself = policy.error.status() == 503 && policy.error.action() == Action::BackOff;
        assert_eq!(policy.pause.is_some(), passes_by_itself, "{kind:?}");
    }
}

#[test]
fn only_what_passes_by_itself_is_repeated_and_no_code_is() {
    for kind in KINDS {
        let policy = kind.policy();
        let passes = matches!(policy.error.action(), Action::Retry | Action::BackOff);
        assert!(policy.repeats.is_empty() || passes, "{kind:?}");
        assert!(policy.repeats.is_empty() || !(policy.stops_all_calls || policy.is_remembered), "{kind:?}");
        assert!(policy.repeats.len() <= 2, "{kind:?}");
        for role in [Role::Redeem, Role::Exchange] {
            assert!(role.repeats(kind).is_empty(), "{kind:?}");
        }
        assert_eq!(Role::Token.repeats(kind), policy.repeats);
    }
    assert!(Kind::OverBudget.policy().repeats.is_empty() && Kind::Banned.policy().repeats.is_empty());
}
