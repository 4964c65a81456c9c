//! The login cookie: it proves that the browser that posts a code is one that opened the login page of that
//! application. Without it, a code stolen or planted by another page would do (login CSRF).

use super::cookie::{Cookies, SetCookie};
use crate::apps::App;
use crate::clock::seconds;
use crate::secret::random_hex;
use axum::http::HeaderMap;
use miandeng_shared::CrossSite;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Longer than any login takes, shorter than a forgotten phone.
const LIFETIME: Duration = Duration::from_secs(600);
/// For the login cookies of all applications, three of them. With the sessions' `ROOM` it stays below the 4 KB of cookies
/// that proxies pass on.
const ROOM: usize = 700;
/// A session that was made is missed no longer than this.
const SUCCESS: Duration = Duration::from_secs(60);
/// Far more than succeed while a browser goes once round a circle.
const SUCCESSES: usize = 4096;
const KIND: &str = "miandeng_login_";

#[derive(Serialize, Deserialize)]
struct LoginCookie {
    id: String,
    /// `corpId/agentId`.
    app: String,
    expires_at: u64,
    /// How many logins in a row have succeeded in this browser without a session that came back.
    #[serde(default, skip_serializing_if = "is_none")]
    lost: u8,
}

/// Hands out and checks login cookies.
pub struct LoginCsrf {
    cookies: Arc<Cookies>,
    /// Of the cookies whose login has succeeded, the ids and when. A list, because it is written by every login and read by
    /// those without a session only.
    succeeded: Mutex<VecDeque<(String, Instant)>>,
}

impl LoginCsrf {
    pub fn new(cookies: Arc<Cookies>) -> Self {
        Self { cookies, succeeded: Mutex::default() }
    }

    /// A fresh login cookie for `app`. Tabs of one browser may overwrite each other's: every one is good for the app.
    /// `lost` is to be [`Self::lost_sessions`], zero for a browser that has a session.
    pub fn issue(&self, headers: &HeaderMap, app: &App, lost: u8, now: SystemTime) -> Vec<SetCookie> {
        let expires_at = seconds(now).saturating_add(LIFETIME.as_secs());
        let proof = LoginCookie { id: random_hex(), app: app.id.to_string(), expires_at, lost };
        let name = cookie_name(app);
        let others = |other: &str| other.starts_with(KIND) && other != name;
        let made = |proof: LoginCookie| Some(proof.expires_at);
        self.cookies.set_beside(self.cookies.set(&name, &proof, LIFETIME), headers, others, ROOM, made)
    }

    /// Whether the request comes from a browser that opened the page of `app` not long ago: the id of its login cookie.
    ///
    /// # Errors
    /// What is wrong with its login cookie.
    pub fn verify(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> Result<String, CrossSite> {
        self.open(headers, app, now).map(|proof| proof.id)
    }

    /// Notes that the login of this cookie has succeeded.
    pub fn succeed(&self, id: String) {
        let mut succeeded = self.succeeded.lock();
        if succeeded.len() >= SUCCESSES {
            succeeded.pop_front();
        }
        succeeded.push_back((id, Instant::now()));
    }

    /// How many logins to `app` have succeeded in a row in this browser, which has no session. Successes are known to the
    /// process that saw them: behind several processes it takes longer until a circle is noticed.
    pub fn lost_sessions(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> u8 {
        let proof = self.open(headers, app, now);
        proof.map_or(0, |proof| proof.lost.saturating_add(u8::from(self.has_succeeded(&proof.id))))
    }

    fn has_succeeded(&self, id: &str) -> bool {
        self.succeeded.lock().iter().any(|(known, at)| known == id && at.elapsed() < SUCCESS)
    }

    /// After a logout no session is missing.
    pub fn forget(&self, headers: &HeaderMap) {
        for (name, value) in self.cookies.named(headers, |name| name.starts_with(KIND)) {
            if let Some(proof) = self.cookies.open::<LoginCookie>(name, value) {
                self.succeeded.lock().retain(|(id, _)| *id != proof.id);
            }
        }
    }

    fn open(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> Result<LoginCookie, CrossSite> {
        let (name, app, now) = (cookie_name(app), app.id.to_string(), seconds(now));
        let mut wrong = CrossSite::NoLoginCookie;
        for (name, value) in self.cookies.named(headers, |its_name| its_name == name) {
            match self.cookies.open::<LoginCookie>(name, value) {
                Some(proof) if proof.app == app && now < proof.expires_at => return Ok(proof),
                Some(_) => {}
                None => wrong = CrossSite::LoginCookieOfAnotherKey,
            }
        }
        Err(wrong)
    }
}

/// Ordinary cookies stay as short as they were.
fn is_none(lost: &u8) -> bool {
    *lost == 0
}

/// One cookie per application, so that tabs of two applications do not take it from each other.
fn cookie_name(app: &App) -> String {
    format!("{KIND}{}", app.tag.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests;
