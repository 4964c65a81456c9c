use super::{Failed, Greeting, Waiting};
use crate::{
    api::Api,
    flow::{Event, Facts, Flow, LoggedIn, Stage},
    login::Login,
    page,
    text::words,
};
use leptos::prelude::*;
use miandeng_shared::{AgentId, CorpId};
use std::rc::Rc;

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
    let lang = page::language();
    page::set_language(lang, children.is_none().then_some(words(lang).title));
    let facts = Facts {
        entry: page::entry(corp_id, agent_id),
        env: page::environment(),
        reloaded: page::is_marked(),
        embedded: children.is_some(),
    };

    let shown = RwSignal::new((Stage::Session, false));
    let show = move |flow: &Flow| shown.set((flow.stage().clone(), flow.simulator()));
    let login = Login::start(Api::new(api_base.as_deref(), lang), facts, show);
    let login = login.map_err(|failure| shown.set((Stage::Failed(failure), false))).ok();
    let login = StoredValue::new_local(login);
    let tell = move |event: Event| login.with_value(|login| tell_or_reload(login.as_ref(), event));

    move || {
        let (stage, simulator) = shown.get();
        let view = match stage {
            Stage::Failed(failure) => {
                view! { <Failed failure=*failure lang on_retry=move || tell(Event::Retry) /> }.into_any()
            }
            Stage::Done(logged_in) => {
                arrived(*logged_in, children.as_ref(), lang, move || tell(Event::NotMe))
            }
            waiting => view! { <Waiting stage=waiting lang /> }.into_any(),
        };
        (simulator.then(|| view! { <p class="badge">{words(lang).demo}</p> }), view)
    }
}

/// Where the address names no application there is no login to tell; a fresh page reads the address again.
fn tell_or_reload(login: Option<&Rc<Login>>, event: Event) {
    match login {
        Some(login) => login.tell(event),
        None => {
            page::reload();
        }
    }
}

fn arrived(
    logged_in: LoggedIn,
    children: Option<&ChildrenFn>,
    lang: miandeng_shared::Lang,
    on_not_me: impl Fn() + 'static,
) -> AnyView {
    match children {
        Some(children) => {
            provide_context(logged_in);
            children()
        }
        None => view! { <Greeting logged_in lang on_not_me /> }.into_any(),
    }
}
