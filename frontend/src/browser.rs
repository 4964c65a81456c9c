//! What the page knows of itself and does to itself: its address, its client, its one automatic reload.

use crate::{entry::Entry, env, js, json::Read};
use miandeng_shared::{AgentId, CorpId, Lang, Visit};
use std::cell::OnceCell;
use wasm_bindgen::JsValue;

thread_local! {
    static ENTRY: OnceCell<String> = const { OnceCell::new() };
}

/// Remembers the address that the document was opened with. DingTalk on Android checks the signature against it,
/// however often a router changes the address later, so an application with a router calls this before anything else.
pub fn remember_entry() {
    entry_href();
}

fn entry_href() -> String {
    let read = || text(&["location", "href"]);
    ENTRY.with(|entry| entry.get_or_init(read).clone())
}

fn text(path: &[&str]) -> String {
    js::at(path).as_string().unwrap_or_default()
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
    Visit::read(&block()?)
}

/// The same, as JavaScript reads it.
#[must_use]
pub fn block() -> Option<JsValue> {
    js::parse(&js::get(&js::element("visit")?, "textContent").as_string()?).ok()
}

/// The client around the page, and the one that a simulator would have it be.
#[must_use]
pub fn environment() -> (env::Env, env::Env) {
    let name = text(&["name"]);
    // The PC client injects it.
    let has_pc_bridge = js::at(&["dingtalk", "platform", "invokeAPI"]).is_function();
    (env::Env::detect(&user_agent(), &name, has_pc_bridge), env::Env::simulated(&name))
}

/// The visitor's language.
#[must_use]
pub fn language() -> Lang {
    env::language(&user_agent(), js::at(&["navigator", "language"]).as_string().as_deref())
}

#[must_use]
pub fn user_agent() -> String {
    text(&["navigator", "userAgent"])
}

/// Milliseconds since the document was asked for.
#[must_use]
pub fn age() -> u32 {
    milliseconds(js::call(&js::at(&["performance"]), "now", &JsValue::UNDEFINED).ok())
}

/// Some milliseconds more: pages that failed together do not come back together.
#[must_use]
pub fn apart() -> u32 {
    milliseconds(
        js::call(&js::at(&["Math"]), "random", &JsValue::UNDEFINED)
            .ok()
            .map(|random| (random.as_f64().unwrap_or_default() * 300.0).into()),
    )
}

// Durations, far from the limits of the type.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn milliseconds(number: Option<JsValue>) -> u32 {
    number.and_then(|number| number.as_f64()).unwrap_or_default() as u32
}

/// Set while the page is on its second try, by upgrade.js too. A property of the tab, which a reload keeps.
const MARK: &str = "miandeng.reloaded";

fn storage() -> JsValue {
    js::at(&["sessionStorage"])
}

/// True if this page load is the second try.
#[must_use]
pub fn is_marked() -> bool {
    js::get(&storage(), MARK).as_string().is_some()
}

/// The next page load is a first try again.
pub fn clear_mark() {
    let _ = js::call(&storage(), "removeItem", &MARK.into());
}

/// Loads the page afresh as the second try. False where that cannot be remembered: a page that reloads without
/// knowing that it did would never stop.
#[must_use]
pub fn reload_marked() -> bool {
    js::call_with_two(&storage(), "setItem", &MARK.into(), &"1".into()).is_ok() && reload()
}

/// Loads the page afresh.
pub fn reload() -> bool {
    js::call(&js::at(&["location"]), "reload", &JsValue::UNDEFINED).is_ok()
}

/// Goes to `target` without leaving this page in the history: "back" would only come here and forward again.
pub fn leave(target: &str) {
    // A path that `return_path` accepted is always a URL.
    let _ = js::call(&js::at(&["location"]), "replace", &target.into());
}
