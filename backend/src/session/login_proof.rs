//! The login cookie: it proves that the browser that posts a code is one that opened the login page of that
//! application. Without it, a code stolen or planted by another page would do (login CSRF).

use super::cookie::Cookies;
use super::{random_hex, seconds};
use crate::config::App;
use axum::http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Longer than any login takes, shorter than a forgotten phone.
const LIFETIME: Duration = Duration::from_secs(600);

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
    pub fn issue(&self, app: &App, now: SystemTime) -> HeaderValue {
        let proof = LoginProof { id: random_hex(), app: app.name(), expires_at: seconds(now + LIFETIME) };
        self.cookies.set(&cookie_name(app), &proof, LIFETIME)
    }

    /// Whether the request comes from a browser that opened the page of `app` not long ago.
    pub fn verify(&self, headers: &HeaderMap, app: &App, now: SystemTime) -> bool {
        let (app_name, now) = (app.name(), seconds(now));
        self.cookies
            .read::<LoginProof>(headers, &cookie_name(app))
            .any(|proof| proof.app == app_name && now < proof.expires_at)
    }
}

/// One cookie per application, so that tabs of two applications do not take it from each other.
fn cookie_name(app: &App) -> String {
    let digest = Sha256::new().chain_update(app.corp_id.as_str()).chain_update("/");
    let [a, b, c, d, ..]: [u8; 32] = digest.chain_update(app.agent_id.as_str()).finalize().into();
    format!("miandeng_login_{:08x}", u32::from_be_bytes([a, b, c, d]))
}
