//! `GET /api/config`: what the page needs for `dd.config`.

use super::error::ApiError;
use super::fields::{Fields, Query};
use super::guard;
use crate::apps::App;
use crate::registry::Registered;
use crate::state::AppState;
use crate::telemetry;
use crate::upstream::{Error, deadline};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use miandeng_shared::{AppKind, ConfigAnswer, ErrorCode, SignedConfig};
use std::sync::Arc;
use std::time::SystemTime;
use url::Url;

/// `dd.config`'s type for a service window, and for a micro-app.
const SERVICE_WINDOW: u8 = 1;
const MICRO_APP: u8 = 0;

pub async fn config(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let app = guard::app(&state, &mut query, ["corpid", "agentid"], None).await?;
    // A classic service window cannot log in without `dd.config`; today's applications need it for other APIs only.
    let wanted = match query.optional("sign").as_deref() {
        None => app.credentials.kind() == AppKind::Channel,
        Some("0") => false,
        Some("1") => true,
        Some(_) => return Err(ApiError::invalid("sign", "must be 0 or 1")),
    };
    let signed = if wanted { sign(&state, &app, &headers, &mut query).await? } else { None };
    let cookies = state.login_proofs.issue(&headers, &app, SystemTime::now());
    Ok((AppendHeaders(cookies), Json(answer(&state, &app, signed))).into_response())
}

async fn sign(
    state: &AppState,
    app: &Arc<Registered>,
    headers: &HeaderMap,
    query: &mut Fields,
) -> Result<Option<SignedConfig>, ApiError> {
    let href = href(state, headers, query)?;
    let signed = deadline::within(deadline::BUDGET, app.provider.sign(&href)).await;
    Ok(signed.inspect_err(|error: &Error| {
        tracing::warn!(corp = %app.corp_id, agent = %app.agent_id, %error, "page not signed");
        // Other kinds log in without a signature.
        if app.credentials.kind() == AppKind::Channel {
            telemetry::login(app, Some(error.kind.policy().error.as_str()));
        }
    })?)
}

/// The page to sign: the parameter `url`, else the Referer if it is a page of `public_url`.
fn href(state: &AppState, headers: &HeaderMap, query: &mut Fields) -> Result<String, ApiError> {
    if let Some(url) = query.optional("url").filter(|url| !url.is_empty()) {
        guard::page_url(&state.config, &url)?;
        return Ok(url);
    }
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let ours = Url::parse(referer).is_ok_and(|url| url.origin() == state.config.public_url.origin());
    if ours && guard::page_url(&state.config, referer).is_ok() {
        return Ok(referer.to_owned());
    }
    Err(ErrorCode::UrlRequired.into())
}

fn answer(state: &AppState, app: &App, signed: Option<SignedConfig>) -> ConfigAnswer {
    let (time_stamp, nonce_str, signature, url) = match signed {
        Some(s) => (Some(s.time_stamp), Some(s.nonce_str), Some(s.signature), Some(s.url)),
        None => (None, None, None, None),
    };
    ConfigAnswer {
        corp_id: app.corp_id.clone(),
        agent_id: app.agent_id.clone(),
        kind: app.credentials.kind(),
        jsapi_url: app.jsapi_url.clone(),
        client_id: app.credentials.client_id().map(str::to_owned),
        simulator: state.config.dingtalk.simulator,
        js_api_list: app.js_api_list.clone(),
        config_type: match app.credentials.kind() {
            AppKind::Channel => SERVICE_WINDOW,
            AppKind::H5 => MICRO_APP,
        },
        time_stamp,
        nonce_str,
        signature,
        url,
    }
}
