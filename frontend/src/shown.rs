//! What there is to be seen of a login. It passes from the login module to the view's as JSON, and within one module as it
//! is.

use crate::{
    failure::Failure,
    flow::{Flow, LoggedIn, Stage},
    js,
    json::{Object, Read, decimal, reads},
};
use miandeng_shared::{ErrorCode, ExternalUserId, OpenId, UnionId, User, UserId};
use wasm_bindgen::JsValue;

/// A login as the view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub screen: Screen,
    /// The server stands on a simulator: the view says that it is a demo.
    pub simulator: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    Waiting(Wait),
    /// On the way to this path.
    Leaving(String),
    Failed(Failed),
    Done(LoggedIn),
}

/// What is being waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Server,
    Component,
    Identity,
    Login,
    /// A fresh page.
    Again,
    /// A pause after a failure that it heals.
    Healing,
    /// The end of a session.
    Ending,
}

/// A failure in words and details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub code: ErrorCode,
    /// Message and hint of the server, where it has said something.
    pub said: Option<(String, String)>,
    pub retry_after: Option<u32>,
    /// Lines to copy: name, colon, value.
    pub details: String,
    /// It is of WeCom, which the words of the catalogue then name.
    pub is_wecom: bool,
}

impl Shown {
    #[must_use]
    pub fn of(flow: &Flow) -> Self {
        let screen = match flow.stage() {
            Stage::Session | Stage::App | Stage::Config => Screen::Waiting(Wait::Server),
            Stage::Sdk => Screen::Waiting(Wait::Component),
            Stage::Verify | Stage::Code => Screen::Waiting(Wait::Identity),
            Stage::Login => Screen::Waiting(Wait::Login),
            Stage::Reporting(_) | Stage::Reloading(_) => Screen::Waiting(Wait::Again),
            Stage::Pausing => Screen::Waiting(Wait::Healing),
            Stage::Ending => Screen::Waiting(Wait::Ending),
            Stage::Leaving(target) => Screen::Leaving(target.clone()),
            Stage::Done(logged_in) => Screen::Done((**logged_in).clone()),
            Stage::Failed(failure) => return Self { simulator: flow.simulator(), ..Self::failed(failure) },
        };
        Self { screen, simulator: flow.simulator() }
    }

    /// A failure before there was a login.
    #[must_use]
    pub fn failed(failure: &Failure) -> Self {
        let Failure { code, said, retry_after, details, is_wecom } = failure;
        let lines = details.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]);
        let details = lines.collect::<String>();
        let failed = Failed {
            code: *code,
            said: said.clone(),
            retry_after: *retry_after,
            details,
            is_wecom: *is_wecom,
        };
        Self { screen: Screen::Failed(failed), simulator: false }
    }

    /// As JSON.
    #[must_use]
    pub fn write(&self) -> String {
        let object = Object::default().raw("simulator", if self.simulator { "true" } else { "false" });
        match &self.screen {
            Screen::Waiting(wait) => object.text("wait", wait.name()),
            Screen::Leaving(target) => object.text("leaving", target),
            Screen::Failed(failed) => object.raw("failed", &failed.write()),
            Screen::Done(logged_in) => object.raw("done", &logged_in.write()),
        }
        .end()
    }
}

impl Read for Shown {
    fn read(value: &JsValue) -> Option<Self> {
        let part = |name| js::get(value, name);
        let screen = (part("wait").as_string().and_then(|name| Wait::named(&name)).map(Screen::Waiting))
            .or_else(|| part("leaving").as_string().map(Screen::Leaving))
            .or_else(|| Failed::read(&part("failed")).map(Screen::Failed))
            .or_else(|| LoggedIn::read(&part("done")).map(Screen::Done))?;
        Some(Self { screen, simulator: bool::read(&part("simulator"))? })
    }
}

impl Wait {
    const ALL: [Wait; 7] = [
        Wait::Server,
        Wait::Component,
        Wait::Identity,
        Wait::Login,
        Wait::Again,
        Wait::Healing,
        Wait::Ending,
    ];

    fn name(self) -> &'static str {
        match self {
            Wait::Server => "server",
            Wait::Component => "component",
            Wait::Identity => "identity",
            Wait::Login => "login",
            Wait::Again => "again",
            Wait::Healing => "healing",
            Wait::Ending => "ending",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wait| wait.name() == name)
    }
}

impl Failed {
    fn write(&self) -> String {
        let Self { code, said, retry_after, details, is_wecom } = self;
        let (message, hint) = said.as_ref().map(|(message, hint)| (&**message, &**hint)).unzip();
        let object =
            Object::default().text("code", code.as_str()).maybe("message", message).maybe("hint", hint);
        let object = match retry_after {
            Some(seconds) => object.raw("retryAfter", &decimal(*seconds)),
            None => object,
        };
        object.text("details", details).raw("isWecom", if *is_wecom { "true" } else { "false" }).end()
    }
}

impl Read for Failed {
    fn read(value: &JsValue) -> Option<Self> {
        let text = |name| js::get(value, name).as_string();
        Some(Self {
            code: ErrorCode::from_code(&text("code")?)?,
            said: text("message").zip(text("hint")),
            retry_after: Read::read(&js::get(value, "retryAfter"))?,
            details: text("details")?,
            is_wecom: bool::read(&js::get(value, "isWecom"))?,
        })
    }
}

reads!(LoggedIn { user "user", expires_at "expiresAt", home "home" });

impl LoggedIn {
    fn write(&self) -> String {
        let object = Object::default().raw("user", &user(&self.user)).text("expiresAt", &self.expires_at);
        object.maybe("home", self.home.as_deref()).end()
    }
}

fn user(user: &User) -> String {
    let User { corp_id, agent_id, open_id, union_id, user_id, external_user_id, contact_type, nick, avatar } =
        user;
    let object = Object::default().text("corpId", corp_id.as_str()).text("agentId", agent_id.as_str());
    let object = object.maybe("openId", open_id.as_ref().map(OpenId::as_str));
    let object = object.maybe("unionId", union_id.as_ref().map(UnionId::as_str));
    let object = object.maybe("userId", user_id.as_ref().map(UserId::as_str));
    let object = object.maybe("externalUserId", external_user_id.as_ref().map(ExternalUserId::as_str));
    let object = match contact_type {
        Some(kind) => object.raw("contactType", &decimal(u32::from(*kind))),
        None => object,
    };
    object.maybe("nick", nick.as_deref()).maybe("avatar", avatar.as_deref()).end()
}
