//! What was followed last: the newest version of each fact counts, however late and however often the others come.

use super::event::Event;
use super::grants::{Grants, Member, rank};
use super::version::Version;
use crate::config::{Secret, Suite};
use crate::store::StoreError;
use miandeng_shared::{CorpId, UnionId, UserId};

/// What an event is about, as far as two events are about the same.
enum Fact {
    None,
    Kept(String),
    Remembered(String),
}

impl Grants {
    /// The version of `event` that is to be followed; `None` where a newer one, or this one, was followed before.
    pub async fn news(
        &self,
        suite: &Suite,
        event: &Event,
        version: &Version,
    ) -> Result<Option<Version>, StoreError> {
        let known = match fact(suite, event) {
            Fact::None => None,
            Fact::Kept(key) => {
                let raw = self.store.durable_get(&key).await?;
                raw.and_then(|raw| serde_json::from_str(raw.expose()).ok())
            }
            Fact::Remembered(key) => self.people.get(&key),
        };
        let is_news = !self.is_from_before(suite, event, version).await?;
        Ok(version.clone().after(known.as_ref()).filter(|_| is_news))
    }

    /// What ended an enterprise or stopped an application says nothing of an authorisation that came after it. Their
    /// numbers need not be of one counter, so the times decide.
    async fn is_from_before(
        &self,
        suite: &Suite,
        event: &Event,
        version: &Version,
    ) -> Result<bool, StoreError> {
        let (Event::Relieve { corp, dissolved: true } | Event::App { corp, .. }) = event else {
            return Ok(false);
        };
        let Some(grant) = self.current(&Member::new(suite, corp)).await? else { return Ok(false) };
        let authorised = Version { at_ms: grant.codes.since_ms, ..Version::default() };
        Ok(version.clone().after(Some(&authorised)).is_none())
    }

    /// Keeps in mind that this version was followed.
    pub async fn followed(&self, suite: &Suite, event: &Event, version: Version) -> Result<(), StoreError> {
        match fact(suite, event) {
            Fact::None => {}
            Fact::Remembered(key) => self.people.insert(key, version),
            Fact::Kept(key) => {
                let raw = serde_json::to_string(&version).map_err(|_| StoreError::Unreadable)?;
                self.store.durable_put(&key, &rank(version.at_ms), &Secret::new(raw)).await?;
            }
        }
        Ok(())
    }
}

fn fact(suite: &Suite, event: &Event) -> Fact {
    let key = |corp: &CorpId, more: &str| format!("suite_seen:{}:{corp}{more}", suite.suite_key);
    match event {
        Event::SuiteTicket { .. } => Fact::Kept(format!("suite_seen:{}", suite.suite_key)),
        Event::ChangeAuth { corp }
        | Event::OrgAuth { corp, .. }
        | Event::Relieve { corp, dissolved: false }
        | Event::TmpAuthCode { corp: Some(corp), .. } => Fact::Kept(key(corp, "")),
        Event::Relieve { corp, dissolved: true } => Fact::Kept(key(corp, ":org")),
        Event::App { corp, agent, .. } => Fact::Kept(key(corp, &format!(":app:{agent}"))),
        Event::Person { corp, user_ids, union_id, .. } => {
            let id = user_ids.first().map(UserId::as_str).or(union_id.as_ref().map(UnionId::as_str));
            Fact::Remembered(key(corp, &format!(":user:{}", id.unwrap_or_default())))
        }
        _ => Fact::None,
    }
}
