//! A suite of an ISV: what DingTalk pushes, and what corporations granted.

mod event;
mod events;
mod facts;
mod fields;
mod installation;
mod installations;
mod installs;
mod message;
mod pushes;
mod seal;
mod sync;
mod tickets;
mod tokens;
mod version;

pub use event::{Event, Item, Pushed};
pub use installation::{AllowedApps, Installation, PermanentCodes};
pub use installations::{InstallationId, Installations};
pub use installs::{GrantedApp, SuiteFailure};
pub use message::Message;
pub use pushes::Pushes;
#[cfg(any(test, fuzzing))]
pub(crate) use seal::{Opened, signature};
pub use seal::{Push, Sealed, WINDOW, seal};
pub use tokens::SuiteTokens;
pub use version::Version;

use super::providers::Providers;
use crate::apps::Suite;
use crate::session::Sessions;
use std::sync::Arc;

/// The configured suites, and what corporations granted them.
pub struct Suites {
    configured: Vec<Arc<Suite>>,
    providers: Arc<Providers>,
    installations: Arc<Installations>,
    /// They end with what a corporation takes back.
    sessions: Arc<Sessions>,
}

impl Suites {
    pub(super) fn new(configured: &[Suite], providers: Arc<Providers>, sessions: Arc<Sessions>) -> Self {
        let installations = Arc::clone(&providers.suite_tokens.installations);
        Self {
            configured: configured.iter().cloned().map(Arc::new).collect(),
            providers,
            installations,
            sessions,
        }
    }
}
