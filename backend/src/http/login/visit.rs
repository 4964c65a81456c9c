//! What the server knows of a visit, written into the HTML so that the page need not ask for it.

use super::config;
use crate::dingtalk::Signer;
use crate::http::AppState;
use crate::http::error::lang;
use crate::http::{guard, session};
use crate::registry::RegisteredApp;
use axum::http::{HeaderMap, header};
use futures_util::FutureExt;
use miandeng_shared::{Address, ErrorBody, ErrorCode, SignedConfig, Visit};
use std::time::SystemTime;

/// The block in the HTML of the page, which is empty until the server fills it. Data and no script: the page's policy lets
/// nothing run that stands in the document.
pub const BLOCK: &str = "<script id=\"visit\" type=\"application/json\">null</script>";

/// The block for a visit to `app`, and behind it, where the login is about to start, DingTalk's component: no module has to
/// come first to ask for it.
pub fn block(state: &AppState, app: &RegisteredApp, headers: &HeaderMap, query: Option<&str>) -> String {
    let mut sessions = state.sessions.all(headers, SystemTime::now()).into_iter();
    let session = sessions.find(|session| session.is_of(&app.id));
    let logs_in = session.is_none();
    let entry = app.provider.entry(headers);
    let elsewhere = is_elsewhere(headers);
    let loads = logs_in && (state.config.dingtalk.simulator || !elsewhere);
    let component =
        app.jsapi.as_ref().filter(|_| loads).map(|jsapi| component(&jsapi.url)).unwrap_or_default();
    // Visitors who cannot log in are no reason to ask for a ticket.
    let asks = logs_in && (!elsewhere || app.provider.signer().is_some_and(Signer::holds_ticket));
    let signs = asks && app.signs_login();
    let signed = query.filter(|_| signs).and_then(|query| signed(state, app, query));
    let visit = Visit {
        config: config::answer(state, app, entry, signed),
        session: session.map(|session| session::answer(state, session)),
        error: query.and_then(|query| error(app, headers, query)),
    };
    format!("{}{component}", block_of(&visit))
}

/// What a login by redirects has ended with, which stands in the address, in words that name the platform.
fn error(app: &RegisteredApp, headers: &HeaderMap, query: &str) -> Option<ErrorBody> {
    let code = ErrorCode::from_code(&Address::read(query).error?)?;
    let (lang, kind) = (lang(headers), app.credentials.kind());
    let text = code.text(lang);
    let (message, hint) = (kind.in_words(text.message, lang), kind.in_words(text.hint, lang));
    let code = code.as_str().to_owned();
    Some(ErrorBody { code, message, hint, upstream: None })
}

/// The signature of the page at this query, if the ticket is in memory. Otherwise its fetch has begun by now, and goes on
/// without us: the page's own question joins it.
fn signed(state: &AppState, app: &RegisteredApp, query: &str) -> Option<SignedConfig> {
    let (origin, path) = (state.config.public_url.origin().ascii_serialization(), &state.config.base_path);
    let href = format!("{origin}{path}?{query}");
    guard::page_url(&state.config, &href).ok()?;
    app.provider.sign(&href).now_or_never()?.ok()?
}

/// Whether the document is open in a browser that does not call itself DingTalk. A client that keeps that to itself gets the
/// component a moment later, by the login module.
fn is_elsewhere(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.starts_with("Mozilla/") && !agent.to_ascii_lowercase().contains("dingtalk")
}

fn component(jsapi_url: &str) -> String {
    format!(
        "<script id=\"jsapi\" src=\"{}\" async></script>",
        html_escape::encode_quoted_attribute(jsapi_url)
    )
}

fn block_of(visit: &Visit) -> String {
    // The visit is made of strings, which cannot fail.
    let json = serde_json::to_string(visit).unwrap_or_default();
    BLOCK.replacen("null", &inert(&json), 1)
}

/// JSON that no parser of HTML takes for markup, and that is a JavaScript literal as well.
fn inert(json: &str) -> String {
    let mut inert = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => inert.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => inert.push(c),
        }
    }
    inert
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_stays_data() {
        for text in [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "]]>&lt;/script&gt;",
            "\u{2028}\u{2029}\"\\</SCRIPT\n>",
            "中文 & <b>",
        ] {
            let json = serde_json::to_string(&[text]).unwrap();
            let inert = inert(&json);
            assert!(!inert.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{inert}");
            assert_eq!(serde_json::from_str::<Vec<String>>(&inert).unwrap(), [text]);
        }
    }
}
