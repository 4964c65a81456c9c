//! The least that a check of sessions takes: a payload and its MAC in a cookie, and a time when it ends.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const NAME: &str = "session";
/// Longer than any run of the benchmark.
const LIFETIME: u64 = 12 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Session {
    user: String,
    expires_at: u64,
}

/// `/session` gives a cookie, `/auth` checks it.
pub fn router() -> Router {
    let key: Hmac<Sha256> = Hmac::new(&rand::random::<[u8; 64]>().into());
    let checking = key.clone();
    Router::new()
        .route("/session", get(async move || [(header::SET_COOKIE, make(&key))]))
        .route("/auth", get(async move |headers: HeaderMap| check(&checking, &headers)))
}

fn make(key: &Hmac<Sha256>) -> String {
    let session = Session { user: "userid-employee-0123456789".to_owned(), expires_at: now() + LIFETIME };
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&session).unwrap_or_default());
    let mac = key.clone().chain_update(&payload).finalize().into_bytes();
    format!("{NAME}={payload}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn check(key: &Hmac<Sha256>, headers: &HeaderMap) -> Result<[(&'static str, String); 1], StatusCode> {
    let session = || {
        let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
        let value = cookies.split("; ").find_map(|pair| pair.strip_prefix(NAME)?.strip_prefix('='))?;
        let (payload, mac) = value.split_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        key.clone().chain_update(payload).verify_slice(&mac).ok()?;
        let session: Session = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now() < session.expires_at).then_some(session)
    };
    session().map(|session| [("x-user", session.user)]).ok_or(StatusCode::UNAUTHORIZED)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
