//! Loading DingTalk's component, and proof that it is there.

use super::{Dd, DdError, settle, sys::Host};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlScriptElement;

/// The component, if the window has it: `dd`, else the spare name of version 1.
#[must_use]
pub fn find() -> Option<Dd> {
    let host: Host = js_sys::global().unchecked_into();
    let works = |dd: &Dd| dd.config_function().is_ok_and(|config| config.is_function());
    let named = host.dd().ok().flatten().filter(works);
    named.or_else(|| host.spare_dd().ok().flatten().filter(works))
}

/// Loads the component from `url`, unless the window has it already: an application around the page may bring its
/// own, and with some clients a second copy is dead.
///
/// # Errors
/// That the script did not load, did not load in time, or was not the component.
pub async fn load(url: &str, limit: u32) -> Result<Dd, DdError> {
    if let Some(dd) = find() {
        return Ok(dd);
    }
    let script = script(url).map_err(|thrown| DdError::from_js(&thrown, &JsValue::UNDEFINED))?;
    let loaded = settle(limit, |callbacks| {
        script.set_onload(callbacks.success.dyn_ref());
        script.set_onerror(callbacks.fail.dyn_ref());
        let head = document()?.head().ok_or("no head")?;
        head.append_child(&script).map(|_| JsValue::UNDEFINED)
    })
    .await;
    if loaded.is_err() {
        script.remove();
    }
    loaded?;
    // `onload` fires for a script that is HTML or nonsense as well; only the function itself is proof.
    find().ok_or(DdError::Missing("dd.config"))
}

fn document() -> Result<web_sys::Document, JsValue> {
    web_sys::window().and_then(|window| window.document()).ok_or_else(|| "no document".into())
}

fn script(url: &str) -> Result<HtmlScriptElement, JsValue> {
    let script: HtmlScriptElement = document()?.create_element("script")?.unchecked_into();
    // Without it, the Chinese texts of version 1 would be read in the encoding of the page around.
    script.set_charset("utf-8");
    script.set_src(url);
    Ok(script)
}
