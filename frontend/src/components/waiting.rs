use super::{dom::sees, text::words};
use crate::shown::{Screen, Shown, Wait};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// Nobody should notice a login that is quick: the style sheet shows the indicator after 400 ms and the words after 3 s.
/// What `index.html` shows already when this view takes over must not vanish again.
fn patience() -> &'static str {
    match (sees(".waiting .mark"), sees(".waiting p > span")) {
        (true, true) => "screen waiting now said",
        (true, false) => "screen waiting now",
        _ => "screen waiting",
    }
}

/// Something is going on; says what, to eyes and to screen readers, and shows the way on, should the browser not take it.
/// From a failure on that a pause heals the words show at once.
#[component]
pub fn Waiting(shown: Signal<Shown>, lang: Lang) -> impl IntoView {
    let says = move || shown.with(|shown| words(lang).waiting_for(&shown.screen));
    let heals = move || shown.with(|shown| shown.screen == Screen::Waiting(Wait::Healing));
    let aloud = Memo::new(move |before| before == Some(&true) || heals());
    let way = move || match shown.get().screen {
        Screen::Leaving(target) => Some(target),
        _ => None,
    };
    view! {
        <main class=patience()>
            <span class="mark spinner" aria-hidden="true"></span>
            <p role="status"><span id="says" class:aloud=move || aloud.get()>{says}</span></p>
            <a class="quiet" id="way" href=way hidden=move || way().is_none()>{words(lang).leave}</a>
        </main>
    }
}
