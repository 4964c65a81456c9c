//! The view as a module of its own, in place of the wait that `index.html` shows. It goes on with the login where the login's
//! module has come to, with the whole flow and not only its fast path.

use crate::{
    api::Api,
    components::{Screens, act, set_language, words},
    fast_path::meeting_place,
    flow::{Facts, Flow},
    happened, js,
    login::Login,
    page,
    shown::{Screen, Shown, Wait},
};
use leptos::prelude::*;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// Shows the login, and carries out what comes next.
pub fn show() {
    // Release builds leave the texts of panics out, which would cost a tenth of the download.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    let Some(root) = document().get_element_by_id("app") else { return };
    let lang = page::language();
    let api = Api { base: String::new(), elsewhere: false, lang };
    let (env, simulated) = page::environment();
    let (entry, visit) = (page::entry(None, None), page::visit());
    let facts = Facts { entry, visit, env, simulated, reloaded: page::is_marked(), embedded: false };
    set_language(lang, Some(words(lang).title));
    let shown = RwSignal::new(Shown { screen: Screen::Waiting(Wait::Server), simulator: false });
    let place = meeting_place();
    let list = js::get(&place, "happened");
    let happened = js::items(&list).into_iter().flatten().filter_map(|happened| happened::read(&happened));
    let login = match Login::after(happened, api, facts, move |flow: &Flow| shown.set(Shown::of(flow))) {
        Ok((login, command)) => {
            if js::get(&place, "stuck").is_truthy() {
                login.perform(command);
            }
            let teller = Rc::clone(&login);
            let tell = move |happened: JsValue, _| {
                if let Some(event) = happened::read(&happened) {
                    teller.tell(event);
                }
            };
            js::set(&place, "tell", js::function(tell));
            Some(login)
        }
        Err(failure) => {
            shown.set(Shown::failed(&failure));
            None
        }
    };
    let login = StoredValue::new_local(login);
    // It goes when there is something in its place, which looks at how long it has been there.
    let loading = root.first_element_child();
    let view = move || view! { <Screens shown lang begun=0 act=act(login) done=None /> };
    mount_to(root.unchecked_into(), view).forget();
    if let Some(loading) = loading {
        loading.remove();
    }
}
