//! With `simulator = true` only: a page of the enterprise's own, for the phone's deep links to arrive at.

use super::csp::{plain_policy, policy_header};
use super::guard;
use crate::http::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use html_escape::encode_quoted_attribute;
use miandeng_shared::{OpenId, UserId};

/// What an application behind the login would show. It says so where there is no login.
pub async fn orders(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let Ok(session) = guard::session(&state, &headers, None) else {
        return Redirect::to(&state.config.base_path).into_response();
    };
    let user = &session.user;
    let who = user.nick.as_deref().or(user.user_id.as_ref().map(UserId::as_str));
    let who = who.or(user.open_id.as_ref().map(OpenId::as_str)).unwrap_or_default();
    let page = PAGE.replace("{who}", &encode_quoted_attribute(who));
    let mut response = ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response();
    response.headers_mut().extend(policy_header(&state.config, &plain_policy(&state.config, PAGE)));
    response
}

const PAGE: &str = include_str!("demo.html");
