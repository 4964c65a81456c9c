use super::{clipboard, dom, i18n::words};
use crate::js;
use leptos::prelude::*;
use miandeng_shared::Lang;
use wasm_bindgen_futures::spawn_local;

/// A screen that stands: a failure or a greeting. Both are one view, which costs half of what two would.
pub struct StatusScreen {
    /// Class of the mark, which tells the kind of screen before a word is read.
    pub mark: &'static str,
    /// A picture in place of the mark.
    pub avatar: Option<String>,
    pub role: &'static str,
    pub title: String,
    pub text: String,
    /// A second line and its id; it may be empty.
    pub line: (&'static str, String),
    /// The way on, if there is one.
    pub way: Option<String>,
    /// Class and label of the one thing to do here.
    pub action: (&'static str, &'static str),
    pub details: Option<Details>,
}

/// For the developer.
pub struct Details {
    pub code: &'static str,
    pub text: String,
}

const STATUS: &str = "status";
const DETAILS: &str = "details";

/// Shows `screen`; `act` is what its button does.
pub fn show(screen: StatusScreen, lang: Lang, act: impl Fn() + 'static) -> AnyView {
    let StatusScreen { mark, avatar, role, title, text, line, way, action, details } = screen;
    // Keyboard and screen reader come along, once there is something to come to.
    js::after(0, Box::new(|| dom::focus(STATUS)));
    view! {
        <main class="screen">
            {avatar.map(|src| view! { <img class="mark" src=src alt="" referrerpolicy="no-referrer" /> })}
            <span class=mark aria-hidden="true"></span>
            <div id=STATUS role=role tabindex="-1">
                <h1>{title}</h1>
                <p>{text}</p>
                <p id=line.0>{line.1}</p>
            </div>
            <a class="primary" id="go-on" hidden=way.is_none() href=way>{words(lang).go_on}</a>
            <button class=action.0 type="button" on:click=move |_| act()>{action.1}</button>
            {details.map(|details| more(details, lang))}
        </main>
    }
    .into_any()
}

fn more(details: Details, lang: Lang) -> impl IntoView {
    let words = words(lang);
    let says = RwSignal::new("");
    let copy = move |_| {
        spawn_local(async move {
            let copied = clipboard::copy(DETAILS).await;
            says.set(if copied { words.copied } else { words.selected });
        });
    };
    view! {
        <div class="more">
            <details>
                <summary>{words.details} " " <code id="error-code">{details.code}</code></summary>
                <p>{words.details_hint}</p>
                <pre id=DETAILS>{details.text}</pre>
            </details>
            <div class="copy">
                <span id="copied" role="status" prop:textContent=says></span>
                <button class="quiet" type="button" on:click=copy>{words.copy}</button>
            </div>
        </div>
    }
}
