//! The login by way of the platform's own pages: `wecom/start` sends people there, `wecom/callback` takes the code that they
//! bring back. Neither renders anything.

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::navigation::is_navigation;
use crate::http::{NO_STORE, audit};
use crate::provider::Entry;
use crate::registry::RegisteredApp;
use crate::session::{Session, SetCookie, attempt};
use crate::telemetry;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use futures_util::FutureExt;
use miandeng_shared::{Address, AppId, AuthCode, ErrorCode, encode_next, next_in};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// `wecom/start`: to the platform, for navigations.
pub async fn start(State(state): State<AppState>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let app = match Address::read(query) {
        Address { corp_id: Ok(corp), agent_id: Ok(agent), .. } => {
            state.registry.configured(&AppId::new(corp, agent))
        }
        _ => None,
    };
    match app.filter(|app| app.provider.redirects()) {
        _ if !is_navigation(&state.config, &request) => ApiError::from(ErrorCode::NoSession).into_response(),
        Some(app) => begin(&state, app, request.headers(), next_in(query).as_deref(), false),
        // The page logs in by itself, or tells what is wrong with the address.
        None => redirect(&format!("{}?{query}#", state.config.base_path), Vec::new()),
    }
}

/// Sends the browser to the platform, or to the page where the platform does not take it.
pub fn begin(
    state: &AppState,
    app: &RegisteredApp,
    headers: &HeaderMap,
    next: Option<&str>,
    is_restart: bool,
) -> Response {
    let (word, cookies) = state.attempts.begin(headers, app, next, is_restart, SystemTime::now());
    match app.provider.link(app, headers, &word) {
        Some(link) => redirect(link.as_str(), cookies),
        None => redirect(&page(state, app, next, Some(ErrorCode::NotInWecom)), Vec::new()),
    }
}

/// `wecom/callback`: a code becomes a session, for the browser that began the attempt.
pub async fn callback(State(state): State<AppState>, from: audit::ClientAddr, request: Request) -> Response {
    let headers = request.headers();
    let (mut code, mut word) = (String::new(), String::new());
    for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "code" => code = value.into_owned(),
            "state" => word = value.into_owned(),
            _ => {}
        }
    }
    let Some(attempt) = state.attempts.find(headers, &word, SystemTime::now()) else {
        return stray(&state, headers, &word);
    };
    let Some(app) = state.registry.configured(&attempt.app).cloned() else {
        return redirect(&format!("{}#", state.config.base_path), Vec::new());
    };
    let next = attempt.next.clone();
    let again = |restart| begin(&state, &app, headers, attempt.next.as_deref(), restart);
    // Opened again, by the button that leads back or by reloading: the session decides, and the code is not looked at.
    if attempt.done || code.is_empty() {
        return match (is_logged_in(&state, &app, headers), attempt.done) {
            (true, _) => redirect(&onwards(&state, &app, next.as_deref()), Vec::new()),
            (false, true) => again(false),
            (false, false) => {
                redirect(&page(&state, &app, next.as_deref(), Some(ErrorCode::Cancelled)), Vec::new())
            }
        };
    }
    let outcome = match AuthCode::new(code) {
        Ok(code) => redeem(&state, &app, attempt.state(), code, from).await,
        Err(_) => Err(ErrorCode::CodeRejected.into()),
    };
    match outcome {
        Ok(session) => {
            let mut cookies = state.sessions.set(headers, &app.tag, &session);
            cookies.extend(state.attempts.finish(headers, attempt));
            redirect(&onwards(&state, &app, next.as_deref()), cookies)
        }
        // Perhaps another replica has redeemed it for the same person a moment ago.
        Err(error) if matches!(error.code, ErrorCode::CodeRejected | ErrorCode::CodeUsed) => {
            match (is_logged_in(&state, &app, headers), attempt.is_restart()) {
                (true, _) => redirect(&onwards(&state, &app, next.as_deref()), Vec::new()),
                (false, false) => again(true),
                (false, true) => redirect(&page(&state, &app, next.as_deref(), Some(error.code)), Vec::new()),
            }
        }
        Err(error) => match error.heals_after().filter(|_| !attempt.is_restart()) {
            // This code may be spent.
            Some(pause) => {
                tokio::time::sleep(pause).await;
                again(true)
            }
            None => redirect(&page(&state, &app, next.as_deref(), Some(error.code)), Vec::new()),
        },
    }
}

