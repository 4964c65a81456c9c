//! What was followed last: the newest version of each fact counts, however late and however often the others come.

use super::event::Event;
use super::installation::InstallationId;
use super::installations::Installations;
use super::version::{Version, rank};
use crate::apps::Suite;
use crate::secret::Secret;
use crate::store::StoreError;
use miandeng_shared::{AgentId, CorpId, UnionId, UserId};

impl Installations {
    /// The version of `event` that is to be followed; `None` where a newer one, or this one, was followed before.
    pub async fn news(
        &self,
        suite: &Suite,
        event: &Event,
        version: &Version,
    ) -> Result<Option<Version>, StoreError> {
        let Some(fact) = fact(suite, event) else { return Ok(Some(version.clone())) };
        let known = match is_durable(event) {
            true => self.last_version(&fact).await?,
            false => self.people.get(&fact),
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
            return self.is_from_before_the_end(suite, event, version).await;
        };
        let Some(grant) = self.current(&InstallationId::new(suite, corp)).await? else { return Ok(false) };
        let authorised = Version { at_ms: grant.codes.since_ms, ..Version::default() };
        Ok(version.clone().after(Some(&authorised)).is_none())
    }

    /// And an authorisation says nothing of what ended the enterprise after it.
    async fn is_from_before_the_end(
        &self,
        suite: &Suite,
        event: &Event,
        version: &Version,
    ) -> Result<bool, StoreError> {
        let (Event::OrgAuth { corp, .. } | Event::TmpAuthCode { corp: Some(corp), .. }) = event else {
            return Ok(false);
        };
        let end = Event::Relieve { corp: corp.clone(), dissolved: true };
        let Some(fact) = fact(suite, &end) else { return Ok(false) };
        Ok(self.last_version(&fact).await?.is_some_and(|end| end.at_ms > version.at_ms))
    }

    /// When the newest push about an application happened, in milliseconds since 1970.
    pub async fn app_changed_ms(
        &self,
        member: &InstallationId,
        agent: &AgentId,
    ) -> Result<Option<u64>, StoreError> {
        let fact = format!("suite_seen:{}:{}:app:{agent}", member.suite_key, member.corp);
        Ok(self.last_version(&fact).await?.map(|version| version.at_ms))
    }

    async fn last_version(&self, fact: &str) -> Result<Option<Version>, StoreError> {
        let raw = self.store.durable_get(fact).await?;
        Ok(raw.and_then(|raw| serde_json::from_str(raw.expose()).ok()))
    }

    /// Keeps in mind that this version was followed.
    pub async fn followed(&self, suite: &Suite, event: &Event, version: Version) -> Result<(), StoreError> {
        let Some(fact) = fact(suite, event) else { return Ok(()) };
        if is_durable(event) {
            let raw = serde_json::to_string(&version).map_err(|_| StoreError::Unreadable)?;
            self.store.durable_put(&fact, &rank(version.at_ms), &Secret::new(raw)).await?;
        } else {
            self.people.insert(fact, version);
        }
        Ok(())
    }
}

/// People are many, and an end that is followed twice costs one of them one invisible login.
fn is_durable(event: &Event) -> bool {
    !matches!(event, Event::Person { .. })
}

/// What an event is about, as far as two events are about the same.
fn fact(suite: &Suite, event: &Event) -> Option<String> {
    let key = |corp: &CorpId, more: &str| format!("suite_seen:{}:{corp}{more}", suite.suite_key);
    Some(match event {
        Event::SuiteTicket { .. } => format!("suite_seen:{}", suite.suite_key),
        Event::ChangeAuth { corp }
        | Event::OrgAuth { corp, .. }
        | Event::Relieve { corp, dissolved: false }
        | Event::TmpAuthCode { corp: Some(corp), .. } => key(corp, ""),
        Event::Relieve { corp, dissolved: true } => key(corp, ":org"),
        Event::App { corp, agent, .. } => key(corp, &format!(":app:{agent}")),
        Event::Person { corp, user_ids, union_id, .. } => {
            let ids: Vec<&str> =
                user_ids.iter().map(UserId::as_str).chain(union_id.as_ref().map(UnionId::as_str)).collect();
            key(corp, &format!(":user:{}", ids.join(",")))
        }
        _ => return None,
    })
}
