//! Temporary authorisation codes (免登码).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clock::{Millis, after};
use crate::random;

/// Which JSAPI a code was asked from, and so where it can be redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Namespace {
    Channel,
    Runtime,
}

impl Namespace {
    /// The API's name, as `jsApiList` spells it.
    pub fn api(self) -> &'static str {
        match self {
            Self::Channel => "channel.permission.requestAuthCode",
            Self::Runtime => "runtime.permission.requestAuthCode",
        }
    }
}

struct Code {
    namespace: Namespace,
    corp_id: String,
    person: &'static str,
    expires: Millis,
}

/// A load test that asks for codes and never redeems them must not fill the memory.
const MOST_OPEN: usize = 10_000;

#[derive(Default)]
pub struct Codes {
    open: HashMap<String, Code>,
}

impl Codes {
    pub fn issue(
        &mut self,
        namespace: Namespace,
        corp_id: &str,
        person: &'static str,
        now: Millis,
        lifetime: u64,
    ) -> String {
        if self.open.len() >= MOST_OPEN {
            self.forget_some(now);
        }
        let value = random::hex32();
        let expires = after(now, lifetime);
        self.open.insert(value.clone(), Code { namespace, corp_id: corp_id.to_owned(), person, expires });
        value
    }

    /// Redeems a code, which then is gone. A code of another enterprise or namespace stays open for its own.
    pub fn redeem(
        &mut self,
        value: &str,
        namespace: Namespace,
        corp_id: &str,
        now: Millis,
    ) -> Option<&'static str> {
        let fits = |code: &Code| code.namespace == namespace && code.corp_id == corp_id && now < code.expires;
        if !self.open.get(value).is_some_and(fits) {
            return None;
        }
        self.open.remove(value).map(|code| code.person)
    }

    /// Drops what has expired; where that is nothing, the half that expires first.
    fn forget_some(&mut self, now: Millis) {
        self.open.retain(|_, code| now < code.expires);
        if self.open.len() < MOST_OPEN {
            return;
        }
        let mut moments: Vec<Millis> = self.open.values().map(|code| code.expires).collect();
        moments.sort_unstable();
        let Some(&middle) = moments.get(moments.len() / 2) else { return };
        self.open.retain(|_, code| code.expires > middle);
    }
}
