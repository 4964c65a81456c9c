//! Access tokens of all families.

use std::collections::HashMap;

use crate::clock::{Millis, after};
use crate::random;
use crate::settings::TicketRule;

/// Which secret a token was bought with, and so what it opens. The families are never interchangeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Channel,
    Corp,
    /// An H5 application's, from the new host and good for both.
    App,
    /// A suite's own, which buys the tokens of its customers.
    Suite,
}

/// Whom a token or a ticket speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    /// For a suite's own token the suite key.
    pub corp_id: String,
    /// The suite that speaks for the enterprise, where an ISV does.
    pub suite_key: Option<String>,
}

impl Holder {
    /// An enterprise that speaks for itself.
    pub fn itself(corp_id: &str) -> Self {
        Self { corp_id: corp_id.to_owned(), suite_key: None }
    }

    pub fn suite(suite_key: &str) -> Self {
        Self::customer(suite_key, suite_key)
    }

    /// An enterprise that authorised a suite.
    pub fn customer(suite_key: &str, corp_id: &str) -> Self {
        Self { corp_id: corp_id.to_owned(), suite_key: Some(suite_key.to_owned()) }
    }
}

struct Token {
    family: Family,
    holder: Holder,
    expires: Millis,
}

/// Why a token opens nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Invalid {
    Unknown,
    Expired,
}

/// Expired tokens are remembered, so that they are told from unknown ones; not for ever.
const MOST_REMEMBERED: usize = 5000;

#[derive(Default)]
pub struct Tokens {
    known: HashMap<String, Token>,
    current: HashMap<(Family, Holder), String>,
}

impl Tokens {
    /// The token for this holder: a live one again, or a new one, by the rule.
    pub fn issue(
        &mut self,
        family: Family,
        holder: &Holder,
        rule: TicketRule,
        now: Millis,
        lifetime: u64,
    ) -> String {
        let key = (family, holder.clone());
        if let Some(value) = self.current.get(&key) {
            match self.known.get_mut(value).filter(|token| now < token.expires) {
                Some(token) if rule == TicketRule::Renewed => {
                    token.expires = after(now, lifetime);
                    return value.clone();
                }
                Some(_) => {
                    self.known.remove(value);
                }
                None => {}
            }
        }
        let value = self.issue_another(family, holder, now, lifetime);
        self.current.insert(key, value.clone());
        value
    }

    /// A new token beside those that the holder has.
    pub fn issue_another(&mut self, family: Family, holder: &Holder, now: Millis, lifetime: u64) -> String {
        self.forget_some(now);
        let value = random::hex32();
        let token = Token { family, holder: holder.clone(), expires: after(now, lifetime) };
        self.known.insert(value.clone(), token);
        value
    }

    /// Whom this token speaks for, if it is alive and of one of the families.
    pub fn open(&self, value: &str, families: &[Family], now: Millis) -> Result<(Family, &Holder), Invalid> {
        let token =
            self.known.get(value).filter(|token| families.contains(&token.family)).ok_or(Invalid::Unknown)?;
        if now >= token.expires {
            return Err(Invalid::Expired);
        }
        Ok((token.family, &token.holder))
    }

    /// Whose token this is or was.
    pub fn owner(&self, value: &str) -> Option<&str> {
        self.known.get(value).map(|token| token.holder.corp_id.as_str())
    }

    /// Makes every token, or every token of one enterprise, unknown.
    pub fn revoke(&mut self, corp_id: Option<&str>) {
        self.forget(|holder| corp_id.is_none_or(|only| only == holder.corp_id));
    }

    /// Makes the tokens unknown whose holder is concerned.
    pub fn forget(&mut self, concerned: impl Fn(&Holder) -> bool) {
        self.known.retain(|_, token| !concerned(&token.holder));
        self.current.retain(|(_, holder), _| !concerned(holder));
    }

    fn forget_some(&mut self, now: Millis) {
        if self.known.len() >= MOST_REMEMBERED {
            self.known.retain(|_, token| now < token.expires);
        }
    }
}
