use super::{Details, Told, text::words};
use crate::{page, shown::Failed};
use miandeng_shared::{Action, AppKind, Lang};

/// In seconds. Nobody taps earlier than that anyway.
const WORTH_TELLING: u32 = 3;

/// The one screen for everything that goes wrong: what happened, what to do, try again, and details to pass on.
pub fn failed(failure: Failed, lang: Lang) -> Told {
    let words = words(lang);
    let (title, text) = in_words(&failure, lang);
    let wait = failure.retry_after.filter(|seconds| *seconds >= WORTH_TELLING);
    let wait = wait.map(|seconds| words.retry_after(seconds)).unwrap_or_default();
    // Somebody who has to open DingTalk has done nothing wrong, and trying again is not what helps.
    let (mark, button) = match failure.code.action() {
        Action::TellPerson => ("mark note", "primary soft"),
        _ => ("mark alert", "primary"),
    };
    Told {
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
    let catalogue = failure.code.text(lang);
    let platform = if failure.is_wecom { AppKind::Wecom } else { AppKind::H5 };
    let of_platform = |text: &str| text.replace(AppKind::H5.platform(lang), platform.platform(lang));
    (of_platform(catalogue.message), of_platform(catalogue.hint))
}

/// One line each, to be copied as a whole.
fn details(failure: &Failed) -> String {
    let now = String::from(js_sys::Date::new_0().to_iso_string());
    let age = page::age();
    format!(
        "code: {}\n{}page: miandeng {}\ntime: {now}, {age} ms after the start\nuser agent: {}",
        failure.code,
        failure.details,
        env!("CARGO_PKG_VERSION"),
        page::user_agent()
    )
}
