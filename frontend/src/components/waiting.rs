use super::{dom::sees, i18n::words};
use crate::{
    browser,
    shown::{Screen, Shown, Wait},
};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// A quick login is not to be noticed: the style sheet shows the indicator after 400 ms and the words after 3 s.
/// What `index.html` shows already when this view takes over must not vanish again.
fn patience() -> &'static str {
    match (sees(".waiting .mark"), sees(".waiting p > span")) {
        (true, true) => "screen waiting now said",
        (true, false) => "screen waiting now",
        _ => "screen waiting",
    }
}

/// In milliseconds, as in the style sheet.
const SHOWS: u32 = 400;
const SPEAKS: u32 = 3_000;

/// Something is going on, since `begun`; says what, to eyes and to screen readers, and shows the way on, should the browser not take it.
/// From a failure on that a pause heals the words show at once.
#[component]
pub fn Waiting(shown: Signal<Shown>, lang: Lang, begun: u32) -> impl IntoView {
    let waited = browser::age() - begun;
    // In place of the style sheet's delays, which count from when the view is there.
    let appears_at = move |after: u32| format!("{}ms", after.saturating_sub(waited));
    let says = move || shown.with(|shown| words(lang).waiting_for(&shown.screen));
    let heals = move || shown.with(|shown| shown.screen == Screen::Waiting(Wait::Healing));
    let aloud = Memo::new(move |before| before == Some(&true) || heals());
    let way = move || match shown.get().screen {
        Screen::Leaving(target) => Some(target),
        _ => None,
    };
    view! {
        <main class=patience()>
            <span class="mark spinner" style:animation-delay=appears_at(SHOWS) aria-hidden="true"></span>
            <p role="status">
                <span id="says" class:aloud=move || aloud.get() style:animation-delay=appears_at(SPEAKS)>{says}</span>
            </p>
            <a class="quiet" id="way" href=way hidden=move || way().is_none() style:animation-delay=appears_at(SPEAKS)>
                {words(lang).leave}
            </a>
        </main>
    }
}
