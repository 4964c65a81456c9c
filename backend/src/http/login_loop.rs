//! Ends the circle of a login that succeeds and a guard that refuses all the same: after a few rounds people no longer get
//! the page, which would send them back at once, but what disagrees.

use super::error::{ApiError, lang};
use super::verdicts::{Verdict, WINDOW};
use super::{guard, navigation, plain_page};
use crate::apps::App;
use crate::clock::seconds;
use crate::http::AppState;
use crate::session::Session;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use memchr::memmem::Finder;
use miandeng_shared::ErrorCode;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use std::time::SystemTime;

/// So many times in [`WINDOW`] a person with a session may be sent to the same place by way of the login: tabs that were
/// opened at once do it once each.
const ROUNDS: u64 = 3;
/// The same where nothing tells a guard from the menu, which people may open again and again. A round is two or three
/// redirects, and browsers give up after 16 of them or a few more.
const ROUNDS_HOME: u64 = 5;
/// The same for an application's own pages that lead to the login, which people may do by a link: so often only scripts do.
const ROUNDS_OF_PAGES: u64 = 15;
/// Places that are counted at one time: with the other cookies they have to fit into what proxies pass on. The last one
/// is for all others together.
const PLACES: usize = 8;
const ALL_OTHERS: &str = "others";

/// So many logins in a row may succeed in one browser without a session that comes back.
const LOST_SESSIONS: u8 = 8;

/// Counts the person who was sent to the login of `app` with a session of it: the cookie that does so. `is_redirected`:
/// the answer is to be a redirect, and no page that the next request could name as its referrer.
///
/// # Errors
/// The answer instead of the page, where that has happened too often.
pub fn round(
    state: &AppState,
    app: &App,
    headers: &HeaderMap,
    next: Option<&str>,
    is_redirected: bool,
) -> Result<Option<HeaderValue>, Box<Response>> {
    let now = SystemTime::now();
    let is_of = |session: &Session| session.is_of(&app.id);
    let Some(session) = state.sessions.all(headers, now).into_iter().find(is_of) else {
        return match state.login_csrf.lost_sessions(headers, app, now) {
            LOST_SESSIONS.. => {
                Err(Box::new(stop_page(state, app, headers, next, ErrorCode::SessionNotKept, "-")))
            }
            _ => Ok(None),
        };
    };
    // A person who opens the page from the menu or types its address is in no circle, whose rounds start from a page.
    if navigation::is_by_user(headers) && !is_redirected {
        return Ok(None);
    }
    // Without a deep link a guard shows by the page that people were on before: the login page, which had led them home.
    let by_guard = || app.home.is_some() && navigation::is_from_login(&state.config, headers);
    let mut most = match next {
        Some(_) => ROUNDS,
        None if by_guard() => ROUNDS,
        None if is_redirected => ROUNDS_HOME,
        None if navigation::is_from_here(&state.config, headers) => ROUNDS_OF_PAGES,
        None => return Ok(None),
    };
    let secure = state.config.public_url.scheme() == "https";
    let kind = if secure { "__Host-miandeng_round_" } else { "miandeng_round_" };
    let digest = Sha256::digest(format!("{most} {} {}", app.id, next.unwrap_or_default()));
    let mut place = hex::encode(digest.get(..4).unwrap_or_default());
    let counted = counted_rounds(headers, kind);
    let rounds_to = |place: &str| counted.iter().find(|(its_place, _)| *its_place == place);
    if rounds_to(&place).is_none() && counted.len() >= PLACES - 1 {
        // A circle whose place is another each time: `?_t=1`, `?_t=2`.
        (place, most) = (ALL_OTHERS.to_owned(), ROUNDS_OF_PAGES);
    }
    let here = rounds_to(&place);
    let now = seconds(now);
    // Clocks of replicas may be a minute apart.
    let recent = |(_, since): &(u64, u64)| now.abs_diff(*since) <= WINDOW.as_secs();
    let (count, since) = here.map(|(_, rounds)| *rounds).filter(recent).unwrap_or((0, now));
    if count >= most {
        let (code, asked) = disagreement(state, &session, most);
        return Err(Box::new(stop_page(state, app, headers, next, code, &asked)));
    }
    let (secure, count) = (if secure { "; Secure" } else { "" }, count + 1);
    let attributes = format!("HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={}", WINDOW.as_secs());
    Ok(HeaderValue::try_from(format!("{kind}{place}={count}_{since}; {attributes}")).ok())
}

/// The rounds to each place and the second of the first. Plain text, so that replicas with different keys count together:
/// it opens nothing.
fn counted_rounds<'a>(headers: &'a HeaderMap, kind: &str) -> Vec<(&'a str, (u64, u64))> {
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|b| *b == b';')).map(<[u8]>::trim_ascii);
    let ours = pairs.filter_map(|pair| std::str::from_utf8(pair.strip_prefix(kind.as_bytes())?).ok());
    let rounds = ours.filter_map(|pair| {
        let (place, rounds) = pair.split_once('=')?;
        let (count, since) = rounds.split_once('_')?;
        Some((place, (count.parse().ok()?, since.parse().ok()?)))
    });
    rounds.collect()
}

/// Whether a request carries counted rounds.
pub fn is_counted(headers: &HeaderMap) -> bool {
    // Made once, because every question of a proxy comes by here.
    static ROUND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("miandeng_round_"));
    let lines = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes);
    lines.into_iter().any(|line| ROUND.find(line).is_some())
}

/// What the login and the guard do not agree on, and what `/auth` was asked or said.
fn disagreement(state: &AppState, session: &Session, most: u64) -> (ErrorCode, String) {
    match state.verdicts.of(session) {
        Some(Verdict::Refused(Some(asked))) => (ErrorCode::GuardOfAnotherApp, asked),
        Some(Verdict::Refused(None)) => (ErrorCode::AuthMisconfigured, "?".to_owned()),
        Some(Verdict::Allowed) => (ErrorCode::ApplicationRefuses, "200".to_owned()),
        None if most == ROUNDS_OF_PAGES => (ErrorCode::ApplicationRefuses, "-".to_owned()),
        None => (ErrorCode::GuardWithoutSession, "-".to_owned()),
    }
}

/// `code` and what it is about, for people and, once a minute, for the log.
fn stop_page(
    state: &AppState,
    app: &App,
    headers: &HeaderMap,
    next: Option<&str>,
    code: ErrorCode,
    asked: &str,
) -> Response {
    let origin = state.config.public_url.origin().ascii_serialization();
    let facts = format!("/auth: {asked} | /start: {} | public_url: {origin}", app.id);
    let change = match code {
        ErrorCode::SessionNotKept => "the Set-Cookie of /api/login, which has to reach the browser",
        ErrorCode::ApplicationRefuses => {
            "the application, which sends people to the login that the guard let in"
        }
        _ => "what the proxy asks /auth, and with which Cookie",
    };
    guard::note(code, change, &facts);
    let (lang, back) = (lang(headers), next.or(app.home.as_deref()).unwrap_or(&state.config.base_path));
    plain_page::answer(&state.config, lang, &ApiError::from(code).body(lang), &facts, back)
}
