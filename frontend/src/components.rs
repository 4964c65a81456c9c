//! What the person sees: one look for waiting and one for everything that is over, and the components that choose.

mod auto_login;
mod clipboard;
mod dom;
mod failed;
mod greeting;
mod screens;
mod text;
mod told;
mod waiting;

pub use auto_login::{AutoLogin, act};
pub use screens::Screens;
use screens::Tap;
pub use text::words;
use told::{Details, Told};
use waiting::Waiting;

pub use dom::set_language;
