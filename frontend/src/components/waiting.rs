use crate::{page, text::words};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// Says what is being waited for.
const SAYS: &str = "says";
/// The way on, should the browser not take it.
const WAY: &str = "way";

/// Nobody should notice a login that is quick: the style sheet shows the indicator after 400 ms and the words after 3 s.
/// What `index.html` shows already when this view takes over must not vanish again.
fn patience() -> &'static str {
    match (page::sees(".waiting .mark"), page::sees(".waiting p > span")) {
        (true, true) => "screen waiting now said",
        (true, false) => "screen waiting now",
        _ => "screen waiting",
    }
}

/// Something is going on; says what, to eyes and to screen readers.
#[component]
pub fn Waiting(says: &'static str, lang: Lang) -> impl IntoView {
    view! {
        <main class=patience()>
            <span class="mark spinner" aria-hidden="true"></span>
            <p role="status"><span id=SAYS>{says}</span></p>
            <a class="quiet" id=WAY hidden>{words(lang).leave}</a>
        </main>
    }
}

/// What is being waited for by now, and the way there if it leads away. The view stays, so that its indicator does not
/// start anew with each step of the login. From `aloud` on its words show at once.
pub fn still_waiting(says: &'static str, target: Option<&str>, aloud: bool) {
    page::say(SAYS, says);
    if let Some(words) = page::element(SAYS).filter(|_| aloud) {
        // An attribute of this name is always allowed.
        let _ = words.set_attribute("class", "aloud");
    }
    if let Some(target) = target {
        page::point(WAY, target);
    }
}
