//! The fast path of the login, a module of its own: the steps where nothing fails, decided as the [`crate::flow`] decides them.
//! With the first deviation it has the view's module fetched, which goes on with the flow from what has
//! [`crate::happened`].
//!
//! Both modules meet in `window.miandeng`, made by the loader: `happened` is the list, `dispatch` the view's function for what
//! happens once it is there, and `stuck` says that nothing is under way and the view has to act.

use crate::{
    api::{self, Api, Ask},
    browser,
    dd::{self, CodeRequest, Source},
    entry::Entry,
    env::Env,
    happened::{self, Step},
    js,
    settle::{Done, Outcome},
};
use miandeng_shared::{AppId, Lang, return_path};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::JsValue;

/// A wait that is longer is worth the view's words. The page that the login leads to has more use for the network.
const WORTH_SHOWING: u32 = 1_000;
const WORTH_SHOWING_OF_TARGETS: u32 = 2_000;

/// The component is the largest of all downloads, and the view would take of its bandwidth, so the document's own wait says
/// what for; by then it may be that nothing is coming.
const WORTH_SHOWING_OF_COMPONENT: u32 = 10_000;
pub const COMPONENT: [&str; 2] = ["正在载入钉钉组件…", "Loading DingTalk's component…"];

/// Where both modules meet.
pub fn meeting_place() -> JsValue {
    js::at(&["miandeng"])
}

/// Starts the login that the address of the document asks for.
pub fn login() {
    browser::remember_entry();
    if start().is_none() {
        hand_over();
    }
}

/// None where the flow has to decide.
type Goes = Option<()>;

fn start() -> Goes {
    let (env, simulated) = browser::environment();
    let entry = browser::entry(None, None);
    let app = entry.app()?;
    let visit = browser::block()?;
    let (config, session) = (js::get(&visit, "config"), js::get(&visit, "session"));
    let api = Api { base: String::new(), elsewhere: false, lang: browser::language() };
    let config_of = RefCell::new(config.clone());
    let stages = Rc::default();
    let fast_path = Rc::new(FastPath { api, entry, app, env, simulated, config: config_of, stages });
    if !fast_path.is_of_this_app(&config) {
        return None;
    }
    if fast_path.is_of_this_app(&js::get(&session, "user")) {
        let home = js::get(&session, "home").as_string();
        return fast_path.leave(fast_path.entry.next.clone().or(home)?);
    }
    // A signature counts for the address that it is of: a proxy may have rewritten it.
    if js::get(&config, "url").as_string().as_ref() == Some(&fast_path.entry.url)
        || fast_path.kind()? == Kind::H5
    {
        return fast_path.load();
    }
    if !fast_path.fits()? {
        return None;
    }
    let ask = Ask::config(&fast_path.app, &fast_path.entry.url);
    fast_path.wait(WORTH_SHOWING);
    fast_path.api.send(&ask, fast_path.then(Step::Config, FastPath::on_config));
    Some(())
}

struct FastPath {
    api: Api,
    entry: Entry,
    app: AppId,
    env: Env,
    simulated: Env,
    /// A `ConfigAnswer`.
    config: RefCell<JsValue>,
    /// How many stages there have been.
    stages: Rc<Cell<u32>>,
}

#[derive(PartialEq)]
enum Kind {
    Channel,
    H5,
}

impl FastPath {
    fn is_of_this_app(&self, named: &JsValue) -> bool {
        let is = |name, id: &str| js::get(named, name).as_string().as_deref() == Some(id);
        is("corpId", self.app.corp_id.as_str()) && is("agentId", self.app.agent_id.as_str())
    }

    fn of_config(&self, name: &str) -> Option<String> {
        js::get(&self.config.borrow(), name).as_string()
    }

    fn kind(&self) -> Option<Kind> {
        match self.of_config("kind")?.as_str() {
            "channel" => Some(Kind::Channel),
            "h5" => Some(Kind::H5),
            _ => None,
        }
    }

    /// Whether people can log in to this kind of application on this client.
    fn fits(&self) -> Option<bool> {
        let simulator = js::get(&self.config.borrow(), "simulator").is_truthy();
        Some(match if simulator { &self.simulated } else { &self.env } {
            Env::Phone { .. } => true,
            Env::Pc { .. } => self.kind()? == Kind::H5,
            Env::Outside => false,
        })
    }

