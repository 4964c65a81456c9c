use crate::{failure::Failure, page, text::words};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// The one screen for everything that goes wrong: what happened, what to do, try again, and details to pass on.
#[component]
pub fn Failed(failure: Failure, lang: Lang, on_retry: impl Fn() + 'static) -> impl IntoView {
    let words = words(lang);
    let (message, hint) = told(&failure, lang);
    let wait = failure.retry_after.filter(|seconds| *seconds > 0).map(|seconds| words.retry_after(seconds));
    view! {
        <main class="card failed">
            <div role="alert">
                <h1>{message}</h1>
                <p>{hint} " " {wait}</p>
            </div>
            <button class="primary" type="button" on:click=move |_| on_retry()>{words.retry}</button>
            <details>
                <summary>{words.details} " " <code id="error-code">{failure.code.as_str()}</code></summary>
                <p>{words.details_hint}</p>
                <pre>{details(&failure)}</pre>
            </details>
        </main>
    }
}

/// The catalogue's words, unless page or server know better.
fn told(failure: &Failure, lang: Lang) -> (String, String) {
    if let Some(said) = &failure.said {
        return said.clone();
    }
    let catalogue = failure.code.text(lang);
    let (message, hint) =
        failure.note.map_or((catalogue.message, catalogue.hint), |note| words(lang).note(note));
    (message.to_owned(), hint.to_owned())
}

/// One line each, to be copied as a whole.
fn details(failure: &Failure) -> String {
    let mut lines = format!("code: {}\n", failure.code);
    for (name, value) in &failure.details {
        lines.push_str(&format!("{name}: {value}\n"));
    }
    let now = js_sys::Date::new_0().to_iso_string();
    let now = String::from(now);
    lines.push_str(&format!(
        "page: {}\ntime: {now}\nuser agent: {}",
        env!("CARGO_PKG_VERSION"),
        page::user_agent()
    ));
    lines
}
