//! The page itself.

use super::{visit, wecom};
use crate::apps::{Brand, Color};
use crate::http::AppState;
use crate::http::csp::{page_policy, policy_header};
use crate::http::headers::{CROSS_ORIGIN, RESOURCE_POLICY};
use crate::http::{assets, guard, login_loop};
use crate::registry::RegisteredApp;
use axum::body::Bytes;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use html_escape::encode_quoted_attribute;
use miandeng_shared::{Address, AppId, Unnamed, next_in};
use std::time::SystemTime;

/// The same HTML for all people, with a login cookie and, of the application that the address names, its looks and what is
/// known of the visit.
pub async fn page(State(state): State<AppState>, request: Request) -> Response {
    let (headers, query) = (request.headers(), request.uri().query());
    let Some(html) = assets::index() else { return not_built() };
    // The page tells people what is wrong with an address or with the server, so nothing of it is an error here.
    let Address { corp_id, agent_id, .. } = Address::read(query.unwrap_or_default());
    let app = match (corp_id, agent_id) {
        (Ok(corp_id), Ok(agent_id)) => {
            state.registry.find(&AppId::new(corp_id, agent_id)).await.unwrap_or_default()
        }
        (corp_id, agent_id) => {
            let (corp, agent) = (corp_id.err(), agent_id.err());
            // Without either it may be a health check.
            if (corp, agent) != (Some(Unnamed::Missing), Some(Unnamed::Missing)) {
                let shown = guard::loggable(query.unwrap_or_default());
                guard::note(
                    Unnamed::error(corp, agent),
                    "corpid and agentid in the address of the menu",
                    &shown,
                );
            }
            None
        }
    };
    let next = query.and_then(next_in);
    let next = next.as_deref();
    let redirect = app.as_ref().and_then(|app| wecom::at_once(&state, app, &request, next));
    let round = app.as_ref().map(|app| login_loop::round(&state, app, headers, next, redirect.is_some()));
    let round = match round.transpose() {
        Ok(round) => round.flatten(),
        Err(disagreement) => return *disagreement,
    };
    if let Some(mut redirect) = redirect {
        redirect.headers_mut().extend(round.map(|round| (header::SET_COOKIE, round)));
        return redirect;
    }
    let html = match &app {
        Some(app) => branded(&html, &app.brand, &visit::block(&state, app, headers, query)),
        None => html,
    };
    let mut response = ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let style = app.as_ref().and_then(|app| app.brand.color).map(style);
    let policy =
        page_policy(&state.config, app.as_deref().map(|found| &found.app), style.as_deref(), headers);
    response.headers_mut().extend(policy_header(&state.config, &policy));
    response.headers_mut().insert("permissions-policy", HeaderValue::from_static(UNUSED));
    let now = SystemTime::now();
    let session_of = |app: &RegisteredApp| {
        state.sessions.all(headers, now).into_iter().find(|session| session.is_of(&app.id))
    };
    let has_session = app.as_deref().and_then(session_of).is_some();
    if !has_session || state.config.dingtalk.simulator {
        // It speaks of no person then, so others may look whether it is there, as the simulator's phone does; no more than
        // that, because reading it takes CORS.
        response.headers_mut().insert(RESOURCE_POLICY, CROSS_ORIGIN);
    }
    let Some(app) = app else { return response };
    if !app.provider.redirects() {
        let lost = if has_session { 0 } else { state.login_csrf.lost_sessions(headers, &app, now) };
        response.headers_mut().extend(state.login_csrf.issue(headers, &app, lost, now));
    }
    if let Some(round) = round {
        response.headers_mut().append(header::SET_COOKIE, round);
    }
    if !has_session {
        // The SDK is on its way while the module still compiles.
        let preload = |url: &String| HeaderValue::try_from(format!("<{url}>; rel=preload; as=script")).ok();
        if let Some(preload) = app.jsapi.as_ref().and_then(|jsapi| preload(&jsapi.url)) {
            response.headers_mut().insert(header::LINK, preload);
        }
    }
    response
}

/// What the page never asks a browser for, so that no script in it can. A native bridge has ways of its own.
const UNUSED: &str = "camera=(), geolocation=(), microphone=()";

/// What the HTML of the page has where an application may have something of its own.
const ROOT: &str = "<html lang=\"zh-CN\"";
const TITLE: &str = "<title>免登</title>";
const HEADER: &str = "<header id=\"brand\" hidden></header>";
const HEAD_END: &str = "</head>";

/// The ground of the page in the dark (frontend/style.css).
const DARK: &str = "#101216";

/// Writes the looks into the HTML, so that the first thing people see has them, and the block with what is known.
fn branded(html: &[u8], brand: &Brand, block: &str) -> Bytes {
    let mut html = String::from_utf8_lossy(html).replacen(visit::BLOCK, block, 1);
    if let Some(name) = brand.name.as_deref().map(encode_quoted_attribute) {
        html = html.replacen(ROOT, &format!("{ROOT} data-name=\"{name}\""), 1);
        html = html.replacen(TITLE, &format!("<title>{name}</title>"), 1);
    }
    if let Some(color) = brand.color {
        html = html.replacen(HEAD_END, &format!("<style>{}</style>{HEAD_END}", style(color)), 1);
    }
    if brand.name.is_some() || brand.logo.is_some() {
        html = html.replacen(HEADER, &heading(brand), 1);
    }
    html.into()
}

/// An element and no attribute: the page's policy names it by its hash, which every engine understands.
fn style(color: Color) -> String {
    let (text, ink) = (color.text(), color.readable_on(Color::WHITE));
    let ink_dark = color.readable_on(DARK.parse().unwrap_or(Color::BLACK));
    format!(":root{{--brand:{color};--on-brand:{text};--brand-ink:{ink};--brand-ink-dark:{ink_dark}}}")
}

fn heading(brand: &Brand) -> String {
    let logo = brand.logo.as_deref().map(encode_quoted_attribute).map(|src| {
        // The logo's host need not learn who opens which page.
        format!("<img class=\"logo\" src=\"{src}\" alt=\"\" referrerpolicy=\"no-referrer\">")
    });
    let name = brand.name.as_deref().map(encode_quoted_attribute).map(|name| format!("<bdi>{name}</bdi>"));
    format!("<header id=\"brand\">{}{}</header>", logo.unwrap_or_default(), name.unwrap_or_default())
}

pub fn not_built() -> Response {
    let text = "The page is not part of this binary. Build it with: cargo xtask build\n此程序未包含页面，请运行：cargo xtask build\n";
    (StatusCode::NOT_IMPLEMENTED, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// The page refers to its files relatively, which works only below a slash.
pub async fn add_slash(State(state): State<AppState>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    ([(RESOURCE_POLICY, CROSS_ORIGIN)], Redirect::permanent(&format!("{}{query}", state.config.base_path)))
}

#[cfg(test)]
mod tests;
