//! Who may ask: the application has to be configured, the page has to be ours.

use super::error::ApiError;
use super::fields::Fields;
use crate::config::{App, Config};
use crate::state::AppState;
use axum::http::{HeaderMap, header};
use miandeng_shared::{AgentId, CorpId, ErrorCode};
use std::sync::Arc;
use url::Url;

/// The configured application that the fields `corp` and `agent` name.
pub fn app(state: &AppState, fields: &mut Fields, corp: &str, agent: &str) -> Result<Arc<App>, ApiError> {
    let corp_id = fields.required(corp, CorpId::new)?;
    let agent_id = fields.required(agent, AgentId::new)?;
    state.app(&corp_id, &agent_id).ok_or(ErrorCode::UnknownApp.into())
}

/// Refuses a request that no page of ours sent: its `Origin` is missing or somebody else's.
pub fn require_origin(config: &Config, headers: &HeaderMap) -> Result<(), ApiError> {
    match origin(headers) {
        Some(origin) if config.allows_origin(origin) => Ok(()),
        _ => Err(ErrorCode::CrossSite.into()),
    }
}

/// The same for requests that do no harm without an `Origin`, because the session cookie is SameSite.
pub fn refuse_foreign_origin(config: &Config, headers: &HeaderMap) -> Result<(), ApiError> {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if cross_site || headers.contains_key(header::ORIGIN) { require_origin(config, headers) } else { Ok(()) }
}

fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN)?.to_str().ok()
}

/// Longer addresses than this are not pages of a menu.
const MAX_URL: usize = 4096;

/// Checks that `href` is a page of an allowed origin, as DingTalk and every browser would read it.
///
/// The text itself is what gets signed, so whatever two parsers could read differently is refused: spaces, control
/// characters, backslashes, a user name, missing or additional slashes.
pub fn page_url(config: &Config, href: &str) -> Result<(), ApiError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if href.len() > MAX_URL || href.contains(odd) {
        return Err(ApiError::invalid(
            "url",
            "must be an address of at most 4096 bytes without spaces or backslashes",
        ));
    }
    let authority = ["https://", "http://"].iter().find_map(|scheme| href.strip_prefix(scheme));
    let authority = authority.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let plain = authority.is_some_and(|authority| !authority.is_empty() && !authority.contains('@'));
    match Url::parse(href) {
        Ok(url) if plain && config.allows_url(&url) => Ok(()),
        Ok(_) if plain => Err(ErrorCode::OriginNotAllowed.into()),
        _ => Err(ApiError::invalid("url", "must be an http:// or https:// address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn config() -> Config {
        let text = r#"
            public_url = "https://h5.example.com"
            allowed_origins = ["https://www.example.com:8443"]
            [store]
            url = "memory:"
            [[apps]]
            corp_id = "dingcorp1"
            agent_id = "123456"
            kind = "channel"
            channel_secret = "s"
        "#;
        config::parse(text, std::iter::empty()).config.unwrap()
    }

    #[test]
    fn pages_of_allowed_origins_are_signed() {
        for href in [
            "https://h5.example.com/?corpid=a&agentid=1",
            "https://h5.example.com:443/?corpid=a",
            "https://H5.example.com/",
            "https://h5.example.com",
            "https://www.example.com:8443/app/index.html?q=%E4%B8%AD#x",
            "https://h5.example.com/?q=中",
        ] {
            assert!(page_url(&config(), href).is_ok(), "{href}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for href in [
            "https://evil.example/",
            "http://h5.example.com/",
            "https://h5.example.com:8443/",
            "https://h5.example.com.evil.example/",
            "https://evil.example/?https://h5.example.com/",
            "https://h5.example.com@evil.example/",
            "https://evil.example@h5.example.com/",
            "https://evil.example\\@h5.example.com/",
            "https://h5.example.com\\.evil.example/",
            "https:h5.example.com/",
            "https:///h5.example.com/",
            "//h5.example.com/",
            "/",
            "",
            " https://h5.example.com/",
            "https://h5.example.com/ x",
            "https://h5.example.com/\u{3000}",
            "https://h5.exa\tmple.com/",
            "javascript:alert(1)",
            "file:///etc/passwd",
        ] {
            assert!(page_url(&config(), href).is_err(), "{href:?}");
        }
        assert!(page_url(&config(), &format!("https://h5.example.com/?{}", "x".repeat(4096))).is_err());
    }
}
