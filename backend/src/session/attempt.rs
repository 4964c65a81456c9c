//! An attempt to log in by way of another site: what has to be known when the person comes back, sealed in a cookie for each
//! attempt, so that tabs do not take it from each other. A callback without it is a stray and makes no session.

use super::cookie::{Cookies, SetCookie};
use crate::apps::App;
use crate::clock::seconds;
use crate::secret::random_hex;
use axum::http::HeaderMap;
use miandeng_shared::AppId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use subtle::ConstantTimeEq;

/// Longer than any login takes, shorter than a forgotten phone.
const LIFETIME: Duration = Duration::from_secs(600);
const KIND: &str = "miandeng_wecom_";
/// For the attempts of all tabs. A deep link of 1.5 KB fits into it.
const ROOM: usize = 2400;
/// For all our cookies together, of the 4 KB that proxies pass on. One attempt without its deep link fits beside any others.
const ROOM_OF_ALL: usize = 3900;
const MIN_ROOM: usize = 400;
/// For one that led to a login: its cookie, the session's and the deep link as `Location` are one answer, and nginx gives the
/// headers of an answer 4 KB.
const ROOM_OF_DONE: usize = 1500;
/// The parts of a state: random digits, the application, how often the login began anew. Only letters and digits, because
/// WeCom's link takes no other.
const RANDOM: usize = 32;
const TAG: usize = 8;

/// One attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    #[serde(flatten)]
    pub app: AppId,
    pub next: Option<String>,
    expires_at: u64,
    /// Its person is logged in: a callback that is opened again leads on and redeems nothing.
    pub done: bool,
}

impl Attempt {
    /// Names the attempt.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// Whether it began anew already.
    pub fn is_restart(&self) -> bool {
        is_restart(&self.state)
    }
}

/// What a state says by itself: whether the login began anew already. Forged it loses a retry and nothing else.
pub fn is_restart(state: &str) -> bool {
    !state.ends_with('0')
}

/// Whether `state` was made for this application, as far as it says so by itself.
pub fn is_of(state: &str, app: &App) -> bool {
    let whole = state.len() == RANDOM + TAG + 1 && state.bytes().all(|b| b.is_ascii_hexdigit());
    whole && state.get(RANDOM..RANDOM + TAG) == Some(tag(app))
}

fn tag(app: &App) -> &str {
    app.tag.get(..TAG).unwrap_or_default()
}

/// Begins attempts, and knows them again.
pub struct Attempts {
    cookies: Arc<Cookies>,
}

impl Attempts {
    pub fn new(cookies: Arc<Cookies>) -> Self {
        Self { cookies }
    }

    /// A new attempt to log in to `app` and go on to `next`: its state, and the cookies that carry it.
    pub fn begin(
        &self,
        headers: &HeaderMap,
        app: &App,
        next: Option<&str>,
        is_restart: bool,
        now: SystemTime,
    ) -> (String, Vec<SetCookie>) {
        let state = format!("{}{}{}", random_hex(), tag(app), u8::from(is_restart));
        let attempt = Attempt {
            state: state.clone(),
            app: app.id.clone(),
            next: next.map(str::to_owned),
            expires_at: seconds(now).saturating_add(LIFETIME.as_secs()),
            done: false,
        };
        let cookies = self.set(headers, attempt, ROOM);
        (state, cookies)
    }

    /// Keeps that the person of `attempt` is logged in.
    pub fn finish(&self, headers: &HeaderMap, attempt: Attempt) -> Vec<SetCookie> {
        self.set(headers, Attempt { done: true, ..attempt }, ROOM_OF_DONE)
    }

    /// Without its deep link where that takes more than `room`.
    fn set(&self, headers: &HeaderMap, attempt: Attempt, room: usize) -> Vec<SetCookie> {
        let name = cookie_name(&attempt.state);
        let beside =
            self.cookies.size(headers, |other| other.starts_with("miandeng") && !other.starts_with(KIND));
        let room_of_all = ROOM_OF_ALL.saturating_sub(beside).clamp(MIN_ROOM, ROOM);
        let room = room.min(room_of_all);
        let mut new = self.cookies.set(&name, &attempt, LIFETIME);
        if new.1.len() > room {
            new = self.cookies.set(&name, &Attempt { next: None, ..attempt }, LIFETIME);
        }
        let others = |other: &str| other.starts_with(KIND) && other != name;
        let made = |other: Attempt| Some(other.expires_at);
        self.cookies.set_beside(new, headers, others, room_of_all, made)
    }

    /// The attempt with this state that the browser began.
    pub fn find(&self, headers: &HeaderMap, state: &str, now: SystemTime) -> Option<Attempt> {
        let name = cookie_name(state);
        let mut begun = self.cookies.named(headers, |other| other == name);
        begun.find_map(|(name, value)| {
            let attempt: Attempt = self.cookies.open(name, value)?;
            let same = bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
            (same && seconds(now) < attempt.expires_at).then_some(attempt)
        })
    }
}

fn cookie_name(state: &str) -> String {
    format!("{KIND}{}", state.chars().take(TAG).filter(char::is_ascii_hexdigit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::secret::{Secret, SessionKey};
    use axum::http::{HeaderValue, header};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn k15_attempts_leave_room_for_the_other_cookies() {
        let key = SessionKey::new(&Secret::new(STANDARD.encode([1; 32]))).unwrap();
        let attempts = Attempts::new(Arc::new(Cookies::new(&key, &[], true)));
        let text = "public_url = \"https://h5.example.com\"\n[store]\nurl = \"memory:\"\n[[apps]]\ncorp_id = \"ding1\"\n\
                    agent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\"";
        let app = config::parse(text, std::iter::empty()).config.unwrap().apps.remove(0);
        let next = format!("/{}", "x".repeat(900));
        for (sessions, has_next) in [(0, true), (2, true), (7, false), (9, false)] {
            let session = |i| format!("__Host-miandeng-{i:012x}={}", "A".repeat(400));
            let line = (0..sessions).map(session).collect::<Vec<_>>().join("; ");
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(&line).unwrap())]);
            let now = SystemTime::now();
            let (state, cookies) = attempts.begin(&headers, &app, Some(&next), false, now);
            let set = cookies[0].1.to_str().unwrap().split(';').next().unwrap();
            assert!(line.len() + set.len() <= ROOM_OF_ALL.max(line.len() + MIN_ROOM), "{sessions}");
            let back = HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(set).unwrap())]);
            let attempt = attempts.find(&back, &state, now).unwrap();
            assert_eq!(attempt.next.is_some(), has_next, "{sessions}");
        }
    }
}
