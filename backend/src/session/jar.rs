//! The sessions in a browser: a sealed cookie for each application, and no more of them than proxies pass on.

use super::cookie::SetCookie;
use super::{Session, Sessions};
use crate::apps::tag;
use crate::clock::{millis, seconds};
use crate::secret::random_hex;
use axum::http::HeaderMap;
use miandeng_shared::{AppId, User};
use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

/// What earlier versions called the session of whichever application it was.
const EARLIER: &str = "miandeng";

/// One session per application, so that applications of one host do not log each other out.
fn cookie_name(app: &AppId) -> String {
    named(&tag(app))
}

fn named(tag: &str) -> String {
    format!("{EARLIER}-{tag}")
}

fn is_session(name: &str) -> bool {
    let tag = name.strip_prefix(EARLIER).and_then(|rest| rest.strip_prefix('-'));
    name == EARLIER || tag.is_some_and(|tag| tag.len() == 12 && tag.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A nickname or a picture's address must not push the cookie over what proxies pass on (users report 4 KB in all).
const MAX_NICK: usize = 64;
const MAX_AVATAR: usize = 256;
/// `Set-Cookie` with everything. Identifiers of DingTalk leave room for a nickname; longer ones do not.
const MAX_COOKIE: usize = 1023;
/// For the sessions of all applications, three to six of them.
const ROOM: usize = 2900;

impl Sessions {
    /// A new session for `user` of an application, of a suite's where one is named.
    pub fn begin(&self, mut user: User, suite: Option<&str>, ignores_case: bool, now: SystemTime) -> Session {
        user.nick = user.nick.map(|nick| nick.chars().take(MAX_NICK / 4).collect());
        user.avatar = user.avatar.filter(|url| url.len() <= MAX_AVATAR);
        let mut session = Session {
            id: random_hex(),
            issued_at_ms: millis(now),
            expires_at: seconds(now).saturating_add(self.ttl.as_secs()),
            user,
            suite: suite.map(str::to_owned),
            ignores_case,
        };
        // Later than any end of this person's or corporation's sessions that is known: they begin anew.
        let ended_up_to = self.revocations.ended_up_to(|| session.endings());
        session.issued_at_ms = session.issued_at_ms.max(ended_up_to.saturating_add(1));
        let is_long = |session: &Session| {
            let name = cookie_name(&session.user.app());
            self.cookies.set(&name, session, self.ttl).1.len() > MAX_COOKIE
        };
        let has_more = session.user.avatar.is_some() || session.user.nick.is_some();
        if has_more && is_long(&session) {
            session.user.avatar = None;
            if is_long(&session) {
                session.user.nick = None;
            }
        }
        session
    }

    /// The cookies that carry a session into the browser that sent `headers` and make room for it there. `tag` is that of its
    /// application.
    pub fn set(&self, headers: &HeaderMap, tag: &str, session: &Session) -> Vec<SetCookie> {
        let (name, app) = (named(tag), session.user.app());
        let cookie = self.cookies.set(&name, session, self.ttl);
        let made = |other: Session| Some(other.issued_at_ms).filter(|_| !other.is_of(&app));
        let others = |other: &str| is_session(other) && other != name;
        self.cookies.set_beside(cookie, headers, others, ROOM, made)
    }

    /// The sessions that a request carries, the newest first, as far as they are genuine, not expired and not revoked.
    pub fn carried(&self, headers: &HeaderMap, now: SystemTime) -> Vec<Session> {
        let still_valid = |mut session: Session| {
            // A `ttl` that was made shorter counts for all sessions, and ends are not kept in mind for longer.
            let begun = Duration::from_millis(session.issued_at_ms);
            session.expires_at = session.expires_at.min(begun.saturating_add(self.ttl).as_secs());
            let valid = seconds(now) < session.expires_at
                && self.revocations.ended_up_to(|| session.endings()) < session.issued_at_ms;
            valid.then_some(session)
        };
        let opened = self.cookies.named(headers, is_session);
        let opened = opened.filter_map(|(name, value)| self.cookies.open(name, value));
        let mut sessions: Vec<Session> = opened.filter_map(still_valid).collect();
        sessions.sort_by_key(|session| Reverse(session.issued_at_ms));
        sessions
    }

    /// Those of them that count. Where two people's came for one application, another person has put one of them into the
    /// browser, and neither does.
    pub fn all(&self, headers: &HeaderMap, now: SystemTime) -> Vec<Session> {
        let mut sessions = self.carried(headers, now);
        if sessions.len() > 1 {
            let all = sessions.clone();
            sessions.retain(|session| {
                let app = session.user.app();
                let mut of_app = all.iter().filter(|other| other.is_of(&app));
                let disputed = of_app.any(|other| other.person() != session.person());
                if disputed && self.disputes.is_first(cookie_name(&app)) {
                    tracing::warn!(
                        corp = %app.corp_id, agent = %app.agent_id,
                        "a request came with the sessions of two people for one application: neither counts; a host or \
                         program beside this one may set cookies of ours"
                    );
                }
                !disputed
            });
        }
        sessions
    }

    /// Takes the session of `app` from the browser, or those of all applications.
    pub fn clear(&self, headers: &HeaderMap, app: Option<&AppId>) -> Vec<SetCookie> {
        let is_meant = |name: &str, value: &str| {
            let session = || self.cookies.open::<Session>(name, value);
            app.is_none_or(|app| {
                name == cookie_name(app) || session().is_some_and(|session| session.is_of(app))
            })
        };
        let held = self.cookies.named(headers, is_session);
        held.filter(|(name, value)| is_meant(name, value)).map(|(name, _)| self.cookies.clear(name)).collect()
    }
}

#[cfg(test)]
mod tests;
