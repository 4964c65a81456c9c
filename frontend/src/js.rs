//! The browser, as far as the login needs it: a dozen functions, each bound by hand. web-sys and gloo bring more glue.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `window`, which is its own value.
    #[wasm_bindgen(js_namespace = window, js_name = valueOf)]
    pub fn window() -> JsValue;

    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn get_property(target: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    pub fn at_index(array: &JsValue, index: u32) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, js_name = set, catch)]
    fn set_property(target: &JsValue, name: &str, value: &JsValue) -> Result<bool, JsValue>;

    #[wasm_bindgen(js_namespace = Reflect, js_name = apply, catch)]
    fn apply(function: &JsValue, this: &JsValue, arguments: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = of)]
    fn array_of_none() -> JsValue;

    #[wasm_bindgen(js_namespace = Array, js_name = of)]
    fn array_of_one(value: &JsValue) -> JsValue;

    #[wasm_bindgen(js_namespace = Array, js_name = of)]
    fn array_of_two(first: &JsValue, second: &JsValue) -> JsValue;

    #[wasm_bindgen(js_namespace = Object, js_name = create)]
    fn object_like(prototype: &JsValue) -> JsValue;

    #[wasm_bindgen(js_name = String)]
    fn to_text(value: &JsValue) -> String;

    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    pub fn parse(text: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = JSON, js_name = stringify, catch)]
    fn stringify(value: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = encodeURIComponent, catch)]
    fn encode_component(text: &str) -> Result<String, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &JsValue, milliseconds: u32);

    pub type Request;

    #[wasm_bindgen(constructor, catch)]
    pub fn new(url: &str, options: &JsValue) -> Result<Request, JsValue>;

    pub fn fetch(request: &Request) -> JsValue;
}

/// A property; undefined where there is none, or where it cannot be had.
pub fn get(target: &JsValue, name: &str) -> JsValue {
    get_property(target, name).unwrap_or(JsValue::UNDEFINED)
}

/// The property at the end of a path from `window`.
pub fn at(path: &[&str]) -> JsValue {
    path.iter().fold(window(), |value, name| get(&value, name))
}

pub fn set(target: &JsValue, name: &str, value: impl Into<JsValue>) {
    // What cannot be set stays as it is.
    let _ = set_property(target, name, &value.into());
}

/// Calls the method `name` of `target`.
pub fn call(target: &JsValue, name: &str, argument: &JsValue) -> Result<JsValue, JsValue> {
    apply(&get_property(target, name)?, target, &array_of_one(argument))
}

pub fn call_with_two(
    target: &JsValue,
    name: &str,
    first: &JsValue,
    second: &JsValue,
) -> Result<JsValue, JsValue> {
    apply(&get_property(target, name)?, target, &array_of_two(first, second))
}

/// An object with these fields.
pub fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = object_like(&at(&["Object", "prototype"]));
    for (name, value) in fields {
        set(&object, name, value.clone());
    }
    object
}

/// A string or a number as text; anything else is none. JavaScript writes the number.
pub fn text(value: &JsValue) -> Option<String> {
    value.as_string().or_else(|| value.as_f64().map(|_| to_text(value)))
}

/// JSON of an object.
pub fn json(value: &JsValue) -> Option<String> {
    value.is_object().then(|| stringify(value).ok()?.as_string()).flatten()
}

/// Half of a surrogate pair has no encoding.
pub fn encoded(text: &str) -> String {
    encode_component(text).unwrap_or_default()
}

/// A function for JavaScript to call. It belongs to JavaScript from then on and goes with its last reference: one that
/// Rust dropped would throw when it is called late, and one that is forgotten would stay for ever.
pub fn function(run: impl FnMut(JsValue, JsValue) + 'static) -> JsValue {
    Closure::<dyn FnMut(JsValue, JsValue)>::new(run).into_js_value()
}

/// Boxed, as everywhere here: a copy of this for each closure would be larger than the call.
pub fn after(milliseconds: u32, then: Box<dyn FnOnce()>) {
    let mut then = Some(then);
    let run = move |_, _| {
        if let Some(then) = then.take() {
            then();
        }
    };
    set_timeout(&function(run), milliseconds);
}

/// The element with this id.
pub fn element(id: &str) -> Option<JsValue> {
    let found = call(&at(&["document"]), "getElementById", &id.into()).ok()?;
    found.is_object().then_some(found)
}

/// An object with these fields of another.
pub fn pick(from: &JsValue, names: &[&str]) -> JsValue {
    let object = object(&[]);
    for name in names {
        set(&object, name, get(from, name));
    }
    object
}

pub fn array(items: impl Iterator<Item = JsValue>) -> JsValue {
    let array = array_of_none();
    for item in items {
        // An array always has it.
        let _ = call(&array, "push", &item);
    }
    array
}
