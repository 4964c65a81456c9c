//! Who is logged in, as the browser carries it: sealed cookies that are verified without asking anybody.

pub mod attempt;
mod cookie;
mod identity;
mod jar;
mod login_csrf;
mod revocation;
mod revocation_sync;
mod signing;
mod used_codes;

pub use attempt::Attempts;
pub use cookie::{Cookies, SetCookie};
pub use identity::{IDENTITY_HEADERS, Identities};
pub use login_csrf::LoginCsrf;
pub use used_codes::UsedCodes;

use crate::clock::{millis, rfc3339, seconds};
use crate::recent::FirstUses;
use crate::store::{Revocation, Store, StoreError};
use miandeng_shared::{AgentId, AppId, CorpId, UnionId, User, UserId};
use revocation::Revocations;
use revocation_sync::RevocationSync;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

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
    /// Whether userids that differ in their case only are one person's, as WeCom's are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ignores_case: bool,
}

impl Session {
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The end of the session, as RFC 3339.
    pub fn expires_at(&self) -> String {
        rfc3339(self.expires_at)
    }

    /// Whether it was made by a login to this application.
    pub fn is_of(&self, app: &AppId) -> bool {
        self.user.is_of(app)
    }

    /// Names the person across sessions and applications of one corporation: `corpId:openId` of a service window,
    /// `corpId:unionId` of everything else.
    fn person(&self) -> String {
        let User { corp_id, open_id, union_id, user_id, .. } = &self.user;
        match (open_id, union_id, user_id) {
            (Some(id), _, _) => format!("{corp_id}:{}", unmarked(id.as_str())),
            (None, Some(id), _) => format!("{corp_id}:{}", unmarked(id.as_str())),
            // Marked, because an administrator chooses userids and might choose what is another person's unionid.
            (None, None, Some(id)) => format!("{corp_id}:user:{}", self.name_of(id)),
            // No login leaves a person without any identifier; if one did, it would be a person of its own.
            (None, None, None) => format!("{corp_id}:session:{}", self.id),
        }
    }

    /// A userid as it is compared. What stands before a `/` names another corporation, and may be a ciphertext.
    fn name_of<'a>(&self, id: &'a UserId) -> Cow<'a, str> {
        let id = id.as_str();
        match id.rsplit_once('/') {
            _ if !self.ignores_case => id.into(),
            Some((corp, own)) => format!("{corp}/{}", own.to_ascii_lowercase()).into(),
            None => id.to_ascii_lowercase().into(),
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
        endings.extend(user_id.iter().map(|id| format!("user:{corp_id}:{}", self.name_of(id))));
        endings.extend(union_id.iter().map(|id| format!("union:{corp_id}:{}", id.as_str())));
        endings
    }

    /// The names of all sessions of its person: applications of different kinds know the person by different ids. By the
    /// userid alone only where one of two sessions has no unionid, because a userid may be given again to another person.
    fn person_endings(&self) -> Vec<String> {
        let User { corp_id, union_id, user_id, .. } = &self.user;
        let by_union = union_id.iter().map(|id| format!("union:{corp_id}:{}", id.as_str()));
        let by_user = user_id.iter().map(|id| match union_id {
            Some(_) => format!("person:{corp_id}:user:{}", self.name_of(id)),
            None => format!("user:{corp_id}:{}", self.name_of(id)),
        });
        by_union.chain(by_user).chain([format!("person:{}", self.person())]).collect()
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

/// Makes, reads and ends sessions.
pub struct Sessions {
    cookies: Arc<Cookies>,
    ttl: Duration,
    store: Arc<Store>,
    revocations: Arc<Revocations>,
    is_behind: Arc<AtomicBool>,
    /// Applications for which two people's sessions came together, so that the log says so once a minute.
    disputes: FirstUses<String>,
}

/// How far apart the clocks of replicas may be: an end of all sessions of a person takes those along that were made on a
/// replica whose clock is ahead by this much.
const CLOCKS: Duration = Duration::from_secs(5);
/// How much longer than any session the store keeps an end in mind, because its clock may be another.
const KEEP_LONGER: Duration = Duration::from_secs(3600);

impl Sessions {
    /// Sessions that last for `ttl` and whose ends are recorded in `store`.
    pub fn new(cookies: Arc<Cookies>, ttl: Duration, store: Arc<Store>) -> Self {
        let disputes = FirstUses::new(Duration::from_secs(60));
        let revocations = Arc::new(Revocations::new(ttl + KEEP_LONGER));
        Self { cookies, ttl, store, revocations, is_behind: Arc::default(), disputes }
    }

    /// Learns which sessions have ended, and goes on hearing of those that end elsewhere.
    pub async fn follow(&self) {
        let follower = RevocationSync {
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

    /// Ends this session, or every session of its person, for every replica.
    ///
    /// # Errors
    /// Where it could not be recorded. Then nothing has ended, here neither.
    pub async fn end(&self, session: &Session, everywhere: bool, now: SystemTime) -> Result<(), StoreError> {
        let one = Revocation {
            subject: session.ending(),
            not_before_ms: session.issued_at_ms,
            expires_at: session.expires_at,
        };
        let mut endings = vec![one];
        if everywhere {
            let not_before_ms = self.revocations.ended_up_to(|| session.endings()).max(session.issued_at_ms);
            endings
                .extend(session.person_endings().into_iter().map(|of| self.ending(of, not_before_ms, now)));
        }
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

    /// The same for a person who has left the corporation's directory, known by any of these ids.
    pub async fn end_person(
        &self,
        corp: &CorpId,
        users: &[UserId],
        union: Option<&UnionId>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let users = users.iter().map(|id| format!("user:{corp}:{}", id.as_str()));
        let union = union.iter().map(|id| format!("union:{corp}:{}", id.as_str()));
        self.end_all(users.chain(union).collect(), now).await
    }

    async fn end_all(&self, of: Vec<String>, now: SystemTime) -> Result<(), StoreError> {
        // Sessions that began right after the end before this one are a little later than it, whatever the clock says.
        let after = |of: &String| self.revocations.ended_up_to(|| vec![of.clone()]).saturating_add(1);
        let endings: Vec<Revocation> =
            of.into_iter().map(|of| self.ending(of.clone(), after(&of), now)).collect();
        self.learn(endings.clone(), now);
        self.store.record(&endings, self.ttl + KEEP_LONGER).await
    }

    /// The end of all sessions of `of` that have begun by now, on any replica, and at least up to `not_before_ms`.
    fn ending(&self, of: String, not_before_ms: u64, now: SystemTime) -> Revocation {
        let not_before_ms = not_before_ms.max(millis(now + CLOCKS));
        Revocation {
            subject: of,
            not_before_ms,
            expires_at: seconds(now + CLOCKS + self.ttl).saturating_add(1),
        }
    }

    fn learn(&self, endings: Vec<Revocation>, now: SystemTime) {
        for ending in endings {
            self.revocations.learn(ending, seconds(now));
        }
    }
}

/// An identifier that begins like what is marked is marked itself, so that no two people have one name.
fn unmarked(id: &str) -> Cow<'_, str> {
    let is_marked = ["user:", "session:", "id:"].iter().any(|mark| id.starts_with(mark));
    if is_marked { format!("id:{id}").into() } else { id.into() }
}
#[cfg(test)]
mod tests;
