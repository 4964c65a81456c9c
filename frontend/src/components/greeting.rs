use crate::{flow::LoggedIn, text::words};
use leptos::prelude::*;
use miandeng_shared::{Lang, User};

/// `contactType` of somebody whom the directory knows but who does not work there.
const EXTERNAL: u8 = 1;

/// Who is logged in, and the way out for somebody else.
#[component]
pub fn Greeting(logged_in: LoggedIn, lang: Lang, on_not_me: impl Fn() + 'static) -> impl IntoView {
    let words = words(lang);
    let User { nick, avatar, user_id, contact_type, .. } = logged_in.user;
    let hello = match nick {
        Some(nick) => format!("{}{nick}", words.hello),
        None => words.stranger.to_owned(),
    };
    let identity = match (user_id, contact_type) {
        (Some(id), Some(EXTERNAL)) => format!("{} {}", words.external, id.as_str()),
        (Some(id), _) => format!("{} {}", words.employee, id.as_str()),
        (None, _) => words.follower.to_owned(),
    };
    view! {
        <main class="card">
            {avatar.map(|src| view! { <img class="avatar" src=src alt="" referrerpolicy="no-referrer" /> })}
            <h1>{hello}</h1>
            <p class="identity">{words.logged_in} <br /> <span id="identity">{identity}</span></p>
            <button class="quiet" type="button" on:click=move |_| on_not_me()>{words.not_you}</button>
        </main>
    }
}
