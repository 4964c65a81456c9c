//! `/api/session`: who is logged in, and the way out.

use super::audit;
use super::error::ApiError;
use super::extract::Query;
use super::guard;
use crate::http::AppState;
use crate::session::Session;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use miandeng_shared::{ErrorCode, SessionAnswer};
use std::time::SystemTime;

pub async fn read(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(mut query): Query,
) -> Result<Json<SessionAnswer>, ApiError> {
    let app = guard::named_app(&mut query)?;
    let session = guard::session(&state, &headers, app.as_ref())?;
    Ok(Json(answer(&state, session)))
}

pub(super) fn answer(state: &AppState, session: Session) -> SessionAnswer {
    SessionAnswer {
        home: state.registry.home_of(&session),
        expires_at: session.expires_at(),
        user: session.user,
        simulator: state.config.dingtalk.simulator,
    }
}

pub async fn end(
    State(state): State<AppState>,
    headers: HeaderMap,
    from: audit::ClientAddr,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    guard::refuse_foreign_origin(&state.config, &headers)
        .inspect_err(|error| audit::refused("logout", from, error))?;
    let everywhere = match query.optional("everywhere").as_deref() {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Err(ApiError::invalid("everywhere", "must be 0 or 1")),
    };
    let app = guard::named_app(&mut query)?;
    let now = SystemTime::now();
    // Also those that do not count because two people's came together. Which application's page asks is not known where
    // it does not say so, and a logout that leaves its session alive would be worse than one more login elsewhere.
    let sessions = state.sessions.carried(&headers, now).into_iter();
    let is_meant = |session: &Session| app.as_ref().is_none_or(|app| session.is_of(app));
    for session in sessions.filter(is_meant) {
        let ended = state.sessions.end(&session, everywhere, now).await;
        audit::logout(&session.user, from, everywhere, ended.is_ok());
        ended.map_err(|error| {
            tracing::debug!(%error, everywhere, "a logout could not be recorded");
            ErrorCode::LogoutNotRecorded
        })?;
    }
    state.login_csrf.forget(&headers);
    let cleared = state.sessions.clear(&headers, app.as_ref());
    Ok((StatusCode::NO_CONTENT, AppendHeaders(cleared)).into_response())
}
