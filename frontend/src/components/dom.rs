//! The document around the view.

use miandeng_shared::Lang;
use wasm_bindgen::JsCast;
use web_sys::{Document, HtmlElement};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// Tells the browser and its translators which language the page speaks; `title` is none where the page belongs to
/// an application with a title of its own. A page that the server gave a product's name has it for a title already.
pub fn set_language(lang: Lang, title: Option<&str>) {
    let Some(document) = document() else { return };
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
        let element = document()?.query_selector(selector).ok()??;
        web_sys::window()?.get_computed_style(&element).ok()??.get_property_value("visibility").ok()
    };
    find().is_some_and(|visibility| visibility == "visible")
}

#[must_use]
pub fn element(id: &str) -> Option<HtmlElement> {
    document()?.get_element_by_id(id).map(JsCast::unchecked_into)
}

/// Brings the keyboard and the screen reader to the element `id`, but never takes them from a page around this one.
pub fn focus(id: &str) {
    let ours = document().is_some_and(|document| document.has_focus().unwrap_or(false));
    if let Some(element) = element(id).filter(|_| ours) {
        let _ = element.focus();
    }
}
