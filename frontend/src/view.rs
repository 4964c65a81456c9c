//! The view as a module of its own, in place of the wait that `index.html` shows. It goes on with the login where the login's
//! module has come to, with the whole flow and not only its fast path.

use crate::{
    api::Api,
    browser,
    components::{Screens, act, set_language, words},
    fast_path::meeting_place,
    flow::{Flow, PageContext},
    happened, js, json,
    login::Login,
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
    let lang = browser::language();
    let api = Api { base: String::new(), elsewhere: false, lang };
    let (env, simulated) = browser::environment();
    let (entry, visit) = (browser::entry(None, None), browser::visit());
    let context =
        PageContext { entry, visit, env, simulated, reloaded: browser::is_marked(), embedded: false };
    set_language(lang, Some(words(lang).title));
    let shown = RwSignal::new(Shown { screen: Screen::Waiting(Wait::Server), simulator: false });
    let place = meeting_place();
    let list = js::get(&place, "happened");
    let happened = json::items(&list).into_iter().flatten().filter_map(|happened| happened::read(&happened));
    let login = match Login::after(happened, api, context, move |flow: &Flow| shown.set(Shown::of(flow))) {
        Ok((login, command)) => {
            if js::get(&place, "stuck").is_truthy() {
                login.perform(command);
            }
            let login_of_view = Rc::clone(&login);
            let dispatch = move |happened: JsValue, _| {
                if let Some(event) = happened::read(&happened) {
                    login_of_view.dispatch(event);
                }
            };
            js::set(&place, "dispatch", js::function(dispatch));
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
