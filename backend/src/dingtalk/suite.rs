//! A suite of an ISV: what DingTalk pushes, and what corporations granted.

mod event;
mod grant;
mod grants;
mod seal;

pub use event::{Event, Message};
pub use grant::{Apps, Codes, Grant};
pub use grants::{Grants, Member};
pub use seal::{Push, Sealed, WINDOW, seal};
