use super::{Details, StatusScreen, i18n::words};
use crate::{browser, shown::Failed};
use miandeng_shared::{Action, AppKind, ErrorCode, Lang, Text};

/// In seconds. People do not tap earlier than that anyway.
const WORTH_TELLING: u32 = 3;

/// The one screen for everything that goes wrong: what happened, what to do, try again, and details to pass on.
pub fn failed(failure: Failed, lang: Lang) -> StatusScreen {
    let words = words(lang);
    let (title, text) = in_words(&failure, lang);
    let wait = failure.retry_after.filter(|seconds| *seconds >= WORTH_TELLING);
    let wait = wait.map(|seconds| words.retry_after(seconds)).unwrap_or_default();
    // A person who has to open DingTalk has done nothing wrong, and trying again is not what helps.
    let (mark, button) = match failure.code.action() {
        Action::TellPerson => ("mark note", "primary soft"),
        _ => ("mark alert", "primary"),
    };
    StatusScreen {
        mark,
        avatar: None,
        role: "alert",
        // It is a sentence elsewhere, a heading here.
        title: title.strip_suffix("。").or(title.strip_suffix(".")).unwrap_or(&title).to_owned(),
        text,
        line: ("wait", wait),
        way: None,
        action: (button, words.retry),
        details: Some(Details { code: failure.code.as_str(), text: details(&failure) }),
    }
}

/// The words of the server, which knows best what is wrong there; else the catalogue's.
fn in_words(failure: &Failed, lang: Lang) -> (String, String) {
    if let Some(said) = &failure.said {
        return said.clone();
    }
    let text =
        OURS.iter().find(|(code, ..)| *code == failure.code).map_or(UNEXPECTED, |(_, zh, en)| (zh, en));
    let text = match lang {
        Lang::Zh => text.0,
        Lang::En => text.1,
    };
    let platform = if failure.is_wecom { AppKind::Wecom } else { AppKind::H5 };
    (platform.in_words(text.message, lang), platform.in_words(text.hint, lang))
}

/// What the page finds out by itself. Our server has words for everything else, and those of the whole catalogue would be
/// 8 kB of brotli.
const OURS: [(ErrorCode, Text, Text); 19] = [
    ours(ErrorCode::NotInWecom),
    ours(ErrorCode::NotInDingtalk),
    ours(ErrorCode::PcUnsupported),
    ours(ErrorCode::LinkIncomplete),
    ours(ErrorCode::LinkPlaceholder),
    ours(ErrorCode::LinkInvalid),
    ours(ErrorCode::SdkUnavailable),
    ours(ErrorCode::ConfigRefused),
    ours(ErrorCode::ConfigTimeout),
    ours(ErrorCode::CodeRefused),
    ours(ErrorCode::CodeTimeout),
    ours(ErrorCode::Cancelled),
    ours(ErrorCode::ClientTooOld),
    ours(ErrorCode::WrongNamespace),
    ours(ErrorCode::Network),
    ours(ErrorCode::ServerTimeout),
    // What a proxy in between may answer instead of our server.
    ours(ErrorCode::SlowRequest),
    ours(ErrorCode::TooManyRequests),
    ours(ErrorCode::RequestTimeout),
];
const UNEXPECTED: (&Text, &Text) =
    (&ErrorCode::Unexpected.text(Lang::Zh), &ErrorCode::Unexpected.text(Lang::En));

const fn ours(code: ErrorCode) -> (ErrorCode, Text, Text) {
    (code, code.text(Lang::Zh), code.text(Lang::En))
}

/// One line each, to be copied as a whole.
fn details(failure: &Failed) -> String {
    let now = String::from(js_sys::Date::new_0().to_iso_string());
    let age = browser::age();
    format!(
        "code: {}\n{}page: miandeng {}\ntime: {now}, {age} ms after the start\nuser agent: {}",
        failure.code,
        failure.details,
        env!("CARGO_PKG_VERSION"),
        browser::user_agent()
    )
}