    fn on_config(self: &Rc<Self>, answer: &JsValue) -> Goes {
        self.config.replace(api::good(answer)?);
        self.load()
    }

    fn load(self: &Rc<Self>) -> Goes {
        let signed = || {
            ["timeStamp", "nonceStr", "signature", "url"].iter().all(|name| self.of_config(name).is_some())
        };
        if !self.fits()? || self.kind()? == Kind::Channel && !signed() {
            return None;
        }
        let source =
            Source { url: self.of_config("jsapiUrl")?, fallback: self.of_config("jsapiFallbackUrl") };
        if let Some(says) = js::element("says") {
            js::set(&says, "textContent", COMPONENT[usize::from(self.api.lang == Lang::En)]);
        }
        self.wait(WORTH_SHOWING_OF_COMPONENT);
        dd::load(&source, dd::LOAD_LIMITS, self.then(Step::Loaded, Self::on_loaded));
        Some(())
    }

    fn on_loaded(self: &Rc<Self>, _: &JsValue) -> Goes {
        // Today's applications log in without `dd.config`.
        if self.kind()? == Kind::H5 {
            return self.ask_code();
        }
        let options = js::pick(&self.config.borrow(), &dd::OPTIONS);
        self.wait(WORTH_SHOWING);
        dd::verify(
            &dd::find()?,
            &options,
            dd::VERIFY_LIMIT,
            self.then(Step::Verified, |fast_path, _| fast_path.ask_code()),
        );
        Some(())
    }

    fn ask_code(self: &Rc<Self>) -> Goes {
        let request =
            CodeRequest { corp_id: self.app.corp_id.clone(), client_id: self.of_config("clientId") };
        self.wait(WORTH_SHOWING);
        dd::request_code(&dd::find()?, &request, dd::CODE_LIMIT, self.then(Step::Code, Self::on_code));
        Some(())
    }

    fn on_code(self: &Rc<Self>, answer: &JsValue) -> Goes {
        let ask = Ask::login(&self.app, &dd::code(answer)?, self.entry.next.as_deref());
        self.wait(WORTH_SHOWING);
        self.api.send(&ask, self.then(Step::Login, Self::on_login));
        Some(())
    }

    fn on_login(self: &Rc<Self>, answer: &JsValue) -> Goes {
        let answer = api::good(answer)?;
        if !self.is_of_this_app(&js::get(&answer, "user")) {
            return None;
        }
        self.leave(js::get(&answer, "next").as_string()?)
    }

    fn leave(&self, target: String) -> Goes {
        if self.entry.is_here(&target) {
            return None;
        }
        return_path(&target)?;
        self.wait(WORTH_SHOWING_OF_TARGETS);
        browser::clear_mark();
        browser::leave(&target);
        Some(())
    }

    /// What becomes of an outcome: the next step, unless the view is there and takes it.
    fn then(self: &Rc<Self>, step: Step, go_on: fn(&Rc<Self>, &JsValue) -> Goes) -> Done {
        let fast_path = Rc::clone(self);
        Box::new(move |outcome: Outcome| {
            let (place, happened) = (meeting_place(), happened::write(step, &outcome));
            // A list has it.
            let _ = js::call(&js::get(&place, "happened"), "push", &happened);
            if js::call(&place, "dispatch", &happened).is_ok() {
                return;
            }
            if outcome.ok().and_then(|value| go_on(&fast_path, &value)).is_none() {
                hand_over();
            }
        })
    }

    /// A stage begins; one that takes longer than this has the view fetched.
    fn wait(&self, patience: u32) {
        let now = self.stages.get() + 1;
        self.stages.set(now);
        let stages = Rc::clone(&self.stages);
        let fetch = move || {
            if stages.get() == now {
                fetch_view();
            }
        };
        js::after(patience, Box::new(fetch));
    }
}

fn hand_over() {
    js::set(&meeting_place(), "stuck", true);
    fetch_view();
}

/// The loader does it once.
fn fetch_view() {
    let _ = js::call(&meeting_place(), "fetchView", &JsValue::UNDEFINED);
}
