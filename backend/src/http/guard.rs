//! Who may ask: the application has to be ours, the page has to be ours.

use super::error::ApiError;
use super::extract::Fields;
use crate::config::Config;
use crate::http::AppState;
use crate::registry::RegisteredApp;
use crate::repeats::Repeats;
use crate::session::Session;
use crate::telemetry;
use axum::http::{HeaderMap, HeaderValue, header};
use miandeng_shared::{AgentId, AppId, CorpId, CrossSite, ErrorCode, InvalidId, parameter};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

/// The application that the fields `corp` and `agent` name, configured or granted to a suite. Where the request gets
/// `refusal` anyway, neither the store nor DingTalk is asked what a suite was granted.
pub async fn app(
    state: &AppState,
    fields: &mut Fields,
    [corp, agent]: [&str; 2],
    refusal: Option<&ApiError>,
) -> Result<Arc<RegisteredApp>, ApiError> {
    let app = AppId::new(id_field(fields, corp, CorpId::new)?, id_field(fields, agent, AgentId::new)?);
    if let Some(refusal) = refusal.filter(|_| !state.config.suites.is_empty()) {
        return state.registry.configured(&app).cloned().ok_or_else(|| refusal.clone());
    }
    state.registry.find(&app).await?.ok_or_else(|| {
        let named = app.to_string();
        note(ErrorCode::UnknownApp, "[[apps]]", &named);
        ApiError::from(ErrorCode::UnknownApp).about(&named)
    })
}

/// One half of an application's name; the page or menu whose half is missing or malformed has to be mended.
fn id_field<T>(
    fields: &mut Fields,
    name: &str,
    new: impl Fn(String) -> Result<T, InvalidId>,
) -> Result<T, ApiError> {
    let mut given = String::new();
    let read = |value: String| {
        given.clone_from(&value);
        new(value)
    };
    fields.required(name, read).map_err(|error| {
        note(ErrorCode::InvalidRequest, name, &given);
        error.about(&given)
    })
}

const MINUTE: Duration = Duration::from_secs(60);

/// One line for each cause in this time.
static NOTED: Repeats<(&str, String)> = Repeats::new(MINUTE);
/// Each of the proxy's guards may be written wrongly in a way of its own.
static MISASKED: Repeats<String> = Repeats::few(MINUTE);

/// Counts a refusal before the login that only an operator can end, and logs it once a minute: `change` is what to look
/// at, `value` what does not fit it.
pub fn note(code: ErrorCode, change: &str, value: &str) {
    telemetry::refused(code.as_str());
    let value: String = value.chars().take(100).collect();
    let due = match code {
        ErrorCode::AuthMisconfigured => MISASKED.first(format!("{change}: {value}")),
        _ => NOTED.first((code.as_str(), change.to_owned())),
    };
    if let Some(suppressed) = due {
        tracing::warn!(reason = code.as_str(), ?value, change, suppressed, "refused before the login");
    }
}

/// A query as the log may show it: a value of a parameter that is not ours may be a secret of the application's.
pub fn loggable(query: &str) -> String {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let shown = pairs.map(|(name, value)| {
        // A query that was encoded as a whole is one name.
        let name = name.split('=').next().unwrap_or_default();
        match parameter(name).as_str() {
            "corpid" | "agentid" | "mode" => format!("{name}={value}"),
            _ => format!("{name}=…"),
        }
    });
    shown.collect::<Vec<_>>().join("&")
}

/// The application that `corpid` and `agentid` name, where they are there.
pub fn named_app(fields: &mut Fields) -> Result<Option<AppId>, ApiError> {
    let corp_id = fields.if_given("corpid", CorpId::new)?;
    let agent_id = fields.if_given("agentid", AgentId::new)?;
    match (corp_id, agent_id) {
        (Some(corp_id), Some(agent_id)) => Ok(Some(AppId::new(corp_id, agent_id))),
        (None, None) => Ok(None),
        (None, _) => Err(ApiError::invalid("corpid", "is missing")),
        (_, None) => Err(ApiError::invalid("agentid", "is missing")),
    }
}

