use super::{Waiting, failed::failed, greeting::greeting, i18n::words, status_screen::show};
use crate::{
    flow::LoggedIn,
    shown::{Screen, Shown},
};
use leptos::prelude::*;
use miandeng_shared::Lang;

/// What a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tap {
    Retry,
    NotMe,
}

type Done = Box<dyn Fn(LoggedIn) -> AnyView + Send + Sync>;

/// Shows a login as it stands, and tells `act` what the person taps. `done` is what is shown in place of the greeting.
#[component]
pub fn Screens(
    #[prop(into)] shown: Signal<Shown>,
    lang: Lang,
    /// When the wait began, in milliseconds since the document was asked for.
    begun: u32,
    act: impl Fn(Tap) + Copy + Send + 'static,
    done: Option<Done>,
) -> impl IntoView {
    // All stages of waiting are one screen, so that its indicator does not start anew with each step.
    let over = Memo::new(move |_| {
        let Shown { screen, simulator } = shown.get();
        let over = matches!(screen, Screen::Failed(_) | Screen::Done(_));
        over.then_some((screen, simulator))
    });
    move || {
        let (screen, simulator) = match over.get() {
            Some(over) => over,
            None => return view! { <Waiting shown lang begun /> }.into_any(),
        };
        let view = match (screen, &done) {
            (Screen::Done(logged_in), Some(done)) => done(logged_in),
            (Screen::Done(logged_in), None) => show(greeting(logged_in, lang), lang, move || act(Tap::NotMe)),
            (Screen::Failed(it), _) => show(failed(it, lang), lang, move || act(Tap::Retry)),
            (Screen::Waiting(_) | Screen::Leaving(_), _) => ().into_any(),
        };
        let demo = simulator.then(|| view! { <p class="badge">{words(lang).demo}</p> });
        (view, demo).into_any()
    }
}
