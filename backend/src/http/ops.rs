//! The operator's listener, never the public one.

use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router(state: AppState, metrics: PrometheusHandle) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready).with_state(state))
        .route("/metrics", get(async move || metrics.render()))
}

/// 503 while draining; while starting nothing listens yet. A store that fails and a secret that DingTalk
/// refuses degrade, because the other logins go on.
async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Value>) {
    let degraded = state.store.is_degraded() || state.sessions.is_behind() || state.dingtalk.is_refused();
    let (status, word) = match (state.is_draining(), degraded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    (status, Json(json!({ "status": word })))
}