/// The session of `app` that a request carries, the newest of all where none is named. An application that is no longer
/// configured opens nothing any more.
pub fn session(state: &AppState, headers: &HeaderMap, app: Option<&AppId>) -> Result<Session, ErrorCode> {
    let sessions = state.sessions.all(headers, SystemTime::now()).into_iter();
    let mut asked = sessions.filter(|session| app.is_none_or(|app| session.is_of(app)));
    asked.find(|session| state.registry.knows_app_of(session)).ok_or(ErrorCode::NoSession)
}

/// Refuses a request that no page of ours sent: its `Origin` is missing or foreign.
pub fn require_origin(config: &Config, headers: &HeaderMap) -> Result<(), ApiError> {
    match origin(headers) {
        Some(origin) if config.allows_origin(origin) => Ok(()),
        _ => {
            let origins = headers.get_all(header::ORIGIN).iter().map(HeaderValue::as_bytes);
            let shown = String::from_utf8_lossy(&origins.collect::<Vec<_>>().join(&b", "[..])).into_owned();
            note(ErrorCode::CrossSite, "public_url or allowed_origins, for this Origin", &shown);
            Err(ApiError::from(CrossSite::ForeignOrigin).about(&shown))
        }
    }
}

/// The same for requests that do no harm without an `Origin`, because the session cookie is SameSite.
pub fn refuse_foreign_origin(config: &Config, headers: &HeaderMap) -> Result<(), ApiError> {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if cross_site || headers.contains_key(header::ORIGIN) { require_origin(config, headers) } else { Ok(()) }
}

/// The only `Origin`: of two, a proxy in front may have looked at the other.
fn origin(headers: &HeaderMap) -> Option<&str> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next()?.to_str().ok();
    origins.next().is_none().then_some(origin)?
}

/// Longer addresses than this are not pages of a menu.
const MAX_URL: usize = 4096;

/// Checks that `href` is a page of an allowed origin, as DingTalk and every browser would read it.
///
/// The text itself is what gets signed, so whatever two parsers could read differently is refused: spaces, control
/// characters, backslashes, a user name, missing or additional slashes, a host that is not spelled as a browser spells
/// it (`h5%2eexample.com`, `h5。example.com`, `0x7f.1`).
pub fn page_url(config: &Config, href: &str) -> Result<(), ApiError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
    if href.len() > MAX_URL || href.contains(odd) {
        return Err(ApiError::invalid(
            "url",
            "must be an address of at most 4096 bytes without spaces or backslashes",
        ));
    }
    if config.allows_plainly(href) {
        return Ok(());
    }
    // Written differently, it may still be ours.
    let authority = ["https://", "http://"].iter().find_map(|scheme| href.strip_prefix(scheme));
    let authority = authority.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let named = authority.is_some_and(|authority| !authority.is_empty() && !authority.contains('@'));
    match Url::parse(href) {
        Ok(url) if named && config.allows_url(&url) => match authority.is_some_and(|a| is_spelled(a, &url)) {
            true => Ok(()),
            false => Err(ApiError::invalid("url", "must name host and port as browsers do")),
        },
        Ok(url) if named => {
            note(
                ErrorCode::OriginNotAllowed,
                "public_url or allowed_origins",
                &url.origin().ascii_serialization(),
            );
            Err(ErrorCode::OriginNotAllowed.into())
        }
        _ => Err(ApiError::invalid("url", "must be an http:// or https:// address")),
    }
}

/// Whether `authority` is host and port of `url` to the letter, in either case, with or without a port that goes without
/// saying.
fn is_spelled(authority: &str, url: &Url) -> bool {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    let with_port = authority.eq_ignore_ascii_case(&format!("{host}:{port}"));
    with_port || (url.port().is_none() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;
