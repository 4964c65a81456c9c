//! Who is logged in, as the browser carries it: sealed cookies that are verified without asking anybody.

mod cookie;
mod identity;
mod login_proof;
mod revocation;
mod signing;

pub use cookie::Cookies;
pub use identity::{IDENTITY_HEADERS, Identities, Identity};
pub use login_proof::LoginProofs;

use crate::config::App;
use axum::http::{HeaderMap, HeaderValue};
use miandeng_shared::User;
use revocation::Revocations;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const COOKIE: &str = "miandeng";

/// A verified session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Random, new at every login.
    id: String,
    /// Milliseconds since 1970, so that a logout everywhere and a login in the same second stay apart.
    issued_at_ms: u64,
    /// Seconds since 1970.
    expires_at: u64,
    pub user: User,
}

impl Session {
    /// The end of the session, as RFC 3339.
    pub fn expires_at(&self) -> String {
        rfc3339(self.expires_at)
    }

    /// Whether it was made by a login to `app`.
    pub fn belongs_to(&self, app: &App) -> bool {
        self.user.corp_id == app.corp_id && self.user.agent_id == app.agent_id
    }

    /// Names the person across sessions and applications of one corporation: `corpId:openId` of a service window,
    /// `corpId:unionId` of everything else.
    fn person(&self) -> String {
        let User { corp_id, open_id, union_id, user_id, .. } = &self.user;
        match (open_id, union_id, user_id) {
            (Some(id), _, _) => format!("{corp_id}:{}", id.as_str()),
            (None, Some(id), _) => format!("{corp_id}:{}", id.as_str()),
            // Marked, because an administrator chooses userids and might choose what is somebody's unionid.
            (None, None, Some(id)) => format!("{corp_id}:user:{}", id.as_str()),
            // No login leaves somebody without any identifier; if one did, it would be a person of its own.
            (None, None, None) => format!("{corp_id}:session:{}", self.id),
        }
    }
}

/// Makes, reads and ends sessions.
pub struct Sessions {
    cookies: Arc<Cookies>,
    ttl: Duration,
    revocations: Revocations,
}

/// A nickname or a picture's address must not push the cookie over what proxies pass on (users report 4 KB in all).
const MAX_NICK: usize = 64;
const MAX_AVATAR: usize = 256;

impl Sessions {
    pub fn new(cookies: Arc<Cookies>, ttl: Duration) -> Self {
        Self { cookies, ttl, revocations: Revocations::default() }
    }

    /// A new session for `user`, and the cookie that carries it.
    pub fn create(&self, mut user: User, now: SystemTime) -> (Session, HeaderValue) {
        user.nick = user.nick.map(|nick| nick.chars().take(MAX_NICK / 4).collect());
        user.avatar = user.avatar.filter(|url| url.len() <= MAX_AVATAR);
        let session = Session {
            id: random_hex(),
            issued_at_ms: millis(now),
            expires_at: seconds(now + self.ttl),
            user,
        };
        let cookie = self.cookies.set(COOKIE, &session, self.ttl);
        (session, cookie)
    }

    /// The session that a request carries, if it is genuine, not expired and not revoked.
    pub fn read(&self, headers: &HeaderMap, now: SystemTime) -> Option<Session> {
        self.all(headers, now).next()
    }

    /// Every such session: a browser may send several cookies of one name.
    pub fn all(&self, headers: &HeaderMap, now: SystemTime) -> impl Iterator<Item = Session> {
        let valid = move |session: &Session| {
            seconds(now) < session.expires_at
                && !self.revocations.is_revoked(&session.id, &session.person(), session.issued_at_ms)
        };
        self.cookies.read::<Session>(headers, COOKIE).filter(valid)
    }

    /// Ends this session, or every session of its person; gives the cookie that clears the browser's.
    pub fn end(&self, session: Option<&Session>, everywhere: bool, now: SystemTime) -> HeaderValue {
        if let Some(session) = session {
            self.revocations.revoke(&session.id, session.expires_at, seconds(now));
            if everywhere {
                let forgotten_at = seconds(now + self.ttl);
                self.revocations.revoke_person(session.person(), millis(now), forgotten_at, seconds(now));
            }
        }
        self.cookies.clear(COOKIE)
    }
}

/// 128 bits of randomness for a name that nobody may guess.
pub fn random_hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Seconds since 1970.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

fn rfc3339(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok());
    time.and_then(|t| t.format(&time::format_description::well_known::Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
