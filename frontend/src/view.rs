//! The view as a module of its own, in place of the wait that `index.html` shows. It knows of the login what `start` passes.

use crate::{
    components::{Screens, Tap, set_language, words},
    js, json, page,
    shown::Shown,
    start,
};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// Shows the login that goes on in the other module.
pub fn show() {
    // Release builds leave the texts of panics out, which would cost a tenth of the download.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    let place = js::at(&["miandeng"]);
    let Some(root) = document().get_element_by_id("app") else { return };
    let Some(first) = read(&js::get(&place, "shown")) else { return };
    let lang = page::language();
    set_language(lang, Some(words(lang).title));
    let shown = RwSignal::new(first);
    let take = move |newer: JsValue, _| {
        if let Some(newer) = read(&newer) {
            shown.set(newer);
        }
    };
    js::set(&place, "show", js::function(take));
    let act = |tap| {
        let what = match tap {
            Tap::Retry => start::RETRY,
            Tap::NotMe => start::NOT_ME,
        };
        let _ = js::call(&js::at(&["miandeng"]), "tell", &what.into());
    };
    // It goes when there is something in its place, which looks at how long it has been there.
    let loading = root.first_element_child();
    mount_to(root.unchecked_into(), move || view! { <Screens shown lang begun=0 act done=None /> }).forget();
    if let Some(loading) = loading {
        loading.remove();
    }
}

fn read(json: &JsValue) -> Option<Shown> {
    json::parse(&json.as_string()?)
}
