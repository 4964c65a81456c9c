use crate::{flow::Stage, text::words};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// Something is going on; says what, to eyes and to screen readers.
#[component]
pub fn Waiting(stage: Stage, lang: Lang) -> impl IntoView {
    let target = match &stage {
        Stage::Leaving(target) => Some(target.clone()),
        _ => None,
    };
    view! {
        <main class="card">
            <span class="spinner" aria-hidden="true"></span>
            <p class="waiting" role="status" aria-live="polite">{words(lang).waiting_for(&stage)}</p>
            {target.map(|target| view! { <a class="quiet" href=target>{words(lang).leave}</a> })}
        </main>
    }
}
