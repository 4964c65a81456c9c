//! The signed identity: who a session belongs to, for an application behind a proxy or a front end's own backend.

use super::Session;
use super::signing::SigningKeys;
use crate::clock::{rfc3339, seconds};
use crate::secret::SessionKey;
use axum::http::{HeaderName, HeaderValue};
use jsonwebtoken::jwk::JwkSet;
use miandeng_shared::{ExternalUserId, OpenId, UnionId, UserId};
use moka::sync::Cache;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Long enough for a slow backend with a clock that is a little off, short enough to be worth little to a thief.
const LIFETIME: Duration = Duration::from_secs(300);
/// Clocks differ: `iat` lies this much before now, so that a fresh identity is not one of the future to an application
/// whose clock is behind.
const BACK_DATED: Duration = Duration::from_secs(60);
/// Signing takes a hundred times as long as looking up, and one page makes many requests.
const REUSE: Duration = Duration::from_secs(60);
/// Of about 2 KB each: the people of a busy minute, in at most 40 MB.
const MAX_REUSED: u64 = 20_000;

/// What `/auth` says of a person, each header always there: a missing one would let through what the request itself
/// carried under that name.
pub const IDENTITY_HEADERS: [HeaderName; 7] = [
    HeaderName::from_static("x-miandeng-jwt"),
    HeaderName::from_static("x-miandeng-corp"),
    HeaderName::from_static("x-miandeng-agent"),
    HeaderName::from_static("x-miandeng-open-id"),
    HeaderName::from_static("x-miandeng-union-id"),
    HeaderName::from_static("x-miandeng-user-id"),
    HeaderName::from_static("x-miandeng-external-user-id"),
];

/// A session's identity, signed and as headers.
pub struct Identity {
    pub token: String,
    /// Seconds since 1970.
    expires_at: u64,
    /// The values of [`IDENTITY_HEADERS`], in their order; empty where the platform gave nothing.
    pub headers: [HeaderValue; 7],
}

impl Identity {
    /// When the token ends, as RFC 3339.
    pub fn expires_at(&self) -> String {
        rfc3339(self.expires_at)
    }
}

/// The claims of the token; absent facts are null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims<'a> {
    iss: &'a str,
    aud: String,
    sub: String,
    iat: u64,
    exp: u64,
    corp: &'a str,
    agent: &'a str,
    open_id: Option<&'a str>,
    union_id: Option<&'a str>,
    user_id: Option<&'a str>,
    external_user_id: Option<&'a str>,
}

/// Signs identities, and remembers each for a minute.
pub struct Identities {
    keys: SigningKeys,
    issuer: String,
    recent: Cache<String, Arc<Identity>>,
}

impl Identities {
    /// Identities of `issuer`, signed with a key derived from the session's.
    ///
    /// # Errors
    /// Never in practice: every session key has a signing key.
    pub fn new(key: &SessionKey, previous: &[SessionKey], issuer: String) -> anyhow::Result<Self> {
        let recent = Cache::builder().max_capacity(MAX_REUSED).time_to_live(REUSE).build();
        Ok(Self { keys: SigningKeys::new(key, previous)?, issuer, recent })
    }

    /// The public keys of everything that still verifies.
    pub fn keys(&self) -> &JwkSet {
        self.keys.published()
    }

    /// The identity of a session that was verified just now; the same one for a minute.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn of(
        &self,
        session: &Session,
        now: SystemTime,
    ) -> Result<Arc<Identity>, jsonwebtoken::errors::Error> {
        if let Some(identity) = self.recent.get(&session.id) {
            return Ok(identity);
        }
        let identity = Arc::new(self.sign(session, seconds(now))?);
        self.recent.insert(session.id.clone(), Arc::clone(&identity));
        Ok(identity)
    }

    fn sign(&self, session: &Session, now: u64) -> Result<Identity, jsonwebtoken::errors::Error> {
        let user = &session.user;
        let open_id = user.open_id.as_ref().map(OpenId::as_str);
        let union_id = user.union_id.as_ref().map(UnionId::as_str);
        let user_id = user.user_id.as_ref().map(UserId::as_str);
        let external_user_id = user.external_user_id.as_ref().map(ExternalUserId::as_str);
        // No identity outlives its session.
        let expires_at = now.saturating_add(LIFETIME.as_secs()).min(session.expires_at);
        let token = self.keys.sign(&Claims {
            iss: &self.issuer,
            aud: user.app().to_string(),
            sub: session.person(),
            iat: now.saturating_sub(BACK_DATED.as_secs()),
            exp: expires_at,
            corp: user.corp_id.as_str(),
            agent: user.agent_id.as_str(),
            open_id,
            union_id,
            user_id,
            external_user_id,
        })?;
        let (corp, agent) = (user.corp_id.as_str(), user.agent_id.as_str());
        let headers =
            [Some(token.as_str()), Some(corp), Some(agent), open_id, union_id, user_id, external_user_id];
        let headers = headers.map(|text| header(text.unwrap_or_default()));
        Ok(Identity { token, expires_at, headers })
    }
}

/// What no header carries is percent-encoded, as are blanks, which a proxy may trim, and the sign of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

fn header(text: &str) -> HeaderValue {
    let encoded = utf8_percent_encode(text, ENCODED).to_string();
    HeaderValue::try_from(encoded).unwrap_or(HeaderValue::from_static(""))
}
