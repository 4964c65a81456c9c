//! The shapes of `window.dd`, and nothing else. Structural types: every part is looked up when it is used, so a part
//! that is missing or of another kind is a value or an error, never an exception that ends the page.

use js_sys::Object;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The window, as far as DingTalk's component is concerned.
    pub type Host;

    #[wasm_bindgen(method, structural, getter, catch)]
    pub fn dd(this: &Host) -> Result<Option<Dd>, JsValue>;

    /// Version 1 always sets this second name; `dd` itself may be taken by an element with that id.
    #[wasm_bindgen(method, structural, getter, catch, js_name = "__dd")]
    pub fn spare_dd(this: &Host) -> Result<Option<Dd>, JsValue>;

    /// `window.dd`.
    pub type Dd;

    #[wasm_bindgen(method, structural, getter, catch, js_name = "config")]
    pub fn config_function(this: &Dd) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub fn error(this: &Dd, callback: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub fn config(this: &Dd, options: &Object) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch)]
    pub fn ready(this: &Dd, callback: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, getter, catch)]
    pub fn channel(this: &Dd) -> Result<Option<Namespace>, JsValue>;

    #[wasm_bindgen(method, structural, getter, catch)]
    pub fn runtime(this: &Dd) -> Result<Option<Namespace>, JsValue>;

    /// `dd.channel`: what a service window may call; `dd.runtime`: what every other application may.
    pub type Namespace;

    #[wasm_bindgen(method, structural, getter, catch)]
    pub fn permission(this: &Namespace) -> Result<Option<Permission>, JsValue>;

    /// `dd.channel.permission`, `dd.runtime.permission`; and, since clients of 7.0.45, `dd` itself.
    pub type Permission;

    #[wasm_bindgen(method, structural, getter, catch, js_name = "requestAuthCode")]
    pub fn request_auth_code_function(this: &Permission) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, structural, catch, js_name = "requestAuthCode")]
    pub fn request_auth_code(this: &Permission, options: &Object) -> Result<JsValue, JsValue>;
}
