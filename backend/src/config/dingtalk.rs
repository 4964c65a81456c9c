//! `[dingtalk]`: where DingTalk is.

use super::reader::Section;
use super::value::{boolean, duration, is_loopback, number, origin};
use super::written;
use serde::Serialize;
use std::time::Duration;
use url::Url;

/// Hosts of DingTalk, and how they are called.
#[derive(Debug, Serialize)]
pub struct DingTalk {
    pub oapi_url: Url,
    pub api_url: Url,
    /// For one call to DingTalk, from connecting to the last byte.
    #[serde(serialize_with = "written::duration")]
    pub timeout: Duration,
    pub simulator: bool,
    /// Calls for one application; 0: any number.
    pub max_calls_per_minute: u32,
}

/// Of one application DingTalk's standard edition takes 20 calls of an interface in a second, and a login uses up to
/// five interfaces: more would not be answered by DingTalk either. A DingTalk on this machine has no bans.
pub const MAX_CALLS_PER_MINUTE: u32 = 60 * 20 * 5;

impl DingTalk {
    /// Reads the section; what is missing has its default.
    pub fn read(mut s: Section<'_>) -> Self {
        let host = |url: Option<Url>, name: &str| {
            url.or_else(|| Url::parse(&format!("https://{name}.dingtalk.com")).ok())
                .unwrap_or_else(|| unreachable!("a literal URL"))
        };
        let oapi_url = host(s.optional("oapi_url", origin), "oapi");
        let api_url = host(s.optional("api_url", origin), "api");
        let timeout = s.optional("timeout", duration).unwrap_or(Duration::from_secs(5));
        let simulator = s.optional("simulator", boolean).unwrap_or(false);
        let is_here = is_loopback(&oapi_url) && is_loopback(&api_url);
        let max_calls_per_minute = s.optional("max_calls_per_minute", number(0)).unwrap_or(if is_here {
            0
        } else {
            MAX_CALLS_PER_MINUTE
        });
        if simulator && !is_here {
            s.problem(
                "simulator",
                "is only for a simulator on this machine: set both oapi_url and api_url to it",
            );
        }
        s.finish();
        DingTalk { oapi_url, api_url, timeout, simulator: simulator && is_here, max_calls_per_minute }
    }

    /// Only the simulator's own JSAPI makes an ordinary browser a DingTalk.
    pub fn simulated_jsapi(&self) -> Option<String> {
        self.simulator.then(|| format!("{}jsapi/dingtalk.js", self.oapi_url))
    }
}
