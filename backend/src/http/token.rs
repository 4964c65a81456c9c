//! The signed identity for a front end to hand to its own backend, and the keys to verify it with.

use super::audit;
use super::error::ApiError;
use super::extract::Query;
use super::guard;
use crate::http::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use miandeng_shared::{ErrorCode, TokenAnswer};
use std::time::SystemTime;

/// `POST /api/token`.
pub async fn token(
    State(state): State<AppState>,
    headers: HeaderMap,
    from: audit::ClientAddr,
    Query(mut query): Query,
) -> Result<Json<TokenAnswer>, ApiError> {
    guard::require_origin(&state.config, &headers)
        .inspect_err(|error| audit::refused("token", from, error))?;
    let app = guard::named_app(&mut query)?;
    let session = guard::session(&state, &headers, app.as_ref())?;
    let identity = state.identities.of(&session, SystemTime::now()).map_err(|_| ErrorCode::Internal)?;
    Ok(Json(TokenAnswer { token: identity.token.clone(), expires_at: identity.expires_at() }))
}

/// Backends ask rarely, and ask again for a key that they do not know; a new key is published before it signs.
const KEYS_LIFETIME: &str = "public, max-age=300";

/// `GET /.well-known/jwks.json`.
pub async fn keys(State(state): State<AppState>) -> Response {
    ([(header::CACHE_CONTROL, KEYS_LIFETIME)], Json(state.identities.keys())).into_response()
}
