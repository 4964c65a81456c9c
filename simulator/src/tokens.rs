//! Access tokens of both families.

use std::collections::HashMap;

use crate::clock::{Millis, after};
use crate::issue;
use crate::settings::TicketRule;

/// Which secret a token was bought with, and so what it opens. The families are never interchangeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Channel,
    Corp,
    /// An H5 application's, from the new host and good for both.
    App,
}

struct Token {
    family: Family,
    corp_id: String,
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
    current: HashMap<(Family, String), String>,
}

impl Tokens {
    /// The token for this enterprise: a live one again, or a new one, by the rule.
    pub fn issue(
        &mut self,
        family: Family,
        corp_id: &str,
        rule: TicketRule,
        now: Millis,
        lifetime: u64,
    ) -> String {
        let key = (family, corp_id.to_owned());
        let expires = after(now, lifetime);
        if let Some(value) = self.current.get(&key) {
            match self.known.get_mut(value).filter(|token| now < token.expires) {
                Some(token) if rule == TicketRule::Renewed => {
                    token.expires = expires;
                    return value.clone();
                }
                Some(_) => {
                    self.known.remove(value);
                }
                None => {}
            }
        }
        self.forget_some(now);
        let value = issue::hex32();
        self.known.insert(value.clone(), Token { family, corp_id: corp_id.to_owned(), expires });
        self.current.insert(key, value.clone());
        value
    }

    /// The enterprise that this token speaks for, if it is alive and of the family.
    pub fn open(&self, value: &str, family: Family, now: Millis) -> Result<String, Invalid> {
        let token = self.known.get(value).filter(|token| token.family == family).ok_or(Invalid::Unknown)?;
        if now >= token.expires {
            return Err(Invalid::Expired);
        }
        Ok(token.corp_id.clone())
    }

    /// Whose token this is or was.
    pub fn owner(&self, value: &str) -> Option<&str> {
        self.known.get(value).map(|token| token.corp_id.as_str())
    }

    /// Makes every token, or every token of one enterprise, unknown.
    pub fn revoke(&mut self, corp_id: Option<&str>) {
        let concerned = |corp: &str| corp_id.is_none_or(|only| only == corp);
        self.known.retain(|_, token| !concerned(&token.corp_id));
        self.current.retain(|(_, corp), _| !concerned(corp));
    }

    fn forget_some(&mut self, now: Millis) {
        if self.known.len() >= MOST_REMEMBERED {
            self.known.retain(|_, token| now < token.expires);
        }
    }
}
