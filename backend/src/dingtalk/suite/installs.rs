//! Which corporations authorised a suite, and what they allow: what the callback changes and a login looks up.

use super::{AllowedApps, Installation, InstallationId, PermanentCodes, Suites};
use crate::apps::{App, Credentials, Suite, SuiteGrant};
use crate::clock::millis;
use crate::dingtalk::DingTalkApp;
use crate::dingtalk::client::AllowedAgents;
use crate::store::StoreError;
use crate::upstream::{Error, deadline};
use miandeng_shared::{AgentId, AppId};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Why something about a suite could not be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SuiteFailure {
    #[error("{0}")]
    DingTalk(#[from] Error),
    #[error("the store does not answer")]
    Store,
    #[error("a push without what it must have")]
    Unreadable,
}

impl From<StoreError> for SuiteFailure {
    fn from(_: StoreError) -> Self {
        // The store has said why in the log already.
        SuiteFailure::Store
    }
}

/// An application that a corporation granted a suite, with what logs people in to it.
pub struct GrantedApp {
    pub app: App,
    pub provider: DingTalkApp,
}

/// What a corporation allows is asked again after this time, in case a push was lost.
const APPS_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// Looking an application up may cost two calls for each suite, before those of the login itself and a last look into the
/// store; together they stay within what a request may take.
const LOOK_UP: Duration = Duration::from_secs(5);
const LAST_LOOK: Duration = Duration::from_secs(2);

impl Suites {
    /// Keeps what a corporation allows now, and ends the sessions of what it does not allow any more.
    pub(super) async fn keep_apps(
        &self,
        member: &InstallationId,
        grant: &Installation,
        windows: Vec<AgentId>,
        micro_apps: Vec<AgentId>,
        read_ms: u64,
        activated: bool,
    ) -> Result<Arc<Installation>, StoreError> {
        let apps = AllowedApps { windows, micro_apps, since_ms: grant.codes.since_ms, read_ms, activated };
        let mut gone = grant.agents();
        gone.retain(|agent| apps.kind(agent).is_none());
        // Before, so that a store that fails leaves something to do for the next push; and after, for
        // those who logged in meanwhile.
        self.end_apps(member, &gone).await?;
        let kept = self.installations.keep_apps(member, &grant.codes, apps).await?;
        self.end_apps(member, &gone).await?;
        Ok(kept)
    }

    async fn end_apps(&self, member: &InstallationId, agents: &[AgentId]) -> Result<(), StoreError> {
        for agent in agents {
            self.sessions.end_app(&member.corp, agent, SystemTime::now()).await?;
        }
        Ok(())
    }

    /// Asks what a corporation allows, and switches its applications on if that was not done yet.
    pub(super) async fn sync(
        &self,
        suite: &Arc<Suite>,
        member: &InstallationId,
        grant: &Installation,
    ) -> Result<Arc<Installation>, SuiteFailure> {
        let allowed = self.allowed(suite, member, grant).await?;
        let tokens = &self.providers.suite_tokens;
        let (client, corp, code) = (&tokens.client, &member.corp, &grant.codes.permanent_code);
        let mut activated = is_activated(grant);
        let mut switched = Ok(());
        if !activated {
            let activate = |token| async move { client.activate_suite(&token, suite, corp, code).await };
            switched = tokens.with(suite, activate).await;
            activated = switched.is_ok();
        }
        let now_ms = millis(SystemTime::now());
        let kept =
            self.keep_apps(member, grant, allowed.windows, allowed.micro_apps, now_ms, activated).await?;
        switched?;
        Ok(kept)
    }

    pub(super) async fn allowed(
        &self,
        suite: &Arc<Suite>,
        member: &InstallationId,
        grant: &Installation,
    ) -> Result<AllowedAgents, Error> {
        let tokens = &self.providers.suite_tokens;
        let (client, corp, code) = (&tokens.client, &member.corp, &grant.codes.permanent_code);
        tokens
            .with(suite, |token| async move { client.allowed_agents(&token, suite, corp, code).await })
            .await
    }

    /// The application of that name, where its corporation granted it to one of our suites. Only for corporations that authorised
    /// a suite is DingTalk ever asked, and about one of them at most twice a minute.
    pub async fn app(self: &Arc<Self>, app: &AppId) -> Result<Option<GrantedApp>, SuiteFailure> {
        // One deadline over all suites: behind it, the login needs its time.
        deadline::within(LOOK_UP, async {
            let mut failure = None;
            for suite in &self.configured {
                match self.resolve(suite, app).await {
                    Ok(Some(granted)) => return Ok(Some(granted)),
                    Ok(None) => {}
                    Err(error) => failure = Some(error),
                }
            }
            failure.map_or(Ok(None), Err)
        })
        .await
    }

    /// Whether an application may still log people in, looked up where the truth is. A configured one may; a store that
    /// fails is no reason to refuse.
    pub async fn is_still_granted(&self, app: &App) -> bool {
        let Credentials::Suite(granted) = &app.credentials else { return true };
        let member = InstallationId::new(&granted.suite, &app.id.corp_id);
        match tokio::time::timeout(LAST_LOOK, Box::pin(self.installations.current(&member))).await {
            Ok(Ok(None)) => false,
            Ok(Ok(Some(grant))) => grant.apps.is_none() || grant.kind(&app.id.agent_id).is_some(),
            _ => true,
        }
    }

    async fn resolve(
        self: &Arc<Self>,
        suite: &Arc<Suite>,
        app: &AppId,
    ) -> Result<Option<GrantedApp>, SuiteFailure> {
        let member = InstallationId::new(suite, &app.corp_id);
        let Some(grant) = self.grant(suite, &member).await? else { return Ok(None) };
        match self.app_of(suite, app, &grant) {
            // A push has told of it, and not of everything: it may be a window.
            Some(granted) if grant.apps.as_ref().is_some_and(|apps| apps.read_ms == 0) => {
                let asked = self.ask_once(suite, &member, &grant).await;
                Ok(asked.map_or(Some(granted), |grant| self.app_of(suite, app, &grant)))
            }
            Some(granted) => {
                if !is_young(&grant) && self.installations.recent_answer(&member).is_none() {
                    // What was true serves on; no request waits for what has become of it.
                    let (this, suite) = (Arc::clone(self), Arc::clone(suite));
                    tokio::spawn(async move { this.ask_once(&suite, &member, &grant).await });
                }
                Ok(Some(granted))
            }
            // It is known, and switched off.
            None if grant.stopped.contains(&app.agent_id) => Ok(None),
            None => match self.ask_once(suite, &member, &grant).await {
                Ok(grant) => Ok(self.app_of(suite, app, &grant)),
                Err(_) if grant.apps.is_some() => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// Asks DingTalk what a corporation allows, unless it was asked a moment ago.
    async fn ask_once(
        &self,
        suite: &Arc<Suite>,
        member: &InstallationId,
        grant: &Arc<Installation>,
    ) -> Result<Arc<Installation>, SuiteFailure> {
        let _alone = match self.installations.recent_answer(member) {
            // No request waits for what has just been said.
            Some(_) if grant.apps.is_some() => None,
            _ => Some(self.installations.lock(member).await),
        };
        if let Some(outcome) = self.installations.recent_answer(member) {
            return match (outcome, self.installations.grant(member).await?) {
                (_, Some(grant)) if grant.apps.is_some() => Ok(grant),
                (Some(error), _) => Err(error.into()),
                (None, grant) => grant.ok_or(SuiteFailure::Store),
            };
        }
        let settled = self.sync(suite, member, grant).await;
        let failure = match &settled {
            Err(SuiteFailure::DingTalk(error)) => Some(error.clone()),
            _ => None,
        };
        if let Some(error) = &failure {
            tracing::warn!(suite = suite.name, corp = %member.corp, %error, "what the corporation allows is not known");
        }
        self.installations.remember_answer(member, failure);
        settled
    }

    /// What a corporation granted. If it took that back on another replica, this one forgets its tokens here.
    async fn grant(
        &self,
        suite: &Suite,
        member: &InstallationId,
    ) -> Result<Option<Arc<Installation>>, StoreError> {
        let knew = self.installations.knows(member);
        let grant = self.installations.grant(member).await?;
        if knew && grant.is_none() {
            self.providers.suite_tokens.forget(suite, &member.corp).await;
        }
        Ok(grant)
    }

    fn app_of(&self, suite: &Arc<Suite>, app: &AppId, grant: &Installation) -> Option<GrantedApp> {
        let kind = grant.kind(&app.agent_id)?;
        let PermanentCodes { permanent_code, ch_permanent_code, .. } = grant.codes.clone();
        let granted = SuiteGrant { kind, suite: Arc::clone(suite), permanent_code, ch_permanent_code };
        let app = App::of_suite(app.clone(), granted);
        let provider = self.providers.provider(&app, &[])?;
        Some(GrantedApp { app, provider })
    }
}

fn is_young(grant: &Installation) -> bool {
    let age = |apps: &AllowedApps| millis(SystemTime::now()).saturating_sub(apps.read_ms);
    is_activated(grant)
        && grant.apps.as_ref().is_some_and(|apps| u128::from(age(apps)) < APPS_LIFE.as_millis())
}

pub(super) fn is_activated(grant: &Installation) -> bool {
    grant.apps.as_ref().is_some_and(|apps| apps.activated)
}
