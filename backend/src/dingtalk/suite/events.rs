//! What becomes of the events that DingTalk pushes to a suite.

use super::installs::SuiteFailure;
use super::{Event, InstallationId, Item, Suites, Version, authorisation};
use crate::apps::Suite;
use crate::secret::Secret;
use miandeng_shared::CorpId;
use std::sync::Arc;
use std::time::SystemTime;

impl Suites {
    /// Does what DingTalk pushed. Says whether it did: what is older than what was followed before, or is the same, has
    /// no effect.
    ///
    /// # Errors
    /// Where it has to be pushed again: all of it is then done once more, which is harmless.
    pub async fn follow(&self, suite: &Arc<Suite>, item: &Item) -> Result<bool, SuiteFailure> {
        let Item { event, version } = item;
        let corp = event.corp().cloned().or_else(|| self.exchanged(event));
        let member = corp.map(|corp| InstallationId::new(suite, &corp));
        let _alone = match &member {
            Some(member) => Some(self.installations.lock(member).await),
            None => None,
        };
        let Some(version) = self.installations.news(suite, event, version).await? else { return Ok(false) };
        match (event, &member) {
            (Event::SuiteTicket { ticket }, _) => self.take_suite_ticket(suite, ticket, &version).await?,
            (Event::TmpAuthCode { code, .. }, _) => {
                self.authorise(suite, code, member, version.at_ms).await?;
            }
            (Event::ChangeAuth { .. }, Some(member)) => self.change_auth(suite, member).await?,
            (Event::OrgAuth { pushed, .. }, Some(member)) => {
                self.take_auth(suite, member, pushed, version.at_ms).await?;
            }
            (Event::Relieve { .. }, Some(member)) => self.relieve(suite, member).await?,
            (Event::App { agent, stopped, .. }, Some(member)) => {
                // In this order, here as below, so that no login comes after the end of the sessions.
                self.installations.stop(member, agent, *stopped).await?;
                if *stopped {
                    self.sessions.end_app(&member.corp, agent, SystemTime::now()).await?;
                }
                tracing::info!(suite = suite.name, corp = %member.corp, %agent, stopped, "application switched");
            }
            (Event::Person { user_ids, union_id, left: true, .. }, Some(member)) => {
                let ended =
                    self.sessions.end_person(&member.corp, user_ids, union_id.as_ref(), SystemTime::now());
                ended.await?;
            }
            (Event::Foreign, _) => tracing::warn!(
                suite = suite.name,
                "an item of a push is subscribed to by another suite than suite_id: it has no effect"
            ),
            (Event::Unreadable, _) => return Err(SuiteFailure::Unreadable),
            _ => {}
        }
        self.installations.followed(suite, event, version).await?;
        Ok(true)
    }

    /// The corporation of a temporary code that was exchanged not long ago.
    fn exchanged(&self, event: &Event) -> Option<CorpId> {
        let Event::TmpAuthCode { code, .. } = event else { return None };
        self.installations.exchanged(&authorisation::digest(code))
    }

    async fn take_suite_ticket(
        &self,
        suite: &Suite,
        ticket: &Secret,
        version: &Version,
    ) -> Result<(), SuiteFailure> {
        let kept = self.installations.tickets.keep(suite, ticket, version.at_ms, version.pushed_ms).await?;
        // What was refused for want of this ticket need not wait.
        self.providers.suite_tokens.forgive(suite);
        tracing::info!(suite = suite.name, kept, "suite_ticket");
        Ok(())
    }

    /// A corporation changed what it allows. One that never authorised the suite costs no call.
    async fn change_auth(&self, suite: &Arc<Suite>, member: &InstallationId) -> Result<(), SuiteFailure> {
        if let Some(grant) = self.installations.current(member).await? {
            self.sync(suite, member, &grant).await?;
        }
        Ok(())
    }

    /// A corporation took its authorisation back: its codes, tokens, tickets and sessions go.
    async fn relieve(&self, suite: &Arc<Suite>, member: &InstallationId) -> Result<(), SuiteFailure> {
        self.providers.suite_tokens.forget(suite, &member.corp).await;
        if let Some(grant) = self.installations.current(member).await? {
            self.restore_all(member, &grant, u64::MAX).await?;
        }
        self.installations.remove(member).await?;
        self.sessions.end_corp(&member.corp, SystemTime::now()).await?;
        tracing::info!(suite = suite.name, corp = %member.corp, "relieved");
        Ok(())
    }
}
