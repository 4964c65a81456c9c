//! Who is logged in, as the browser carries it: sealed cookies that are verified without asking anybody.

mod cookie;
mod follower;
mod identity;
mod login_proof;
mod revocation;
mod signing;

pub use cookie::Cookies;
pub use identity::{IDENTITY_HEADERS, Identities, Identity};
pub use login_proof::LoginProofs;

use crate::config::App;
use crate::store::{Ending, Store, StoreError};
use axum::http::{HeaderMap, HeaderValue};
use follower::Follower;
use miandeng_shared::{AgentId, CorpId, UnionId, User, UserId};
use revocation::Revocations;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// The key of the suite whose application it was made for; `None` for a configured application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
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

    /// The names under which it may have been ended.
    fn endings(&self) -> Vec<String> {
        let User { corp_id, agent_id, union_id, user_id, .. } = &self.user;
        let mut endings = vec![
            self.ending(),
            format!("person:{}", self.person()),
            corp_ending(corp_id),
            app_ending(corp_id, agent_id),
        ];
        endings.extend(user_id.as_ref().map(|id| user_ending(corp_id, id)));
        endings.extend(union_id.as_ref().map(|id| union_ending(corp_id, id)));
        endings
    }

    fn ending(&self) -> String {
        format!("session:{}", self.id)
    }
}

fn corp_ending(corp: &CorpId) -> String {
    format!("corp:{corp}")
}

fn app_ending(corp: &CorpId, agent: &AgentId) -> String {
    format!("app:{corp}:{agent}")
}

fn user_ending(corp: &CorpId, user: &UserId) -> String {
    format!("user:{corp}:{}", user.as_str())
}

fn union_ending(corp: &CorpId, union: &UnionId) -> String {
    format!("union:{corp}:{}", union.as_str())
}

/// Makes, reads and ends sessions.
pub struct Sessions {
    cookies: Arc<Cookies>,
    ttl: Duration,
    store: Arc<Store>,
    revocations: Arc<Revocations>,
    is_behind: Arc<AtomicBool>,
}

/// How far apart the clocks of replicas may be: an end of all sessions of somebody takes those along that were made on a
/// replica whose clock is ahead by this much.
const CLOCKS: Duration = Duration::from_secs(5);
/// How much longer than any session the store keeps an end in mind, because its clock may be another.
const KEEP_LONGER: Duration = Duration::from_secs(3600);

/// A nickname or a picture's address must not push the cookie over what proxies pass on (users report 4 KB in all).
const MAX_NICK: usize = 64;
const MAX_AVATAR: usize = 256;
/// `Set-Cookie` with everything. Identifiers of DingTalk leave room for a nickname; longer ones do not.
const MAX_COOKIE: usize = 1023;

impl Sessions {
    /// Sessions that last for `ttl` and whose ends are recorded in `store`.
    pub fn new(cookies: Arc<Cookies>, ttl: Duration, store: Arc<Store>) -> Self {
        Self { cookies, ttl, store, revocations: Arc::default(), is_behind: Arc::default() }
    }

    /// Learns which sessions have ended, and goes on hearing of those that end elsewhere.
    pub async fn follow(&self) {
        let follower = Follower {
            store: Arc::clone(&self.store),
            revocations: Arc::downgrade(&self.revocations),
            keep: self.ttl + KEEP_LONGER,
            is_behind: Arc::clone(&self.is_behind),
        };
        follower.start().await;
    }