/// A callback without an attempt: a link that was passed on, another browser, a cookie that was lost. It redeems nothing.
fn stray(state: &AppState, headers: &HeaderMap, word: &str) -> Response {
    let Some(app) =
        state.registry.all_configured().find(|app| app.provider.redirects() && attempt::is_of(word, app))
    else {
        return redirect(&format!("{}#", state.config.base_path), Vec::new());
    };
    if is_logged_in(state, app, headers) {
        redirect(&onwards(state, app, None), Vec::new())
    } else if attempt::is_restart(word) {
        redirect(&page(state, app, None, Some(ErrorCode::CookiesRefused)), Vec::new())
    } else {
        begin(state, app, headers, None, true)
    }
}

fn is_logged_in(state: &AppState, app: &RegisteredApp, headers: &HeaderMap) -> bool {
    let sessions = state.sessions.all(headers, SystemTime::now());
    sessions.iter().any(|session| session.is_of(&app.id))
}

/// One redemption for all requests with this attempt and code. It goes on where its caller leaves.
async fn redeem(
    state: &AppState,
    app: &Arc<RegisteredApp>,
    attempt: &str,
    code: AuthCode,
    from: audit::ClientAddr,
) -> Result<Session, ApiError> {
    let key = Sha256::digest(format!("{} {attempt} {}", app.id, code.as_str())).into();
    let launch = || {
        let (state, app) = (state.clone(), Arc::clone(app));
        let task = tokio::spawn(async move {
            let started = Instant::now();
            let outcome = super::redeem(&state, &app, &code).await;
            let told = outcome.as_ref().map(|session| &session.user);
            telemetry::login(&app, told.err().map(|error: &ApiError| error.code.as_str()));
            audit::login(&app, from, told, started.elapsed());
            outcome
        });
        async move { task.await.unwrap_or_else(|_| Err(ErrorCode::Internal.into())) }.boxed().shared()
    };
    state.flights.join(key, launch).await
}

/// Where a person who is logged in goes.
pub fn onwards(state: &AppState, app: &RegisteredApp, next: Option<&str>) -> String {
    match next.or(app.home.as_deref()) {
        Some(next) => with_fragment(next),
        None => page(state, app, None, None),
    }
}

/// The page of `app`. With an error it shows that, and does not go anywhere by itself: so a failure ends there.
fn page(state: &AppState, app: &RegisteredApp, next: Option<&str>, error: Option<ErrorCode>) -> String {
    let mut page = format!("{}?{}", state.config.base_path, app.id.query());
    if let Some(next) = next {
        page.push_str(&format!("&next={}", encode_next(next)));
    }
    if let Some(error) = error {
        page.push_str(&format!("&error={error}"));
    }
    with_fragment(&page)
}

/// An address with a fragment of its own, or the browser would keep that of the platform's link, which upsets routers.
fn with_fragment(address: &str) -> String {
    if address.contains('#') { address.to_owned() } else { format!("{address}#") }
}

/// Onwards, and never kept by a browser: the address may have a code in it.
fn redirect(location: &str, cookies: Vec<SetCookie>) -> Response {
    let location = HeaderValue::try_from(location).unwrap_or(HeaderValue::from_static("/"));
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, NO_STORE)];
    (StatusCode::FOUND, headers, AppendHeaders(cookies)).into_response()
}

/// What `/` answers to a browser that the platform redirects at once; None where the page has something to show.
pub fn at_once(
    state: &AppState,
    app: &RegisteredApp,
    request: &Request,
    next: Option<&str>,
) -> Option<Response> {
    let (headers, query) = (request.headers(), request.uri().query().unwrap_or_default());
    let has_error = || Address::read(query).error.is_some();
    if app.provider.entry(headers) != (Entry::Redirect { at_once: true })
        || has_error()
        || !is_navigation(&state.config, request)
    {
        return None;
    }
    if !is_logged_in(state, app, headers) {
        return Some(begin(state, app, headers, next, false));
    }
    // Without a place to go to, or where that is the page itself, the page greets.
    let place = next.or(app.home.as_deref())?;
    if place.split(['?', '#']).next() == Some(&state.config.base_path) {
        return None;
    }
    Some(redirect(&with_fragment(place), Vec::new()))
}
