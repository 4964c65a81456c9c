//! What people read where the login page is no answer: what happened, what helps, and a way on. No script, and nothing to load.

use super::csp::{plain_policy, policy_header};
use crate::config::Config;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use html_escape::encode_quoted_attribute;
use miandeng_shared::{ErrorBody, Lang};

/// The page about `error`, with `facts` for the operator. Its link leads to `back`; an empty one is the address of the
/// page itself.
pub fn answer(config: &Config, lang: Lang, error: &ErrorBody, facts: &str, back: &str) -> Response {
    let mut page = PAGE.to_owned();
    for (place, text) in [
        ("{lang}", lang.tag()),
        ("{message}", &error.message),
        ("{hint}", &error.hint),
        ("{code}", &error.code),
        ("{facts}", facts),
        ("{back}", back),
        ("{again}", if lang == Lang::En { "Try again" } else { "重试" }),
    ] {
        page = page.replace(place, &encode_quoted_attribute(text));
    }
    let mut response = ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response();
    response.headers_mut().extend(policy_header(config, &plain_policy(config, PAGE)));
    response
}

const PAGE: &str = include_str!("plain_page.html");
