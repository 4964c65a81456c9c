//! JSAPI tickets: at most one per family and holder lives.

use std::collections::HashMap;

use crate::clock::{Millis, after};
use crate::random;
use crate::settings::TicketRule;
use crate::tokens::{Family, Holder};

/// A ticket that is renewed again and again ends all the same, a day after it was made.
const OLDEST_SECONDS: u64 = 86_400;

/// The family of token that a ticket is fetched with, and whom it speaks for.
pub type Key = (Family, Holder);

struct Ticket {
    value: String,
    expires: Millis,
    /// No renewal goes beyond this moment.
    latest: Millis,
}

#[derive(Default)]
pub struct Tickets {
    by_key: HashMap<Key, Ticket>,
}

impl Tickets {
    /// The ticket for this holder, and the moment it expires.
    pub fn issue(&mut self, key: &Key, rule: TicketRule, now: Millis, lifetime: u64) -> (String, Millis) {
        let wanted = after(now, lifetime);
        if rule == TicketRule::Renewed
            && let Some(ticket) = self.by_key.get_mut(key).filter(|ticket| now < ticket.expires)
        {
            ticket.expires = wanted.min(ticket.latest);
            return (ticket.value.clone(), ticket.expires);
        }
        let value = random::alphanumeric(64);
        let ticket = Ticket { value: value.clone(), expires: wanted, latest: after(now, OLDEST_SECONDS) };
        self.by_key.insert(key.clone(), ticket);
        (value, wanted)
    }

    pub fn live(&self, key: &Key, now: Millis) -> Option<&str> {
        self.by_key.get(key).filter(|ticket| now < ticket.expires).map(|ticket| ticket.value.as_str())
    }

    pub fn revoke(&mut self, corp_id: Option<&str>) {
        self.forget(|holder| corp_id.is_none_or(|only| only == holder.corp_id));
    }

    pub fn forget(&mut self, concerned: impl Fn(&Holder) -> bool) {
        self.by_key.retain(|(_, holder), _| !concerned(holder));
    }
}
