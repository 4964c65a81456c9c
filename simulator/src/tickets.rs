//! JSAPI tickets of service windows: at most one per enterprise lives.

use std::collections::HashMap;

use crate::clock::{Millis, after};
use crate::issue;
use crate::settings::TicketRule;

/// A ticket that is renewed again and again ends all the same, a day after it was made.
const OLDEST_SECONDS: u64 = 86_400;

struct Ticket {
    value: String,
    expires: Millis,
    /// No renewal goes beyond this moment.
    latest: Millis,
}

#[derive(Default)]
pub struct Tickets {
    by_corp: HashMap<String, Ticket>,
}

impl Tickets {
    /// The ticket for this enterprise, and the moment it expires.
    pub fn issue(&mut self, corp_id: &str, rule: TicketRule, now: Millis, lifetime: u64) -> (String, Millis) {
        let wanted = after(now, lifetime);
        if rule == TicketRule::Renewed
            && let Some(ticket) = self.by_corp.get_mut(corp_id).filter(|ticket| now < ticket.expires)
        {
            ticket.expires = wanted.min(ticket.latest);
            return (ticket.value.clone(), ticket.expires);
        }
        let value = issue::alphanumeric(64);
        let ticket = Ticket { value: value.clone(), expires: wanted, latest: after(now, OLDEST_SECONDS) };
        self.by_corp.insert(corp_id.to_owned(), ticket);
        (value, wanted)
    }

    pub fn live(&self, corp_id: &str, now: Millis) -> Option<&str> {
        self.by_corp.get(corp_id).filter(|ticket| now < ticket.expires).map(|ticket| ticket.value.as_str())
    }

    pub fn revoke(&mut self, corp_id: Option<&str>) {
        self.by_corp.retain(|corp, _| corp_id.is_some_and(|only| only != corp));
    }
}
