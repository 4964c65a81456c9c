//! The login, from the page to the session: the page with what is known of the visit, the configuration that it asks for, the
//! ways by which a code comes, and here `POST /api/login`, by which a code becomes a session.

pub mod config;
mod flights;
pub mod page;
pub mod report;
mod visit;
pub mod wecom;

pub use flights::Flights;

use super::audit;
use super::error::ApiError;
use super::extract::{Body, Fields};
use super::guard;
use crate::http::AppState;
use crate::registry::RegisteredApp;
use crate::session::{Session, SetCookie};
use crate::telemetry;
use crate::upstream::deadline;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Response};
use miandeng_shared::{AuthCode, ErrorCode, LoginAnswer, to_return_path};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

pub async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    from: audit::ClientAddr,
    body: Body,
) -> Result<Response, ApiError> {
    let Body(mut fields) = body;
    let origin = guard::require_origin(&state.config, &headers);
    let app = guard::app(&state, &mut fields, ["corpId", "agentId"], origin.as_ref().err())
        .await
        .inspect_err(|error| audit::refused("login", from, error))?;
    let started = Instant::now();
    let outcome = match origin {
        Ok(()) => attempt(&state, &headers, &app, &mut fields).await,
        Err(refusal) => Err(refusal),
    };
    let told = outcome.as_ref().map(|(session, _)| &session.user);
    telemetry::login(&app, told.as_ref().err().map(|error| error.code.as_str()));
    audit::login(&app, from, told, started.elapsed());
    let (session, cookies) = outcome?;
    let next = fields.optional("next");
    let next = next.as_deref().and_then(to_return_path).or_else(|| app.home.clone());
    let home = app.home.clone();
    let answer = LoginAnswer { expires_at: session.expires_at(), user: session.user, next, home };
    Ok((AppendHeaders(cookies), Json(answer)).into_response())
}

async fn attempt(
    state: &AppState,
    headers: &HeaderMap,
    app: &Arc<RegisteredApp>,
    fields: &mut Fields,
) -> Result<(Session, Vec<SetCookie>), ApiError> {
    if app.provider.redirects() {
        return Err(ApiError::invalid("agentId", "is an application that logs people in by wecom/start"));
    }
    let login_cookie = state.login_csrf.verify(headers, app, SystemTime::now())?;
    let code = fields.required("code", AuthCode::new)?;
    let session = redeem(state, app, &code).await?;
    state.login_csrf.succeed(login_cookie);
    let cookies = state.sessions.set(headers, &app.tag, &session);
    Ok((session, cookies))
}

/// A code becomes a session of whom it belongs to.
///
/// # Errors
/// Why it does not. A failure before the code is sent leaves it usable.
pub async fn redeem(state: &AppState, app: &RegisteredApp, code: &AuthCode) -> Result<Session, ApiError> {
    let user = deadline::within(deadline::BUDGET, async {
        let permit = app.provider.prepare().await?;
        match state.used_codes.first_use(app, code) {
            // In a box of its own: the calls are large, and the layers hand the request on by copying it.
            true => Ok(Box::pin(app.provider.redeem(app, code, permit)).await?),
            false => Err(ApiError::from(ErrorCode::CodeUsed)),
        }
    })
    .await?;
    let credentials = &app.credentials;
    let (suite, ignores_case) = (credentials.suite_key(), credentials.ignores_case());
    let made = state.sessions.begin(user, suite, ignores_case, SystemTime::now());
    // After it was made, so that an end of the corporation's sessions that this look does not see is later than it.
    if state.registry.is_still_granted(app).await { Ok(made) } else { Err(ErrorCode::UnknownApp.into()) }
}
