//! `[limits]`: what the server bears, and from whom.

use super::reader::Section;
use super::value::number;
use serde::Serialize;

/// Bounds on those who come.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Limits {
    /// Connections of the public listener at one time.
    pub connections: usize,
    /// Logins of one address; 0: any number. Not applied without trusted proxies.
    pub logins_per_minute: u32,
    /// The same for what a login begins with, `GET /api/config`.
    pub configs_per_minute: u32,
}

/// More people than follow most windows can be here at once, and each connection costs some 20 KiB: 200 MiB when all
/// are taken.
const CONNECTIONS: u32 = 10_000;
/// A whole company can sit behind one address and come within the same minute. In the long run this is what DingTalk
/// lets one application redeem on its standard edition, 20 codes a second.
const LOGINS_PER_MINUTE: u32 = 1_200;
/// A login asks once, and a second time after a refused signature.
const CONFIGS_PER_MINUTE: u32 = 2 * LOGINS_PER_MINUTE;

impl Limits {
    /// `knows_addresses`: there are trusted proxies that tell the addresses.
    pub fn read(mut s: Section<'_>, knows_addresses: bool) -> Self {
        let connections = s.optional("connections", number(1)).unwrap_or(CONNECTIONS);
        let mut per_minute = |key: &str, default| {
            let given = s.optional(key, number(0));
            if given.is_some_and(|number| number > 0) && !knows_addresses {
                let remedy = "has no effect without trusted_proxies: the address may be that of a proxy";
                s.found().warn(s.key(key), remedy);
            }
            given.unwrap_or(default)
        };
        let logins_per_minute = per_minute("logins_per_minute", LOGINS_PER_MINUTE);
        let configs_per_minute = per_minute("configs_per_minute", CONFIGS_PER_MINUTE);
        s.finish();
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        Limits { connections, logins_per_minute, configs_per_minute }
    }
}
