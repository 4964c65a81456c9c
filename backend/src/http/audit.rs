//! The audit log: who logged in or out, to which application, from where, and whom we refused. One line each, under a
//! target of its own, so that an operator can keep it apart.
//!
//! What strangers can cause at will, a refusal or a failed login, is written once a minute for each cause and address, with
//! how many were suppressed.
//!
//! It names people by DingTalk's identifiers and nothing else: no name, no code, no cookie, no token.

use super::client_ip;
use super::error::ApiError;
use crate::apps::App;
use crate::http::AppState;
use crate::repeats::Repeats;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use miandeng_shared::{CrossSite, ExternalUserId, OpenId, UnionId, User, UserId};
use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// What `RUST_LOG` calls these lines.
const TARGET: &str = "audit";

/// Where a request comes from, as far as it can be told: the last address that is no trusted proxy, or the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientAddr(Option<IpAddr>);

impl FromRequestParts<AppState> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let client = client_ip::client(&state.config, &parts.headers, &parts.extensions);
        Ok(Self(client.or_else(|| client_ip::peer(&parts.extensions))))
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// What was wanted, and of which application or suite; why it was refused; where it came from.
type Refusal = (&'static str, String, &'static str, ClientAddr);

static REFUSALS: Repeats<Refusal> = Repeats::new(Duration::from_secs(60));

/// A login came to its end. What DingTalk said of a refusal is for the operator who mends it.
pub fn login(app: &App, from: ClientAddr, outcome: Result<&User, &ApiError>, took: Duration) {
    let (user, error) = (outcome.ok(), outcome.err());
    let suppressed = match error {
        None => None,
        Some(error) => match REFUSALS.first(("login", app.id.to_string(), kind(error), from)) {
            None => return,
            Some(suppressed) => some(suppressed),
        },
    };
    let said = error.and_then(|error| error.upstream.as_ref());
    tracing::info!(
        target: TARGET,
        corp = %app.id.corp_id,
        agent = %app.id.agent_id,
        result = if error.is_none() { "ok" } else { "failed" },
        reason = error.map_or("ok", |error| error.code.as_str()),
        cause = error.and_then(|error| error.cause).map(CrossSite::as_str),
        %from,
        open_id = user.and_then(|user| user.open_id.as_ref()).map(OpenId::as_str),
        union_id = user.and_then(|user| user.union_id.as_ref()).map(UnionId::as_str),
        user_id = user.and_then(|user| user.user_id.as_ref()).map(UserId::as_str),
        external_user_id = user.and_then(|user| user.external_user_id.as_ref()).map(ExternalUserId::as_str),
        upstream = said.map(|said| said.code.as_str()),
        sub_code = said.and_then(|said| said.sub_code.as_deref()),
        request_id = said.and_then(|said| said.request_id.as_deref()),
        words = error.and_then(|error| error.words.as_deref()),
        value = error.and_then(|error| error.value.as_deref()),
        ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        suppressed,
        "login"
    );
}

/// A person's session ended, or all of them did. A logout that could not be recorded is not one.
pub fn logout(user: &User, from: ClientAddr, everywhere: bool, recorded: bool) {
    tracing::info!(
        target: TARGET,
        corp = %user.corp_id,
        agent = %user.agent_id,
        result = if recorded { "ok" } else { "failed" },
        %from,
        open_id = user.open_id.as_ref().map(OpenId::as_str),
        union_id = user.union_id.as_ref().map(UnionId::as_str),
        user_id = user.user_id.as_ref().map(UserId::as_str),
        external_user_id = user.external_user_id.as_ref().map(ExternalUserId::as_str),
        everywhere,
        "logout"
    );
}

/// A request was refused before anything was known of who makes it. `what` is what it wanted.
pub fn refused(what: &'static str, from: ClientAddr, error: &ApiError) {
    let cause = error.cause.map(CrossSite::as_str);
    let reason = error.code.as_str();
    if let Some(suppressed) = REFUSALS.first((what, String::new(), kind(error), from)) {
        let (value, suppressed) = (error.value.as_deref(), some(suppressed));
        tracing::warn!(target: TARGET, what, reason, cause, value, %from, suppressed, "refused");
    }
}

/// A push to the callback of `suite` (empty where there is none of that name) is not DingTalk's, for this `reason`.
pub fn push_refused(suite: &str, from: ClientAddr, reason: &'static str) {
    if let Some(suppressed) = REFUSALS.first(("push", suite.to_owned(), reason, from)) {
        let suppressed = some(suppressed);
        tracing::warn!(target: TARGET, what = "push", suite, reason, %from, suppressed, "refused");
    }
}

/// What counts as the same refusal again: of one code, the causes are told apart.
fn kind(error: &ApiError) -> &'static str {
    error.cause.map_or(error.code.as_str(), CrossSite::as_str)
}

/// Nothing is said of nothing.
fn some(suppressed: u64) -> Option<u64> {
    (suppressed > 0).then_some(suppressed)
}
