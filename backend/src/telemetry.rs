//! What an operator sees: the names of all metrics, in one place.

use crate::apps::App;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// From a call on the same machine to one that runs into the default timeout.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// How often recorded samples are folded into the buckets when they are not read.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts recording; the handle renders what was recorded. Needs a Tokio runtime.
///
/// # Errors
/// Where this process records already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}

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

/// The store did not answer as it should.
pub fn store_error(operation: &'static str) {
    metrics::counter!("miandeng_store_errors_total", "operation" => operation).increment(1);
}

/// For how long logouts elsewhere have not been heard of; zero while they are.
pub fn revocation_lag(duration: Duration) {
    metrics::gauge!("miandeng_logouts_behind_seconds").set(duration.as_secs_f64());
}

/// A proxy asked whether to let a request through.
pub fn forward_auth(decision: &'static str) {
    metrics::counter!("miandeng_forward_auth_total", "decision" => decision).increment(1);
}

/// A request was refused before the login, for a reason that the configuration, the proxy or a page has to end.
pub fn refused(reason: &'static str) {
    metrics::counter!("miandeng_refused_total", "reason" => reason).increment(1);
}

/// A login came to its end; `refusal` says why, unless it succeeded. `app` is a configured one, or one that an
/// authorised corporation granted a suite, so that no client can invent labels.
pub fn login(app: &App, refusal: Option<&'static str>) {
    let (result, reason) = refusal.map_or(("ok", "ok"), |reason| ("failed", reason));
    let (corp, agent) = (app.id.corp_id.to_string(), app.id.agent_id.to_string());
    metrics::counter!("miandeng_logins_total", "corp" => corp, "agent" => agent, "result" => result, "reason" => reason)
        .increment(1);
}

/// Under which names a listener's connections are counted.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    open: &'static str,
    waited: &'static str,
}

/// Those of the public listener.
pub const PUBLIC: Connections =
    Connections { open: "miandeng_connections", waited: "miandeng_connections_waited_total" };
/// Those of the operator's.
pub const OPS: Connections =
    Connections { open: "miandeng_ops_connections", waited: "miandeng_ops_connections_waited_total" };

impl Connections {
    /// A connection began (1) or ended (-1).
    pub fn open(self, change: f64) {
        metrics::gauge!(self.open).increment(change);
    }

    /// A connection had to wait because there were as many as there may be.
    pub fn waited(self) {
        metrics::counter!(self.waited).increment(1);
    }
}

/// A call was not made because its share was used up.
pub fn over_budget(scope: &'static str) {
    metrics::counter!("miandeng_upstream_refused_total", "scope" => scope).increment(1);
}

/// An address asked for more than its share.
pub fn too_many(route: &'static str) {
    metrics::counter!("miandeng_address_refused_total", "route" => route).increment(1);
}

/// A push to a suite came to its end. `suite` is a configured name, `event` one of a few.
pub fn suite_push(suite: &str, event: &'static str, outcome: &'static str) {
    let suite = suite.to_owned();
    metrics::counter!("miandeng_suite_pushes_total", "suite" => suite, "event" => event, "outcome" => outcome)
        .increment(1);
}

/// How old a suite's ticket is now; infinite where there is none.
pub fn suite_ticket_age(suite: &str, age: Option<Duration>) {
    let seconds = age.map_or(f64::INFINITY, |age| age.as_secs_f64());
    metrics::gauge!("miandeng_suite_ticket_age_seconds", "suite" => suite.to_owned()).set(seconds);
}
