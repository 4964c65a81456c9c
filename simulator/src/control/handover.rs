//! Another person's phone.

use axum::Json;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse};
use serde_json::json;

/// How the names of the cookies begin that logins leave behind. Other programs on this host keep theirs.
const PREFIX: &str = "miandeng";

/// Makes this browser forget who was logged in, as a phone in other hands would not know it. A cookie belongs to a host
/// and not to its port, so the simulator can end what the page's server began.
pub async fn handover(headers: HeaderMap) -> impl IntoResponse {
    let (names, cookies) = forgetting(&headers);
    let cookies = cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)).collect::<Vec<_>>();
    (AppendHeaders(cookies), Json(json!({ "forgotten": names })))
}

/// The names of such cookies in a request, and what a browser is told so that it forgets them.
pub fn forgetting(headers: &HeaderMap) -> (Vec<String>, Vec<String>) {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let names = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.starts_with(PREFIX));
    let names: Vec<String> = names.collect();
    let cookies = names.iter().map(|name| format!("{name}=; Max-Age=0; Path=/")).collect();
    (names, cookies)
}
