//! What an operator sees: the names of all metrics, in one place.

use crate::config::App;
use std::time::Duration;

/// Why a credential was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    First,
    Early,
    Expired,
    Rejected,
    /// The page told that DingTalk refused a signature made with it.
    Reported,
}

impl Trigger {
    fn label(self) -> &'static str {
        match self {
            Trigger::First => "first",
            Trigger::Early => "early",
            Trigger::Expired => "expired",
            Trigger::Rejected => "rejected",
            Trigger::Reported => "reported",
        }
    }
}

/// One call to DingTalk came to its end.
pub fn upstream(endpoint: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!("miandeng_upstream_requests_total", "endpoint" => endpoint, "outcome" => outcome)
        .increment(1);
    metrics::histogram!("miandeng_upstream_seconds", "endpoint" => endpoint).record(took.as_secs_f64());
}

/// A token or ticket is being fetched.
pub fn refresh(kind: &'static str, trigger: Trigger) {
    metrics::counter!("miandeng_token_refreshes_total", "kind" => kind, "trigger" => trigger.label())
        .increment(1);
}

/// A login came to its end. `app` is a configured one, so that nobody can invent labels.
pub fn login(app: &App, result: &'static str, reason: &'static str) {
    let (corp, agent) = (app.corp_id.to_string(), app.agent_id.to_string());
    metrics::counter!("miandeng_logins_total", "corp" => corp, "agent" => agent, "result" => result, "reason" => reason)
        .increment(1);
}
