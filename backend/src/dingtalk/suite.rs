//! A suite of an ISV: what DingTalk pushes, and what corporations granted.

mod authorisation;
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
pub(super) mod tokens;
mod version;

pub use event::{Event, Item, PushedAuthorisation};
pub use installation::{AllowedApps, Installation, InstallationId, PermanentCodes};
pub use installations::Installations;
pub use installs::{GrantedApp, SuiteFailure};
pub use message::Message;
pub use pushes::Pushes;
#[cfg(any(test, fuzzing))]
pub(crate) use seal::{Envelope, signature};
pub use seal::{Push, SealedAnswer, WINDOW, seal};
pub use version::Version;

use super::providers::Providers;
use crate::apps::Suite;
use crate::clock::millis;
use crate::session::Sessions;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

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

    /// The suite whose callback has this name in its path.
    pub fn named(&self, name: &str) -> Option<&Arc<Suite>> {
        self.configured.iter().find(|suite| suite.name == name)
    }

    pub fn configured(&self) -> &[Arc<Suite>] {
        &self.configured
    }

    /// How old a suite's ticket is, as far as this process knows; `None` if it knows of none. The store is not asked.
    pub fn ticket_age(&self, suite: &Suite) -> Option<Duration> {
        let at_ms = self.installations.tickets.seen_ms(suite)?;
        Some(Duration::from_millis(millis(SystemTime::now()).saturating_sub(at_ms)))
    }

    /// Looks in the store for tickets that were pushed to other replicas.
    pub async fn look_for_tickets(&self) {
        // A store that fails has been warned of.
        join_all(self.configured.iter().map(|suite| self.installations.tickets.newest(suite))).await;
    }
}
