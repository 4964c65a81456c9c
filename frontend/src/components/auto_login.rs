use super::{Waiting, failed::failed, greeting::greeting, told::tell, waiting::still_waiting};
use crate::{
    api::Api,
    failure::Failure,
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
    let (env, simulated) = page::environment();
    let embedded = children.is_some();
    let entry = page::entry(corp_id, agent_id);
    let visit = page::visit();
    let facts = Facts { entry, visit, env, simulated, reloaded: page::is_marked(), embedded };

    let waiting_for = move |stage: &Stage| words(lang).waiting_for(stage);
    let shown = RwSignal::new((Screen::Waiting(waiting_for(&Stage::Session)), false));
    let show = move |flow: &Flow| {
        let screen = match flow.stage() {
            Stage::Failed(failure) => Screen::Failed(failure.clone()),
            Stage::Done(logged_in) => Screen::Done(logged_in.clone()),
            stage if matches!(*shown.read_untracked(), (Screen::Waiting(_), _)) => {
                let target = if let Stage::Leaving(target) = stage { Some(&**target) } else { None };
                return still_waiting(waiting_for(stage), target, *stage == Stage::Pausing);
            }
            stage => Screen::Waiting(waiting_for(stage)),
        };
        shown.set((screen, flow.simulator()));
    };
    let login = Login::start(Api::new(api_base.as_deref(), lang), facts, show);
    let login = login.map_err(|failure| shown.set((Screen::Failed(failure), false))).ok();
    let login = StoredValue::new_local(login);
    let told = move |event: Event| login.with_value(|login| tell_or_reload(login.as_ref(), event));

    move || {
        let (screen, simulator) = shown.get();
        let view = match screen {
            Screen::Waiting(says) => view! { <Waiting says lang /> }.into_any(),
            Screen::Failed(failure) => tell(failed(*failure, lang), lang, move || told(Event::Retry)),
            Screen::Done(logged_in) => match &children {
                Some(children) => {
                    provide_context(*logged_in);
                    children()
                }
                None => tell(greeting(*logged_in, lang), lang, move || told(Event::NotMe)),
            },
        };
        (view, simulator.then(|| view! { <p class="badge">{words(lang).demo}</p> }))
    }
}

/// What is on the screen. All stages of waiting are one, and the demo is told of once that is over.
#[derive(Clone)]
enum Screen {
    /// What for, when it began.
    Waiting(&'static str),
    Failed(Box<Failure>),
    Done(Box<LoggedIn>),
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