    /// True while logouts elsewhere are not heard of.
    pub fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::Relaxed)
    }

    /// A new session for `user` of an application, of a suite's where one is named, and the cookie that carries it.
    pub fn create(&self, mut user: User, suite: Option<&str>, now: SystemTime) -> (Session, HeaderValue) {
        user.nick = user.nick.map(|nick| nick.chars().take(MAX_NICK / 4).collect());
        user.avatar = user.avatar.filter(|url| url.len() <= MAX_AVATAR);
        let expires_at = seconds(now + self.ttl);
        let mut session = Session {
            id: random_hex(),
            issued_at_ms: millis(now),
            expires_at,
            user,
            suite: suite.map(str::to_owned),
        };
        // Later than any end of this person's or corporation's sessions that is known: they begin anew.
        let ended_up_to = self.revocations.ended_up_to(|| session.endings());
        session.issued_at_ms = session.issued_at_ms.max(ended_up_to.saturating_add(1));
        let seal = |session: &Session| self.cookies.set(COOKIE, session, self.ttl);
        let mut cookie = seal(&session);
        if cookie.len() > MAX_COOKIE {
            session.user.avatar = None;
            cookie = seal(&session);
        }
        if cookie.len() > MAX_COOKIE {
            session.user.nick = None;
            cookie = seal(&session);
        }
        (session, cookie)
    }

    /// The session that a request carries, if it is genuine, not expired and not revoked.
    pub fn read(&self, headers: &HeaderMap, now: SystemTime) -> Option<Session> {
        self.all(headers, now).next()
    }

    /// Every such session: a browser may send several cookies of one name.
    pub fn all(&self, headers: &HeaderMap, now: SystemTime) -> impl Iterator<Item = Session> {
        let still_valid = move |mut session: Session| {
            // A `ttl` that was made shorter counts for everybody, and ends are not kept in mind for longer.
            let begun = Duration::from_millis(session.issued_at_ms);
            session.expires_at = session.expires_at.min(begun.saturating_add(self.ttl).as_secs());
            let valid = seconds(now) < session.expires_at
                && self.revocations.ended_up_to(|| session.endings()) < session.issued_at_ms;
            valid.then_some(session)
        };
        self.cookies.read::<Session>(headers, COOKIE).filter_map(still_valid)
    }

    /// Ends this session, or every session of its person, for every replica.
    ///
    /// # Errors
    /// Where it could not be recorded. Then nothing has ended, here neither.
    pub async fn end(&self, session: &Session, everywhere: bool, now: SystemTime) -> Result<(), StoreError> {
        let one = Ending { of: session.ending(), up_to_ms: session.issued_at_ms, until: session.expires_at };
        let person = everywhere.then(|| {
            let ended_up_to = self.revocations.ended_up_to(|| session.endings());
            self.ending(format!("person:{}", session.person()), ended_up_to.max(session.issued_at_ms), now)
        });
        let endings: Vec<Ending> = [one].into_iter().chain(person).collect();
        self.store.record(&endings, self.ttl + KEEP_LONGER).await?;
        self.learn(endings, now);
        Ok(())
    }

    /// Ends every session of a corporation, whose applications may not be used any more, for every replica.
    ///
    /// # Errors
    /// Where it could not be recorded. This process has taken note all the same, and tells the store once it is back.
    pub async fn end_corp(&self, corp: &CorpId, now: SystemTime) -> Result<(), StoreError> {
        self.end_all(vec![corp_ending(corp)], now).await
    }

    /// The same for one application that may not be used any more.
    pub async fn end_app(&self, corp: &CorpId, agent: &AgentId, now: SystemTime) -> Result<(), StoreError> {
        self.end_all(vec![app_ending(corp, agent)], now).await
    }

    /// The same for somebody who has left the corporation's directory, known by any of these ids.
    pub async fn end_person(
        &self,
        corp: &CorpId,
        users: &[UserId],
        union: Option<&UnionId>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let union = union.map(|id| union_ending(corp, id));
        self.end_all(users.iter().map(|id| user_ending(corp, id)).chain(union).collect(), now).await
    }

    async fn end_all(&self, of: Vec<String>, now: SystemTime) -> Result<(), StoreError> {
        // Sessions that began right after the end before this one are a little later than it, whatever the clock says.
        let after = |of: &String| self.revocations.ended_up_to(|| vec![of.clone()]).saturating_add(1);
        let endings: Vec<Ending> =
            of.into_iter().map(|of| self.ending(of.clone(), after(&of), now)).collect();
        self.learn(endings.clone(), now);
        self.store.record(&endings, self.ttl + KEEP_LONGER).await
    }

    /// The end of all sessions of `of` that have begun by now, on any replica, and at least up to `up_to_ms`.
    fn ending(&self, of: String, up_to_ms: u64, now: SystemTime) -> Ending {
        let up_to_ms = up_to_ms.max(millis(now + CLOCKS));
        Ending { of, up_to_ms, until: seconds(now + CLOCKS + self.ttl).saturating_add(1) }
    }

    fn learn(&self, endings: Vec<Ending>, now: SystemTime) {
        for ending in endings {
            self.revocations.learn(ending, seconds(now));
        }
    }

    /// `Set-Cookie` that takes the session from the browser.
    pub fn clear(&self) -> HeaderValue {
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

/// Milliseconds since 1970.
pub fn millis(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

fn rfc3339(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|s| time::OffsetDateTime::from_unix_timestamp(s).ok());
    time.and_then(|t| t.format(&time::format_description::well_known::Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
