//! What can be turned while the simulator runs.

use serde::{Deserialize, Serialize};

use crate::control::Problem;
use crate::oapi::ErrorEnvelope;
use crate::seed;

/// What a second `get_channel_token` or `get_channel_jsapi_ticket` does; no public source says which is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TicketRule {
    /// The same value again, with a new lease of life.
    Renewed,
    /// A new value, and the one before it stops being valid.
    Replaces,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Seconds.
    pub token_lifetime: u64,
    /// Seconds.
    pub ticket_lifetime: u64,
    /// Seconds.
    pub code_lifetime: u64,
    pub ticket_rule: TicketRule,
    /// Whether `get_by_code` tells the unionid; one public client does not rely on it.
    pub unionid_in_get_by_code: bool,
    /// Whether the channel code is refused to a page that `dd.config` has not been accepted for.
    pub code_needs_config: bool,
    /// How the oapi host words what it refuses.
    pub error_envelope: ErrorEnvelope,
    /// Who holds the phone where a call does not say.
    pub person: String,
    /// Every DingTalk endpoint and native call waits this long before it works.
    pub latency_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime: 7200,
            ticket_lifetime: 7200,
            code_lifetime: 300,
            ticket_rule: TicketRule::Renewed,
            unionid_in_get_by_code: true,
            code_needs_config: true,
            error_envelope: ErrorEnvelope::Usual,
            person: seed::PEOPLE[0].id.to_owned(),
            latency_ms: 0,
        }
    }
}

/// A day: longer than anything DingTalk issues lives.
const LONGEST_LIFETIME: u64 = 86_400;
/// A minute: longer than any client waits.
const LONGEST_LATENCY_MS: u64 = 60_000;

/// A partial update; what it does not name stays.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    token_lifetime: Option<u64>,
    ticket_lifetime: Option<u64>,
    code_lifetime: Option<u64>,
    ticket_rule: Option<TicketRule>,
    unionid_in_get_by_code: Option<bool>,
    code_needs_config: Option<bool>,
    error_envelope: Option<ErrorEnvelope>,
    person: Option<String>,
    latency_ms: Option<u64>,
}

impl Change {
    /// All of the change, or none of it and the reason.
    pub fn apply(self, to: &Settings) -> Result<Settings, Problem> {
        if let Some(person) = self.person.as_deref().filter(|id| seed::person(id).is_none()) {
            return Err(Problem::value("person", format!("there is nobody called {person:?}")));
        }
        let latency_ms = self.latency_ms.unwrap_or(to.latency_ms);
        if latency_ms > LONGEST_LATENCY_MS {
            return Err(Problem::value("latencyMs", format!("must be at most {LONGEST_LATENCY_MS}")));
        }
        Ok(Settings {
            token_lifetime: lifetime("tokenLifetime", self.token_lifetime, to.token_lifetime)?,
            ticket_lifetime: lifetime("ticketLifetime", self.ticket_lifetime, to.ticket_lifetime)?,
            code_lifetime: lifetime("codeLifetime", self.code_lifetime, to.code_lifetime)?,
            ticket_rule: self.ticket_rule.unwrap_or(to.ticket_rule),
            unionid_in_get_by_code: self.unionid_in_get_by_code.unwrap_or(to.unionid_in_get_by_code),
            code_needs_config: self.code_needs_config.unwrap_or(to.code_needs_config),
            error_envelope: self.error_envelope.unwrap_or(to.error_envelope),
            person: self.person.unwrap_or_else(|| to.person.clone()),
            latency_ms,
        })
    }
}

fn lifetime(field: &'static str, wanted: Option<u64>, now: u64) -> Result<u64, Problem> {
    match wanted {
        Some(seconds) if !(1..=LONGEST_LIFETIME).contains(&seconds) => {
            Err(Problem::value(field, format!("must be between 1 and {LONGEST_LIFETIME} seconds")))
        }
        wanted => Ok(wanted.unwrap_or(now)),
    }
}
