//! What the person sees: one look for waiting and one for everything that is over, and the components that choose.

mod auto_login;
mod clipboard;
mod dom;
mod failed;
mod greeting;
mod i18n;
mod screens;
mod status_screen;
mod waiting;

pub use auto_login::{AutoLogin, act};
pub use i18n::words;
pub use screens::Screens;
use screens::Tap;
use status_screen::{Details, StatusScreen};
use waiting::Waiting;

pub use dom::set_language;
