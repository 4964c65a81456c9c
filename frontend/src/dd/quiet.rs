//! Versions 2 and 3 of the component reject a promise that nobody can get hold of when `dd.config` is refused. The
//! refusal is handled; the console should not call it unhandled.

use gloo_timers::callback::Timeout;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{PromiseRejectionEvent, Window};

/// The browser reports a rejection after the code that caused it has come to rest, so the filter outlives it a little.
const LINGER: u32 = 500;

const EVENT: &str = "unhandledrejection";

/// Filters such rejections until some moments after it is dropped.
pub struct Quiet {
    installed: Option<(Window, Listener)>,
}

type Listener = Closure<dyn FnMut(PromiseRejectionEvent)>;

impl Quiet {
    pub fn start() -> Self {
        let listener = Listener::new(|event: PromiseRejectionEvent| {
            if is_the_components(&event.reason()) {
                event.prevent_default();
            }
        });
        let window = web_sys::window().filter(|window| {
            window.add_event_listener_with_callback(EVENT, listener.as_ref().unchecked_ref()).is_ok()
        });
        Self { installed: window.map(|window| (window, listener)) }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let Some((window, listener)) = self.installed.take() else { return };
        let end = move || {
            let _ = window.remove_event_listener_with_callback(EVENT, listener.as_ref().unchecked_ref());
        };
        Timeout::new(LINGER, end).forget();
    }
}

/// Rejections of the application around the page are none of our business: only those that look like the component's.
fn is_the_components(reason: &JsValue) -> bool {
    let has = |name: &str| reason.is_object() && Reflect::has(reason, &name.into()).unwrap_or(false);
    reason.is_undefined() || has("errorCode") || has("errorMessage")
}
