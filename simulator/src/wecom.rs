//! WeCom (企业微信): a platform of its own beside DingTalk, with a corporation, people, tokens and codes of its own.
//!
//! Its browser side is `/connect/oauth2/authorize` and `/wwlogin/sso/login`, its server side `/cgi-bin/*`. What is known
//! of the real platform and what is guessed stands in the README; every unknown is a setting.

mod authorize;
mod client;
mod codes;
pub mod control;
mod link;
mod page;
mod qyapi;
mod refusal;
mod seed;
mod settings;
mod state;
mod tokens;
mod visitor;

use crate::answer::Answer;
use crate::call::{Call, Side};
use crate::world::World;

pub use page::wrong_link;
pub use refusal::{injected, known as known_codes};
pub use seed::{CORP_ID, PEOPLE};
pub use settings::Settings;
pub use state::WeCom;

const AUTHORIZE: &str = "/connect/oauth2/authorize";
const WEB_LOGIN: &str = "/wwlogin/sso/login";
/// Where a wrong link ends. Our server sees nothing of it.
pub const WRONG_LINK: &str = "/wwopen/uriconfirm";

pub fn endpoints() -> impl Iterator<Item = &'static str> {
    [AUTHORIZE, WEB_LOGIN].into_iter().chain(qyapi::paths())
}

/// Which of WeCom's sides this path is on, if on any.
pub fn side(path: &str) -> Option<Side> {
    match path {
        AUTHORIZE | WEB_LOGIN => Some(Side::Link),
        _ if path.starts_with("/cgi-bin/") => Some(Side::Qyapi),
        _ => None,
    }
}

/// A client that requests the callback twice has the first request still open when the second one comes.
pub fn extra_latency_ms(wecom: &WeCom, endpoint: &str) -> u64 {
    if wecom.settings.double_request && endpoint == qyapi::GETUSERINFO { 300 } else { 0 }
}

pub fn answer(world: &mut World, call: &Call) -> Answer {
    let now = world.clock.now();
    match call.path.as_str() {
        AUTHORIZE => authorize::authorize(&mut world.wecom, call, now),
        WEB_LOGIN => authorize::web_login(&mut world.wecom, call, now),
        _ => qyapi::answer(&mut world.wecom, call, now),
    }
}
