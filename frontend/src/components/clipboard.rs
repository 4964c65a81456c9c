//! Copying text, as far as each webview lets us.

use super::dom;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlDocument, HtmlElement};

/// Copies the text of the element `id`. False where the person has to: the text is selected then.
pub async fn copy(id: &str) -> bool {
    let Some(element) = dom::element(id) else { return false };
    let written = match write(&element.text_content().unwrap_or_default()) {
        Some(written) => JsFuture::from(written).await.is_ok(),
        None => false,
    };
    written || select(&element)
}

/// The clipboard of the browser, which old webviews do not have, nor pages over plain http.
fn write(text: &str) -> Option<Promise> {
    let navigator = web_sys::window()?.navigator();
    let clipboard = Reflect::get(&navigator, &JsValue::from_str("clipboard")).ok()?;
    let write = Reflect::get(&clipboard, &JsValue::from_str("writeText")).ok()?;
    write.dyn_into::<Function>().ok()?.call1(&clipboard, &JsValue::from_str(text)).ok()?.dyn_into().ok()
}

/// Selects the text, and copies it in the way that came before; true if that worked.
fn select(element: &HtmlElement) -> bool {
    let Some(window) = web_sys::window() else { return false };
    // What is folded away cannot be selected.
    if let Some(folded) = element.parent_element() {
        let _ = folded.set_attribute("open", "");
    }
    if let Ok(Some(selection)) = window.get_selection() {
        let _ = selection.select_all_children(element);
    }
    let document = window.document().map(JsCast::unchecked_into::<HtmlDocument>);
    document.is_some_and(|document| document.exec_command("copy").unwrap_or(false))
}
