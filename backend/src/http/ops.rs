//! The operator's listener, never the public one.

use crate::http::AppState;
use crate::telemetry;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use std::time::Duration;

/// DingTalk pushes a new ticket about every five hours: this is two that did not come, and time for an operator.
const OLD_TICKET: Duration = Duration::from_secs(12 * 60 * 60);

/// How old what these routes tell of the store may be. They answer from memory: a probe that waits for a store takes a
/// replica out that could go on.
const REFRESH: Duration = Duration::from_secs(5);

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router(state: AppState, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready).with_state(state.clone()))
        .route(
            "/metrics",
            get(async move || {
                tickets_are_old(&state);
                metrics.render()
            }),
        )
}

/// Looks at the store once, as far as it answers, and then again and again in the background.
pub async fn follow_store(state: AppState) {
    if state.registry.dingtalk.suites.configured().is_empty() {
        return;
    }
    state.registry.dingtalk.suites.look_for_tickets().await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(REFRESH).await;
            state.registry.dingtalk.suites.look_for_tickets().await;
        }
    });
}

/// 503 while draining; while starting nothing listens yet. A store that fails, a secret that DingTalk
/// refuses and a suite without its ticket degrade, because the other logins go on.
async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    let degraded = tickets_are_old(&state)
        || state.store.is_degraded()
        || state.sessions.is_behind()
        || state.registry.is_refused();
    let (status, word) = match (state.is_draining(), degraded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    (status, Json(json!({ "status": word })))
}

/// Measures the age of every suite's ticket; says whether one is too old, or missing.
fn tickets_are_old(state: &AppState) -> bool {
    let mut old = false;
    for suite in state.registry.dingtalk.suites.configured() {
        let age = state.registry.dingtalk.suites.ticket_age(suite);
        telemetry::suite_ticket_age(&suite.name, age);
        old |= age.is_none_or(|age| age > OLD_TICKET);
    }
    old
}
