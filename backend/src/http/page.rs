//! The page itself.

use super::assets;
use super::fields::Query;
use crate::state::AppState;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use miandeng_shared::{AgentId, CorpId};
use std::time::SystemTime;

/// The same HTML for everybody, with a login cookie for the application that the address names.
pub async fn page(
    State(state): State<AppState>,
    headers: HeaderMap,
    query: Result<Query, super::error::ApiError>,
) -> Response {
    let Some(html) = assets::index() else { return not_built() };
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The page tells people what is wrong with an address, so nothing about the query is an error here.
    let app = query.ok().and_then(|Query(mut query)| {
        let corp_id = query.required("corpid", CorpId::new).ok()?;
        let agent_id = query.required("agentid", AgentId::new).ok()?;
        state.app(&corp_id, &agent_id)
    });
    let Some(app) = app else { return response };
    let now = SystemTime::now();
    response.headers_mut().insert(header::SET_COOKIE, state.login_proofs.issue(&app, now));
    if !state.sessions.read(&headers, now).is_some_and(|session| session.belongs_to(&app)) {
        // The SDK is on its way while the module still compiles.
        let preload = format!("<{}>; rel=preload; as=script", app.jsapi_url);
        if let Ok(preload) = HeaderValue::from_str(&preload) {
            response.headers_mut().insert(header::LINK, preload);
        }
    }
    response
}

fn not_built() -> Response {
    let text = "The page is not part of this binary. Build it with: cargo xtask build\n此程序未包含页面，请运行：cargo xtask build\n";
    (StatusCode::NOT_IMPLEMENTED, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// The page refers to its files relatively, which works only below a slash.
pub async fn add_slash(State(state): State<AppState>, RawQuery(query): RawQuery) -> Redirect {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{}{query}", state.config.base_path))
}
