//! `GET /api/config`: what the page needs for `dd.config`.

use crate::apps::App;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::extract::{Fields, Query};
use crate::http::guard;
use crate::provider::Entry;
use crate::registry::RegisteredApp;
use crate::repeats::Repeats;
use crate::telemetry;
use crate::upstream::{Error, deadline};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use miandeng_shared::{ConfigAnswer, ErrorCode, SignedConfig};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

pub async fn config(
    State(state): State<AppState>,
    headers: HeaderMap,
    query: Result<Query, ApiError>,
) -> Result<Response, ApiError> {
    let Query(mut query) = query.inspect_err(|error| note(error, "a parameter of /api/config"))?;
    let app = guard::app(&state, &mut query, ["corpid", "agentid"], None).await?;
    // A classic service window cannot log in without `dd.config`; today's applications need it for other APIs only.
    let wanted = match query.optional("sign").as_deref() {
        None => app.signs_login(),
        Some("0") => false,
        Some("1") => app.jsapi.is_some(),
        Some(other) => {
            let error = ApiError::invalid("sign", "must be 0 or 1");
            note(&error, other);
            return Err(error);
        }
    };
    let signed = if wanted { sign(&state, &app, &headers, &mut query).await? } else { None };
    let entry = app.provider.entry(&headers);
    let cookies = match entry {
        Entry::Page => {
            let now = SystemTime::now();
            state.login_csrf.issue(&headers, &app, state.login_csrf.lost_sessions(&headers, &app, now), now)
        }
        Entry::Redirect { .. } | Entry::Elsewhere => Vec::new(),
    };
    Ok((AppendHeaders(cookies), Json(answer(&state, &app, entry, signed))).into_response())
}

/// What only another page or proxy gets through. Of an address neither the query nor a user's name is shown: either may have
/// a secret.
fn note(error: &ApiError, value: &str) {
    let place = value.split(['?', '#']).next().unwrap_or_default();
    let shown = place.rsplit('@').next().unwrap_or_default();
    guard::note(error.code, "the page that asks /api/config, or a proxy before it", shown);
}

/// Of each application and failure one line in this time, however many people visit.
static NOT_SIGNED: Repeats<(String, String)> = Repeats::new(Duration::from_secs(60));

async fn sign(
    state: &AppState,
    app: &Arc<RegisteredApp>,
    headers: &HeaderMap,
    query: &mut Fields,
) -> Result<Option<SignedConfig>, ApiError> {
    let href = href(state, headers, query)?;
    let signed = deadline::within(deadline::BUDGET, app.provider.sign(&href)).await;
    Ok(signed.inspect_err(|error: &Error| {
        if let Some(suppressed) = NOT_SIGNED.first((app.id.to_string(), error.briefly())) {
            tracing::warn!(corp = %app.id.corp_id, agent = %app.id.agent_id, %error, suppressed, "page not signed");
        }
        // Other kinds log in without a signature.
        if app.signs_login() {
            telemetry::login(app, Some(error.kind.policy().error.as_str()));
        }
    })?)
}

/// The page to sign: the parameter `url`, else the Referer if it is a page of `public_url`.
fn href(state: &AppState, headers: &HeaderMap, query: &mut Fields) -> Result<String, ApiError> {
    if let Some(url) = query.optional("url").filter(|url| !url.is_empty()) {
        let checked = guard::page_url(&state.config, &url);
        // Another origin is noted with the keys that would allow it.
        let by_its_form = |error: &&ApiError| error.code != ErrorCode::OriginNotAllowed;
        if let Some(error) = checked.as_ref().err().filter(by_its_form) {
            note(error, &url);
        }
        return checked.map(|()| url);
    }
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ours = Url::parse(referer).is_ok_and(|url| url.origin() == state.config.public_url.origin());
    if ours && guard::page_url(&state.config, referer).is_ok() {
        return Ok(referer.to_owned());
    }
    let error = ApiError::from(ErrorCode::UrlRequired);
    note(&error, referer);
    Err(error)
}

pub(super) fn answer(
    state: &AppState,
    app: &App,
    entry: Entry,
    signed: Option<SignedConfig>,
) -> ConfigAnswer {
    let jsapi = app.jsapi.as_ref();
    let start = || format!("wecom/start?{}", app.id.query());
    let (time_stamp, nonce_str, signature, url) = match signed {
        Some(s) => (Some(s.time_stamp), Some(s.nonce_str), Some(s.signature), Some(s.url)),
        None => (None, None, None, None),
    };
    ConfigAnswer {
        corp_id: app.id.corp_id.clone(),
        agent_id: app.id.agent_id.clone(),
        kind: app.credentials.kind(),
        jsapi_url: jsapi.map(|jsapi| jsapi.url.clone()).unwrap_or_default(),
        jsapi_fallback_url: jsapi.and_then(|jsapi| jsapi.fallback_url.clone()),
        client_id: app.credentials.client_id().map(str::to_owned),
        login_url: matches!(entry, Entry::Redirect { .. }).then(start),
        simulator: state.config.dingtalk.simulator,
        js_api_list: jsapi.map(|jsapi| jsapi.js_api_list.clone()).unwrap_or_default(),
        config_type: jsapi.map_or(0, |jsapi| jsapi.config_type),
        time_stamp,
        nonce_str,
        signature,
        url,
    }
}
