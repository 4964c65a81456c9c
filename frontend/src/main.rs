//! Mounts the page into `index.html`.

use leptos::prelude::*;
use miandeng_frontend::{AutoLogin, remember_entry};
use wasm_bindgen::JsCast;

/// The element of `index.html` that shows "loading" until we are here.
const ROOT: &str = "app";

fn main() {
    remember_entry();
    // Release builds leave the texts of panics out, which would cost a tenth of the download.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    let Some(root) = document().get_element_by_id(ROOT) else { return };
    // It goes when there is something in its place, which looks at how long it has been there.
    let loading = root.first_element_child();
    mount_to(root.unchecked_into(), || view! { <AutoLogin /> }).forget();
    if let Some(loading) = loading {
        loading.remove();
    }
}
