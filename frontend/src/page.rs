//! What the page knows of itself and does to itself: its address, its client, its one automatic reload.

use crate::{entry::Entry, env, json};
use miandeng_shared::{AgentId, CorpId, Lang, Visit};
use std::cell::OnceCell;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Storage, Window};

thread_local! {
    static ENTRY: OnceCell<String> = const { OnceCell::new() };
}

/// Remembers the address that the document was opened with. DingTalk on Android checks the signature against it,
/// however often a router changes the address later, so an application with a router calls this before anything else.
pub fn remember_entry() {
    entry_href();
}

fn entry_href() -> String {
    let read = || window().and_then(|window| window.location().href().ok()).unwrap_or_default();
    ENTRY.with(|entry| entry.get_or_init(read).clone())
}

fn window() -> Option<Window> {
    web_sys::window()
}

/// The entry address, with the application from `corp_id` and `agent_id` where the caller knows better.
#[must_use]
pub fn entry(corp_id: Option<CorpId>, agent_id: Option<AgentId>) -> Entry {
    let entry = Entry::parse(&entry_href());
    Entry {
        corp_id: corp_id.map_or(entry.corp_id, Ok),
        agent_id: agent_id.map_or(entry.agent_id, Ok),
        ..entry
    }
}

/// What the server wrote into the document; nothing where the document is another server's.
#[must_use]
pub fn visit() -> Option<Visit> {
    json::parse(&element("visit")?.text_content()?).ok()
}

/// The client around the page, and the one that a simulator would have it be.
#[must_use]
pub fn environment() -> (env::Env, env::Env) {
    let name = window().and_then(|window| window.name().ok()).unwrap_or_default();
    (env::Env::detect(&user_agent(), &name, has_pc_bridge()), env::Env::simulated(&name))
}

/// The visitor's language.
#[must_use]
pub fn language() -> Lang {
    let navigator = window().and_then(|window| window.navigator().language());
    env::language(&user_agent(), navigator.as_deref())
}

#[must_use]
pub fn user_agent() -> String {
    window().and_then(|window| window.navigator().user_agent().ok()).unwrap_or_default()
}

/// `window.dingtalk.platform.invokeAPI`, which the PC client injects.
fn has_pc_bridge() -> bool {
    let step = |value: wasm_bindgen::JsValue, name: &str| js_sys::Reflect::get(&value, &name.into()).ok();
    let bridge = step(js_sys::global().into(), "dingtalk")
        .and_then(|dingtalk| step(dingtalk, "platform"))
        .and_then(|platform| step(platform, "invokeAPI"));
    bridge.is_some_and(|invoke| invoke.is_function())
}

/// Tells the browser and its translators which language the page speaks; `title` is none where the page belongs to
/// an application with a title of its own. A page that the server gave a product's name has it for a title already.
pub fn set_language(lang: Lang, title: Option<&str>) {
    let Some(document) = window().and_then(|window| window.document()) else { return };
    let Some(root) = document.document_element() else { return };
    // An attribute of this name is always allowed.
    let _ = root.set_attribute("lang", lang.tag());
    if let Some(title) = title.filter(|_| !root.has_attribute("data-name")) {
        document.set_title(title);
    }
}

/// True if the first element that matches is there and not hidden by the style sheet.
#[must_use]
pub fn sees(selector: &str) -> bool {
    let find = || {
        let window = window()?;
        let element = window.document()?.query_selector(selector).ok()??;
        window.get_computed_style(&element).ok()??.get_property_value("visibility").ok()
    };
    find().is_some_and(|visibility| visibility == "visible")
}

/// Milliseconds since the document was asked for.
#[must_use]
// A duration, far from the limits of the type.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn age() -> u32 {
    window().and_then(|window| window.performance()).map_or(0, |clock| clock.now() as u32)
}

#[must_use]
pub fn element(id: &str) -> Option<HtmlElement> {
    window()?.document()?.get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Changes the text of the element `id`, without what a signal for one sentence costs in size.
pub fn say(id: &str, text: &str) {
    if let Some(element) = element(id) {
        element.set_text_content(Some(text));
    }
}

/// Shows the hidden link `id`, which leads to `target`. Made by hand, which costs a third of a link that a signal makes.
pub fn point(id: &str, target: &str) {
    if let Some(link) = element(id) {
        // An attribute of this name is always allowed.
        let _ = link.set_attribute("href", target);
        link.set_hidden(false);
    }
}

/// Brings the keyboard and the screen reader to the element `id`, but never takes them from a page around this one.
pub fn focus(id: &str) {
    let document = window().and_then(|window| window.document());
    let ours = document.is_some_and(|document| document.has_focus().unwrap_or(false));
    if let Some(element) = element(id).filter(|_| ours) {
        let _ = element.focus();
    }
}

/// Set while the page is on its second try. A property of the tab, which a reload keeps.
const MARK: &str = "miandeng.reloaded";

fn storage() -> Option<Storage> {
    window().and_then(|window| window.session_storage().ok().flatten())
}

/// True if this page load is the second try.
#[must_use]
pub fn is_marked() -> bool {
    storage().is_some_and(|storage| storage.get_item(MARK).is_ok_and(|mark| mark.is_some()))
}

/// The next page load is a first try again.
pub fn clear_mark() {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(MARK);
    }
}

/// Loads the page afresh as the second try. False where that cannot be remembered: a page that reloads without
/// knowing that it did would never stop.
#[must_use]
pub fn reload_marked() -> bool {
    let marked = storage().is_some_and(|storage| storage.set_item(MARK, "1").is_ok());
    marked && reload()
}

/// Loads the page afresh.
pub fn reload() -> bool {
    window().is_some_and(|window| window.location().reload().is_ok())
}

/// Goes to `target` without leaving this page in the history: "back" would only come here and forward again.
pub fn leave(target: &str) {
    if let Some(window) = window() {
        // A path that `return_path` accepted is always a URL.
        let _ = window.location().replace(target);
    }
}
