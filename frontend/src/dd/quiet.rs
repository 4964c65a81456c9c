//! Versions 2 and 3 of the component reject a promise that no caller can get hold of when `dd.config` is refused. The
//! refusal is handled; the console should not call it unhandled.

use crate::js;
use wasm_bindgen::JsValue;

/// The browser reports a rejection after the code that caused it has come to rest, so the filter outlives it a little.
const LINGER: u32 = 500;

const EVENT: &str = "unhandledrejection";

/// Filters such rejections until some moments after it is dropped.
pub struct Quiet(JsValue);

impl Quiet {
    pub fn start() -> Self {
        let listener = js::function(|event, _| {
            if is_the_components(&js::get(&event, "reason")) {
                let _ = js::call(&event, "preventDefault", &JsValue::UNDEFINED);
            }
        });
        let _ = js::call_with_two(&js::window(), "addEventListener", &EVENT.into(), &listener);
        Self(listener)
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let listener = self.0.clone();
        let end = move || {
            let _ = js::call_with_two(&js::window(), "removeEventListener", &EVENT.into(), &listener);
        };
        js::after(LINGER, Box::new(end));
    }
}

/// Rejections of the application around the page are none of our business: only those that look like the component's.
fn is_the_components(reason: &JsValue) -> bool {
    let has = |name: &str| !js::get(reason, name).is_undefined();
    reason.is_undefined() || has("errorCode") || has("errorMessage")
}
