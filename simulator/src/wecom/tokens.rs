//! Access tokens, one family for each application, and the ban that follows too many refused fetches.

use std::collections::{HashMap, VecDeque};

use super::settings::{ExpiresIn, Repeat, Settings};
use crate::clock::{Millis, after};
use crate::random;

struct Token {
    agent_id: &'static str,
    expires: Millis,
}

/// Why a token opens nothing.
pub enum Dead {
    Unknown,
    Expired,
}

const HOUR_MS: Millis = 3_600_000;
/// Expired tokens are remembered, so that they are told from unknown ones; not for ever.
const MOST_REMEMBERED: usize = 5000;

#[derive(Default)]
pub struct Tokens {
    known: HashMap<String, Token>,
    current: HashMap<&'static str, String>,
    failures: VecDeque<Millis>,
    banned_until: Millis,
}

impl Tokens {
    /// A token, and the seconds that are said to be left of it.
    pub fn issue(&mut self, agent_id: &'static str, settings: &Settings, now: Millis) -> (String, u64) {
        let lifetime = settings.token_lifetime;
        let alive = |token: &&mut Token| now < token.expires && settings.token_on_repeat == Repeat::Same;
        let current = self.current.get(agent_id);
        if let Some(value) = current
            && let Some(token) = self.known.get_mut(value).filter(alive)
        {
            if settings.expires_in == ExpiresIn::Renewed {
                token.expires = after(now, lifetime);
            }
            let left = (token.expires - now).div_ceil(1000);
            return (value.clone(), if settings.expires_in == ExpiresIn::Full { lifetime } else { left });
        }
        if let Some(value) = current.filter(|_| settings.token_on_repeat == Repeat::Replaces) {
            self.known.remove(value);
        }
        if self.known.len() >= MOST_REMEMBERED {
            self.known.retain(|_, token| now < token.expires);
        }
        let value = random::alphanumeric(settings.token_length);
        self.known.insert(value.clone(), Token { agent_id, expires: after(now, lifetime) });
        self.current.insert(agent_id, value.clone());
        (value, lifetime)
    }

    pub fn open(&self, value: &str, now: Millis) -> Result<&'static str, Dead> {
        let token = self.known.get(value).ok_or(Dead::Unknown)?;
        if now < token.expires { Ok(token.agent_id) } else { Err(Dead::Expired) }
    }

    pub fn knows(&self, value: &str) -> bool {
        self.known.contains_key(value)
    }

    /// Makes tokens unknown, before their time.
    pub fn forget(&mut self, agent_id: Option<&str>) {
        self.known.retain(|_, token| agent_id.is_some_and(|only| only != token.agent_id));
        self.current.retain(|owner, _| agent_id.is_some_and(|only| only != *owner));
    }

    /// Ends tokens before their time, in such a way that they count as expired.
    pub fn expire(&mut self, agent_id: Option<&str>, now: Millis) {
        let concerned = |token: &&mut Token| agent_id.is_none_or(|only| only == token.agent_id);
        for token in self.known.values_mut().filter(concerned) {
            token.expires = token.expires.min(now);
        }
    }

    pub fn is_banned(&self, now: Millis) -> bool {
        now < self.banned_until
    }

    /// Counts a refused fetch.
    pub fn failed(&mut self, settings: &Settings, now: Millis) {
        self.failures.retain(|&at| now < at.saturating_add(HOUR_MS));
        self.failures.push_back(now);
        if self.failures.len() >= settings.failed_fetches_before_ban {
            self.failures.clear();
            self.banned_until = after(now, settings.ban_seconds);
        }
    }
}
