//! What WeCom knows.

use reqwest::Url;

use super::codes::Codes;
use super::seed::{self, App};
use super::settings::Settings;
use super::tokens::Tokens;
use crate::Options;

pub struct WeCom {
    pub apps: Vec<App>,
    pub settings: Settings,
    pub tokens: Tokens,
    pub codes: Codes,
}

impl WeCom {
    /// Both applications trust the page that the phone opens.
    pub fn new(options: &Options) -> Self {
        let trusted = Url::parse(&options.page_url).ok().and_then(|url| domain(&url));
        Self {
            apps: seed::apps(&trusted.unwrap_or_default()),
            settings: Settings::default(),
            tokens: Tokens::default(),
            codes: Codes::default(),
        }
    }

    pub fn app(&self, agent_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.agent_id == agent_id)
    }
}

/// Host, with the port where it is not the scheme's own.
pub fn domain(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}
