//! `/api/session`: who is logged in, and the way out.

use super::audit;
use super::error::ApiError;
use super::fields::Query;
use super::guard;
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use miandeng_shared::{ErrorCode, SessionAnswer};
use std::time::SystemTime;

pub async fn read(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Json<SessionAnswer>, ApiError> {
    let session = state.sessions.read(&headers, SystemTime::now()).ok_or(ErrorCode::NoSession)?;
    // An application that is no longer configured opens nothing any more.
    if !state.knows_app_of(&session) {
        return Err(ErrorCode::NoSession.into());
    }
    let home = state.home_of(&session);
    Ok(Json(SessionAnswer {
        expires_at: session.expires_at(),
        user: session.user,
        home,
        simulator: state.config.dingtalk.simulator,
    }))
}

pub async fn end(
    State(state): State<AppState>,
    headers: HeaderMap,
    from: audit::From,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    guard::refuse_foreign_origin(&state.config, &headers)
        .inspect_err(|error| audit::refused("logout", from, error))?;
    let everywhere = match query.optional("everywhere").as_deref() {
        None | Some("0") => false,
        Some("1") => true,
        Some(_) => return Err(ApiError::invalid("everywhere", "must be 0 or 1")),
    };
    let now = SystemTime::now();
    let sessions: Vec<_> = state.sessions.all(&headers, now).collect();
    for session in sessions {
        let ended = state.sessions.end(&session, everywhere, now).await;
        audit::logout(&session.user, from, everywhere, ended.is_ok());
        ended.map_err(|error| {
            tracing::warn!(%error, everywhere, "a logout could not be recorded");
            ErrorCode::LogoutNotRecorded
        })?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, state.sessions.clear())]).into_response())
}
