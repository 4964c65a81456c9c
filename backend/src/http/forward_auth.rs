//! For a proxy that guards an application: `/auth` says whose session a request carries, `/start` sends
//! people to the login. Neither believes a word of the request about who it is: the cookie decides.

use super::error::ApiError;
use super::extract::{Fields, Query};
use super::guard;
use super::headers::{CROSS_ORIGIN, NO_STORE, RESOURCE_POLICY};
use super::login_loop;
use super::navigation::{is_navigation, return_to};
use super::verdicts::Verdict;
use crate::config::Config;
use crate::http::AppState;
use crate::session::{IDENTITY_HEADERS, Session};
use crate::telemetry;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use miandeng_shared::{AgentId, AppId, CorpId, ErrorCode, encode_next};
use std::time::SystemTime;

const LOGIN: HeaderName = HeaderName::from_static("x-miandeng-login");

/// What the proxy wants to know.
#[derive(Debug, PartialEq, Eq)]
struct AuthQuery {
    /// None: any application that is known here.
    app: Option<AppId>,
    /// Whether people are to be redirected, for proxies that pass a refusal on as it is.
    redirect: bool,
}

impl AuthQuery {
    /// None where a part is missing, malformed, given twice or unknown: a guard that was written wrongly must not open.
    fn read(query: Result<Query, ApiError>) -> Option<Self> {
        let Query(mut fields) = query.ok()?;
        let app = match (fields.optional("corpid"), fields.optional("agentid")) {
            (None, None) => None,
            (Some(corp), Some(agent)) => Some(AppId::new(CorpId::new(corp).ok()?, AgentId::new(agent).ok()?)),
            _ => return None,
        };
        let redirect = match fields.optional("mode").as_deref() {
            None => false,
            Some("redirect") => true,
            Some(_) => return None,
        };
        Fields::is_empty(&fields).then_some(Self { app, redirect })
    }

    fn is_about(&self, session: &Session) -> bool {
        self.app.as_ref().is_none_or(|app| session.is_of(app))
    }
}

/// `/auth`: 200 with the identity where the request carries a session of the application, else 401 or a redirect.
pub async fn auth(
    State(state): State<AppState>,
    query: Result<Query, ApiError>,
    request: Request,
) -> Response {
    let response = match AuthQuery::read(query) {
        Some(asked) => judge(&state, &asked, &request),
        None => {
            telemetry::forward_auth("misasked");
            for session in state.sessions.all(request.headers(), SystemTime::now()) {
                state.verdicts.note(&session, Verdict::Refused(None));
            }
            misconfigured(&state.config, &request)
        }
    };
    finish(response, &request)
}

fn judge(state: &AppState, asked: &AuthQuery, request: &Request) -> Response {
    let now = SystemTime::now();
    let (mut decision, mut refused) = ("no_session", None);
    for session in state.sessions.all(request.headers(), now) {
        if !asked.is_about(&session) || !state.registry.knows_app_of(&session) {
            decision = "other_app";
            refused = Some(session);
            continue;
        }
        let identity = match state.identities.of(&session, now) {
            Ok(identity) => identity,
            Err(error) => {
                tracing::error!(%error, "an identity could not be signed");
                decision = "unsigned";
                continue;
            }
        };
        telemetry::forward_auth("allowed");
        if login_loop::is_counted(request.headers()) {
            state.verdicts.note(&session, Verdict::Allowed);
        }
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        // With what the layers add, so that they do not outgrow the map once more.
        headers.reserve(2 * IDENTITY_HEADERS.len());
        headers.extend(IDENTITY_HEADERS.into_iter().zip(identity.headers.iter().cloned()));
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        return response;
    }
    telemetry::forward_auth(decision);
    if let (Some(session), Some(app)) = (refused, &asked.app) {
        state.verdicts.note(&session, Verdict::Refused(Some(app.to_string())));
    }
    to_login(state, asked, asked.redirect, request)
}

/// `/start`: people to the login, scripts a 401.
pub async fn start(
    State(state): State<AppState>,
    query: Result<Query, ApiError>,
    request: Request,
) -> Response {
    let response = match AuthQuery::read(query) {
        Some(asked) => to_login(&state, &asked, true, &request),
        None => misconfigured(&state.config, &request),
    };
    finish(response, &request)
}

/// What the answers of both have in common.
fn finish(mut response: Response, request: &Request) -> Response {
    // A guarded page's refusal says nothing of anybody, and others may see that it is there, as the login page itself.
    if !response.status().is_success() {
        response.headers_mut().insert(RESOURCE_POLICY, CROSS_ORIGIN);
    }
    // A body is not read, and may never come where the proxy keeps it: the connection ends, and the proxy has to know.
    if !request.body().is_end_stream() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn to_login(state: &AppState, asked: &AuthQuery, redirect: bool, request: &Request) -> Response {
    let config = &state.config;
    let app = asked.app.as_ref().or_else(|| config.default_app().map(|app| &app.id));
    // Which applications a suite has only the store or DingTalk know, and they are not asked here.
    if let Some(app) = app
        && config.suites.is_empty()
        && state.registry.configured(app).is_none()
    {
        let place = format!("[[apps]], or corpid and agentid of the proxy's {}", request.uri().path());
        guard::note(ErrorCode::UnknownApp, &place, &app.to_string());
    }
    let login = login_page(config, app, return_to(config, request).as_deref());
    if redirect && is_navigation(config, request) {
        return (StatusCode::FOUND, [(header::LOCATION, login), (header::CACHE_CONTROL, NO_STORE)])
            .into_response();
    }
    unauthorized(ErrorCode::NoSession, login)
}

fn misconfigured(config: &Config, request: &Request) -> Response {
    let shown = guard::loggable(request.uri().query().unwrap_or_default());
    let place = format!("corpid, agentid or mode in the query of the proxy's {}", request.uri().path());
    guard::note(ErrorCode::AuthMisconfigured, &place, &shown);
    unauthorized(ErrorCode::AuthMisconfigured, login_page(config, None, None))
}

fn unauthorized(code: ErrorCode, login: HeaderValue) -> Response {
    ([(LOGIN, login), (header::CACHE_CONTROL, NO_STORE)], ApiError::from(code)).into_response()
}

/// nginx gives an answer's headers 4 KB unless it is told otherwise, and makes a 502 of more.
const MAX_LOGIN_URL: usize = 3072;

/// The address of the login page: always on `public_url`, whatever host the request names, and absolute, because a
/// proxy would put its own idea of scheme and port before a path. A deep link that is too long is left out.
fn login_page(config: &Config, app: Option<&AppId>, next: Option<&str>) -> HeaderValue {
    let mut url = config.issuer();
    if !url.ends_with('/') {
        url.push('/');
    }
    let mut query = app.map(AppId::query).unwrap_or_default();
    // In the query, because a fragment here would replace that of the page that was asked for, which browsers keep.
    if let Some(next) =
        next.map(encode_next).filter(|next| url.len() + query.len() + next.len() < MAX_LOGIN_URL)
    {
        let and = if query.is_empty() { "" } else { "&" };
        query.push_str(&format!("{and}next={next}"));
    }
    if !query.is_empty() {
        url.push_str(&format!("?{query}"));
    }
    // Everything in it is printable ASCII: an origin, a base path, plain identifiers and base64url.
    HeaderValue::from_str(&url).unwrap_or(HeaderValue::from_static("/"))
}

#[cfg(test)]
mod tests;
