use crate::{page, text::words};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// Says what is being waited for.
const SAYS: &str = "says";

/// Nobody should notice a login that is quick: the style sheet shows the indicator after 400 ms and the words after 3 s.
/// Where somebody has waited before this view came, what they saw must not vanish again.
fn patience(since: f64) -> &'static str {
    if since > 3000.0 {
        "screen waiting now said"
    } else if since > 400.0 {
        "screen waiting now"
    } else {
        "screen waiting"
    }
}

/// Something is going on, for `since` milliseconds already; says what, to eyes and to screen readers.
#[component]
pub fn Waiting(says: &'static str, target: Option<String>, since: f64, lang: Lang) -> impl IntoView {
    view! {
        <main class=patience(since)>
            <span class="mark spinner" aria-hidden="true"></span>
            <p role="status"><span id=SAYS>{says}</span></p>
            {target.map(|target| view! { <a class="quiet" href=target>{words(lang).leave}</a> })}
        </main>
    }
}

/// What is being waited for by now. The view stays, lest its indicator start anew with each step of the login.
pub fn still_waiting(says: &'static str) {
    page::say(SAYS, says);
}
