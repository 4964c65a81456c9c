//! A suite of an ISV: what DingTalk pushes, and what corporations granted.

mod event;
mod facts;
mod fields;
mod grant;
mod grants;
mod seal;
mod sync;
mod version;

pub use event::{Event, Item, Message, Pushed};
pub use grant::{Apps, Codes, Grant};
pub use grants::{Grants, Member};
#[cfg(any(test, fuzzing))]
pub(crate) use seal::{Opened, signature};
pub use seal::{Push, Sealed, WINDOW, seal};
pub use version::Version;
