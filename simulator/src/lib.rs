//! A DingTalk for people without one.
//!
//! It plays the oapi host, the DingTalk client's own servers, and a phone; see `README.md` for the control API and for
//! the list of what is known of the real platform and what is guessed. It is a judge, so it shares no code with the
//! server that it judges: one misreading must not pass on both sides.

mod answer;
mod api;
mod assets;
mod assumptions;
mod call;
mod clock;
mod codes;
mod control;
mod envelope;
mod faults;
mod journal;
mod native;
mod oapi;
mod pipeline;
mod push;
mod random;
mod seed;
mod server;
mod settings;
mod signature;
mod suites;
mod tickets;
mod tokens;
mod verified_pages;
mod wecom;
mod world;

use std::net::SocketAddr;

use anyhow::{bail, ensure};

pub use envelope::{Envelope, Keys, Letter, Unreadable};
pub use server::serve;
pub use settings::{Settings, TicketRule};
pub use signature::{Hash, sign, signed_url};

/// Where `miandeng` listens unless it is told otherwise.
pub const DEFAULT_PAGE_URL: &str = "http://127.0.0.1:8080/";

/// More enterprises than this serve no test, and the phone page lists every one of them.
const MOST_CORPS: usize = 1000;

/// What a simulator starts with, and returns to on `/_sim/reset`.
#[derive(Clone, Debug)]
pub struct Options {
    /// The page that the phone opens. `$CORPID$` in it is replaced; without it, corpid and agentid are appended.
    pub page_url: String,
    /// Where the phone's deep link leads after the login: a path on the page's origin. Without one it is the server's
    /// own `api/session`, the only place that exists wherever no application stands behind the login.
    pub deep_link: Option<String>,
    /// How many enterprises exist: `dingcorp1` … `dingcorpN`, and as many customers of suites.
    pub corps: usize,
    /// The settings of the first moment.
    pub settings: Settings,
    /// Where `suite1` pushes its events to from the first moment; a loopback address.
    pub suite_callback: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let page_url = DEFAULT_PAGE_URL.to_owned();
        Self { page_url, deep_link: None, corps: 1, settings: Settings::default(), suite_callback: None }
    }
}

impl Options {
    /// Says what is wrong with these options, in one sentence.
    pub fn validate(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=MOST_CORPS).contains(&self.corps),
            "the number of corps must be between 1 and {MOST_CORPS}, not {}",
            self.corps
        );
        ensure!(
            self.page_url.starts_with("http://") || self.page_url.starts_with("https://"),
            "the page URL must begin with http:// or https://, and {:?} does not",
            self.page_url
        );
        if let Some(path) = &self.deep_link {
            ensure!(path.starts_with('/'), "the deep link is a path such as /orders/1, not {path:?}");
        }
        if let Some(url) = &self.suite_callback {
            ensure!(
                control::require_callback(url).is_ok(),
                "the suite's callback must be http or https on a loopback address, and {url:?} is not"
            );
        }
        Ok(())
    }
}

/// Refuses an address that other machines can reach: this thing logs anybody in as anybody.
pub fn require_loopback(address: SocketAddr) -> anyhow::Result<()> {
    if !address.ip().is_loopback() {
        bail!(
            "the simulator listens on a loopback address only (such as 127.0.0.1:8090), and {address} is not one"
        );
    }
    Ok(())
}
