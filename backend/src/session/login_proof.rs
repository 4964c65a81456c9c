//! The login cookie: it proves that the browser that posts a code is one that opened the login page of that
//! application. Without it, a code stolen or planted by another page would do (login CSRF).

use super::cookie::{Cookies, SetCookie, app_tag};
use super::{random_hex, seconds};
use crate::config::App;
use axum::http::HeaderMap;
use miandeng_shared::CrossSite;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Longer than any login takes, shorter than a forgotten phone.
const LIFETIME: Duration = Duration::from_secs(600);
/// For the login cookies of all applications, three of them. With the sessions' `ROOM` it stays below the 4 KB of cookies
/// that proxies pass on.
const ROOM: usize = 700;
const KIND: &str = "miandeng_login_";

#[derive(Serialize, Deserialize)]
struct LoginProof {
    id: String,
    /// `corpId/agentId`.
    app: String,
    expires_at: u64,
}

/// Hands out and checks login cookies.
pub struct LoginProofs {
    cookies: Arc<Cookies>,
}

impl LoginProofs {
    pub fn new(cookies: Arc<Cookies>) -> Self {
        Self { cookies }
    }

    /// A fresh login cookie for `app`. Tabs of one browser may overwrite each other's: every one is good for the app.
    pub fn issue(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> Vec<SetCookie> {
        let expires_at = seconds(now).saturating_add(LIFETIME.as_secs());
        let proof = LoginProof { id: random_hex(), app: app.name(), expires_at };
        let name = cookie_name(app);
        let others = |other: &str| other.starts_with(KIND) && other != name;
        let made = |proof: LoginProof| Some(proof.expires_at);
        self.cookies.set_beside(self.cookies.set(&name, &proof, LIFETIME), headers, others, ROOM, made)
    }

    /// Whether the request comes from a browser that opened the page of `app` not long ago.
    ///
    /// # Errors
    /// What is wrong with its login cookie.
    pub fn verify(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> Result<(), CrossSite> {
        let (name, app, now) = (cookie_name(app), app.name(), seconds(now));
        let mut wrong = CrossSite::NoLoginCookie;
        for (name, value) in self.cookies.named(headers, |its_name| its_name == name) {
            match self.cookies.open::<LoginProof>(name, value) {
                Some(proof) if proof.app == app && now < proof.expires_at => return Ok(()),
                Some(_) => {}
                None => wrong = CrossSite::LoginCookieOfAnotherKey,
            }
        }
        Err(wrong)
    }
}

/// One cookie per application, so that tabs of two applications do not take it from each other.
fn cookie_name(app: &App) -> String {
    let tag = app_tag(&app.corp_id, &app.agent_id);
    format!("{KIND}{}", tag.get(..8).unwrap_or_default())
}
