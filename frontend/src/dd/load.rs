//! Loading DingTalk's component, and proof that it is there.

use super::Dd;
use crate::{
    js,
    settle::{Callbacks, Done, Outcome, Trouble, settle},
};
use wasm_bindgen::JsValue;

/// The component, if the window has it: `dd`, else the spare name of version 1, which is there where an element has the
/// id `dd`.
#[must_use]
pub fn find() -> Option<Dd> {
    let found = ["dd", "__dd"].map(|name| js::at(&[name]));
    found.into_iter().find(|dd| js::get(dd, "config").is_function()).map(Dd)
}

/// Where the component comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub url: String,
    /// A copy, for when it does not come from there.
    pub fallback: Option<String>,
}

/// How long each of the two may take, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of the first, where there is another.
    pub patience: u32,
    pub whole: u32,
}

/// Loads the component, unless the window has it already: an application around the page may bring its own, and with
/// some clients a second copy is dead. `done` hears that it did not load, did not load in time, or was not the component.
pub fn load(source: &Source, limits: Limits, done: Done) {
    if let Some(dd) = find() {
        return done(Ok(dd.0));
    }
    let first = of_document(&source.url).unwrap_or_else(|| script(&source.url));
    let Some(fallback) = source.fallback.clone() else {
        return attempt(&first, None, limits.whole, done);
    };
    let and_then = {
        let first = first.clone();
        move |outcome: Outcome| match outcome {
            Ok(dd) => done(Ok(dd)),
            Err(_) => attempt(&script(&fallback), Some(&first), limits.whole, done),
        }
    };
    attempt(&first, None, limits.patience, Box::new(and_then));
}

/// Waits for `script`, or for `other`, which may still come.
fn attempt(script: &JsValue, other: Option<&JsValue>, limit: u32, done: Done) {
    let start = |callbacks: &Callbacks| {
        if let Some(other) = other {
            js::set(other, "onload", &callbacks.success);
        }
        js::set(script, "onload", &callbacks.success);
        js::set(script, "onerror", &callbacks.fail);
        if js::get(script, "isConnected").is_falsy() {
            return js::call(&js::at(&["document", "head"]), "appendChild", script)
                .map(|_| JsValue::UNDEFINED);
        }
        // One of the document's may have failed before anything listened; the document has waited for it.
        if js::at(&["document", "readyState"]).as_string().as_deref() == Some("complete") {
            return Err(JsValue::UNDEFINED);
        }
        js::call_with_two(&js::window(), "addEventListener", &"load".into(), &callbacks.success)
    };
    let element = script.clone();
    let outcome = move |loaded: Outcome| {
        // `onload` fires for a script that is HTML or nonsense as well; only the function itself is proof.
        let found = match (find(), loaded) {
            (Some(dd), _) => Ok(dd.0),
            (None, Ok(_)) => Err(Trouble::Missing("dd.config")),
            (None, Err(trouble)) => Err(trouble),
        };
        if found.is_err() {
            let _ = js::call(&element, "remove", &JsValue::UNDEFINED);
        }
        done(found);
    };
    settle(limit, &start, Box::new(outcome));
}

/// The script element that the server wrote into the document, if that is what it loads.
fn of_document(url: &str) -> Option<JsValue> {
    let script = js::element("jsapi")?;
    let source = js::call(&script, "getAttribute", &"src".into()).ok()?.as_string()?;
    (source == url).then_some(script)
}

fn script(url: &str) -> JsValue {
    // An element of this name can always be made.
    let script = js::call(&js::at(&["document"]), "createElement", &"script".into()).unwrap_or_default();
    // Without it, the Chinese texts of version 1 would be read in the encoding of the page around.
    js::set(&script, "charset", "utf-8");
    js::set(&script, "src", url);
    script
}
