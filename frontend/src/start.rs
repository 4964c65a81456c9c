//! The login as a module of its own, and how the view's module takes its state over.
//!
//! Both find each other in `window.miandeng`: `shown` is the state as JSON, `show` the view's function to take a newer one,
//! `tell` the login's for what the person taps.

use crate::{
    api::Api,
    flow::{Event, Facts, Flow, Stage},
    js,
    login::Login,
    page,
    shown::Shown,
};
use miandeng_shared::Lang;
use std::{cell::Cell, rc::Rc};
use wasm_bindgen::JsValue;

/// A wait that is longer is worth the view's words. The page that the login leads to has more use for the network.
const WORTH_SHOWING: u32 = 1_000;
const WORTH_SHOWING_OF_TARGETS: u32 = 2_000;

/// The component is the largest of all downloads, and the view would take of its bandwidth, so the document's own wait says
/// what for; by then it may be that nothing is coming.
const WORTH_SHOWING_OF_COMPONENT: u32 = 10_000;
pub const COMPONENT: [&str; 2] = ["正在载入钉钉组件…", "Loading DingTalk's component…"];

/// Where both modules meet, made by the loader.
fn meeting_place() -> JsValue {
    js::at(&["miandeng"])
}

/// Starts the login that the address of the document asks for.
pub fn login() {
    page::remember_entry();
    let lang = page::language();
    let (env, simulated) = page::environment();
    let (entry, visit) = (page::entry(None, None), page::visit());
    let facts = Facts { entry, visit, env, simulated, reloaded: page::is_marked(), embedded: false };
    let stages = Rc::new(Cell::new(0));
    let show = move |flow: &Flow| {
        pass(&Shown::of(flow));
        wait_for_view(flow.stage(), lang, &stages);
    };
    let login = Login::start(Api { base: String::new(), elsewhere: false, lang }, facts, show);
    let login = login.map_err(|failure| {
        pass(&Shown::failed(&failure));
        fetch_view();
    });
    let tell = js::function(move |event, _| match (&login, event.as_string().as_deref()) {
        (Ok(login), Some(RETRY)) => login.tell(Event::Retry),
        (Ok(login), _) => login.tell(Event::NotMe),
        // Where the address names no application there is no login to tell; a fresh page reads the address again.
        (Err(()), _) => drop(page::reload()),
    });
    js::set(&meeting_place(), "tell", tell);
}

/// What the view tells.
pub const RETRY: &str = "retry";
pub const NOT_ME: &str = "not me";

fn pass(shown: &Shown) {
    let (place, json) = (meeting_place(), JsValue::from(shown.write()));
    js::set(&place, "shown", &json);
    // Not there until the view is.
    let _ = js::call(&place, "show", &json);
}

/// Has the view fetched: at once where something is over or went wrong, and where a stage takes long.
fn wait_for_view(stage: &Stage, lang: Lang, stages: &Rc<Cell<u32>>) {
    let now = stages.get() + 1;
    stages.set(now);
    let patience = match stage {
        Stage::Failed(_) | Stage::Done(_) | Stage::Pausing => return fetch_view(),
        Stage::Leaving(_) => WORTH_SHOWING_OF_TARGETS,
        Stage::Sdk => {
            if let Some(says) = js::element("says") {
                js::set(&says, "textContent", COMPONENT[usize::from(lang == Lang::En)]);
            }
            WORTH_SHOWING_OF_COMPONENT
        }
        _ => WORTH_SHOWING,
    };
    let stages = Rc::clone(stages);
    let fetch = move || {
        if stages.get() == now {
            fetch_view();
        }
    };
    js::after(patience, Box::new(fetch));
}

/// The loader does it once.
fn fetch_view() {
    let _ = js::call(&meeting_place(), "fetchView", &JsValue::UNDEFINED);
}
