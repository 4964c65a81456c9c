use super::{Screens, Tap, dom::set_language, i18n::words};
use crate::{
    api::Api,
    browser,
    flow::{Event, Flow, LoggedIn, PageContext},
    js,
    login::Login,
    shown::{Screen, Shown, Wait},
};
use leptos::prelude::*;
use miandeng_shared::{AgentId, CorpId, Lang};
use std::rc::Rc;
use web_sys::Url;

/// Logs the visitor in and then shows its children, which find [`LoggedIn`] in their context. Without children it
/// goes to the deep link or the application's home, or greets.
#[component]
pub fn AutoLogin(
    /// The corporation; by default `corpid` of the address.
    #[prop(optional, into)]
    corp_id: Option<CorpId>,
    /// The application; by default `agentid` of the address.
    #[prop(optional, into)]
    agent_id: Option<AgentId>,
    /// Where miandeng is; by default where the page is. Relative to the document.
    #[prop(optional, into)]
    api_base: Option<String>,
    #[prop(optional)] children: Option<ChildrenFn>,
) -> impl IntoView {
    let lang = browser::language();
    set_language(lang, children.is_none().then_some(words(lang).title));
    let (env, simulated) = browser::environment();
    let embedded = children.is_some();
    let (entry, visit) = (browser::entry(corp_id, agent_id), browser::visit());
    let context = PageContext { entry, visit, env, simulated, reloaded: browser::is_marked(), embedded };

    let shown = RwSignal::new(Shown { screen: Screen::Waiting(Wait::Server), simulator: false });
    let login = StoredValue::new_local(None);
    let api = api(api_base.as_deref(), lang);
    // Once the wait is to be seen.
    let start = move || {
        let started = Login::start(api, context, move |flow: &Flow| shown.set(Shown::of(flow)));
        login.set_value(started.map_err(|failure| shown.set(Shown::failed(&failure))).ok());
    };
    js::after(0, Box::new(start));
    let done = children.map(|children| {
        Box::new(move |logged_in: LoggedIn| {
            provide_context(logged_in);
            children()
        }) as Box<dyn Fn(LoggedIn) -> AnyView + Send + Sync>
    });
    view! { <Screens shown lang begun=browser::age() act=act(login) done /> }
}

/// What a person's tap does.
pub fn act(login: StoredValue<Option<Rc<Login>>, LocalStorage>) -> impl Fn(Tap) + Copy + Send {
    move |tap| {
        login.with_value(|login| match (login, tap) {
            (Some(login), Tap::Retry) => login.dispatch(Event::Retry),
            (Some(login), Tap::NotMe) => login.dispatch(Event::NotMe),
            // Where the address names no application there is no login to tell; a fresh page reads the address again.
            (None, _) => drop(browser::reload()),
        });
    }
}

/// `base` is relative to the document.
fn api(base: Option<&str>, lang: Lang) -> Api {
    let Some(base) = base else { return Api { base: String::new(), elsewhere: false, lang } };
    let document = web_sys::window().and_then(|window| window.document());
    let page = document.and_then(|document| document.base_uri().ok().flatten()).unwrap_or_default();
    let slashed = format!("{}/", base.trim_end_matches('/'));
    let url = Url::new_with_base(&slashed, &page).ok();
    let origin = |url: &Url| url.origin();
    let ours = Url::new(&page).ok().as_ref().map(origin);
    let elsewhere = url.as_ref().map(origin) != ours;
    Api { base: url.map_or(slashed, |url| url.href()), elsewhere, lang }
}
