//! Which corporations authorised a suite, and what they allow: what the callback changes and a login looks up.

use super::{DingTalk, Key, in_time_of};
use crate::config::{App, Credentials, Granted, Secret, Suite};
use crate::dingtalk::client::Authorisation;
use crate::dingtalk::error::{Error, Kind};
use crate::dingtalk::suite::{Apps, Codes, Grant, Member, Message};
use crate::session::millis;
use crate::store::StoreError;
use futures_util::future::join_all;
use miandeng_shared::{AgentId, CorpId};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Why something about a suite could not be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SuiteFailure {
    #[error("{0}")]
    DingTalk(#[from] Error),
    #[error("the store does not answer")]
    Store,
}

impl From<StoreError> for SuiteFailure {
    fn from(_: StoreError) -> Self {
        // The store has said why in the log already.
        SuiteFailure::Store
    }
}

/// What a corporation allows is asked again after this time, in case a push was lost.
const APPS_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// Looking an application up may cost two calls before those of the login itself; together they stay within what a
/// request may take.
const LOOK_UP: Duration = Duration::from_secs(6);
/// An end that DingTalk pushes late, or that somebody plays back, must not undo an authorisation that came after it.
/// Within this time they are taken as they come, because one of the two times may be in whole seconds.
const LATE: Duration = Duration::from_secs(1);

impl DingTalk {
    /// The suite whose callback has this name in its path.
    pub fn suite(&self, name: &str) -> Option<&Arc<Suite>> {
        self.suites.iter().find(|suite| suite.name == name)
    }

    pub fn suites(&self) -> &[Arc<Suite>] {
        &self.suites
    }

    /// How old a suite's ticket is, as far as this process knows; `None` if it knows of none. The store is not asked.
    pub fn suite_ticket_age(&self, suite: &Suite) -> Option<Duration> {
        let at_ms = self.grants.seen_ticket_ms(suite)?;
        Some(Duration::from_millis(millis(SystemTime::now()).saturating_sub(at_ms)))
    }

    /// Looks in the store for tickets that were pushed to other replicas.
    pub async fn look_for_suite_tickets(&self) {
        // A store that fails has been warned of.
        join_all(self.suites.iter().map(|suite| self.grants.ticket(suite))).await;
    }

    /// A new suite ticket was pushed.
    pub async fn take_suite_ticket(
        &self,
        suite: &Suite,
        ticket: &Secret,
        message: &Message,
    ) -> Result<(), SuiteFailure> {
        let kept = self.grants.keep_ticket(suite, ticket, message.at_ms, message.pushed_ms).await?;
        // What was refused for want of this ticket need not wait.
        self.suite_tokens.forgive(&suite.suite_key);
        tracing::info!(suite = suite.name, kept, "suite_ticket");
        Ok(())
    }

    /// A corporation authorised the suite: buys and keeps its codes, then switches its applications on. A code that was
    /// exchanged already is not sent again.
    pub async fn authorise(
        &self,
        suite: &Arc<Suite>,
        code: &Secret,
        corp: Option<&CorpId>,
        at_ms: u64,
    ) -> Result<(), SuiteFailure> {
        let redeemed = hex::encode(Sha256::digest(code.expose()));
        let corp = corp.cloned().or_else(|| self.grants.exchanged(&redeemed));
        let member = corp.map(|corp| Member::new(suite, &corp));
        let _alone = match &member {
            Some(member) => Some(self.grants.alone_with(member).await),
            None => None,
        };
        // The code is good for one exchange, so what it buys must have a place before it is spent.
        let known = match &member {
            Some(member) => self.grants.current(member).await?,
            None => {
                self.grants.ticket(suite).await?;
                None
            }
        };
        let (member, grant) = match (member, known) {
            (Some(member), Some(grant)) if grant.codes.redeemed == redeemed => (member, grant),
            (member, known) => self.redeem(suite, code, member, known, redeemed, at_ms).await?,
        };
        if !is_activated(&grant) {
            self.settle(suite, &member, &grant).await?;
        }
        tracing::info!(suite = suite.name, corp = %member.corp, "authorised");
        Ok(())
    }

    async fn redeem(
        &self,
        suite: &Arc<Suite>,
        code: &Secret,
        member: Option<Member>,
        known: Option<Arc<Grant>>,
        redeemed: String,
        since_ms: u64,
    ) -> Result<(Member, Arc<Grant>), SuiteFailure> {
        let tokens = self.suite_tokens();
        let client = &tokens.client;
        let exchange = |token| async move { client.permanent_code(&token, code).await };
        let bought = match (tokens.with(suite, exchange).await, member.clone(), known) {
            (Ok(bought), ..) => bought,
            // Pushed again after it was exchanged: what it bought is here.
            (Err(error), Some(member), Some(grant)) if error.kind == Kind::CodeRejected => {
                return Ok((member, grant));
            }
            (Err(error), ..) => return Err(error.into()),
        };
        let Authorisation { corp, permanent_code, ch_permanent_code } = bought;
        let member = match (corp, member) {
            (Some(corp), _) => Member::new(suite, &corp),
            (None, Some(member)) => member,
            (None, None) => return Err(Error::new("/service/get_permanent_code", Kind::BadAnswer).into()),
        };
        let codes = Codes { permanent_code, ch_permanent_code, redeemed, since_ms };
        // The tokens of an earlier authorisation are not this one's.
        self.forget_tokens(suite, &member.corp).await;
        let kept = self.grants.keep_codes(&member, codes).await;
        let grant = kept.inspect_err(|_| {
            tracing::error!(
                suite = suite.name, corp = %member.corp,
                "the store did not take the permanent codes: they are in this process only, and are lost if it ends \
                 before the store is back"
            );
        })?;
        Ok((member, grant))
    }

    /// Asks what a corporation allows, and switches its applications on if that was not done yet.
    async fn settle(
        &self,
        suite: &Arc<Suite>,
        member: &Member,
        grant: &Grant,
    ) -> Result<Arc<Grant>, SuiteFailure> {
        let tokens = self.suite_tokens();
        let (client, corp, code) = (&tokens.client, &member.corp, &grant.codes.permanent_code);
        let ask = |token| async move { client.allowed_agents(&token, suite, corp, code).await };
        let allowed = tokens.with(suite, ask).await?;
        let mut apps = Apps {
            windows: allowed.windows,
            micro_apps: allowed.micro_apps,
            since_ms: grant.codes.since_ms,
            read_ms: millis(SystemTime::now()),
            activated: is_activated(grant),
        };
        let mut switched = Ok(());
        if !apps.activated {
            let activate = |token| async move { client.activate_suite(&token, suite, corp, code).await };
            switched = tokens.with(suite, activate).await;
            apps.activated = switched.is_ok();
        }
        let kept = self.grants.keep_apps(member, &grant.codes, apps).await?;
        switched?;
        Ok(kept)
    }

    /// A corporation changed what it allows. One that never authorised the suite costs no call.
    pub async fn change_auth(&self, suite: &Arc<Suite>, corp: &CorpId) -> Result<(), SuiteFailure> {
        let member = Member::new(suite, corp);
        let _alone = self.grants.alone_with(&member).await;
        if let Some(grant) = self.grants.current(&member).await? {
            self.settle(suite, &member, &grant).await?;
        }
        Ok(())
    }

    /// A corporation took its authorisation back at `at_ms`: its codes, tokens and tickets go. False where a later
    /// authorisation stands. Sessions are the caller's.
    pub async fn relieve(&self, suite: &Arc<Suite>, corp: &CorpId, at_ms: u64) -> Result<bool, SuiteFailure> {
        let member = Member::new(suite, corp);
        let _alone = self.grants.alone_with(&member).await;
        let grant = self.grants.current(&member).await?;
        let late =
            |grant: &Arc<Grant>| u128::from(grant.codes.since_ms.saturating_sub(at_ms)) > LATE.as_millis();
        if grant.as_ref().is_some_and(late) {
            tracing::warn!(suite = suite.name, %corp, "an old suite_relieve; a later authorisation stands");
            return Ok(false);
        }
        self.forget_tokens(suite, corp).await;
        self.grants.remove(&member).await?;
        tracing::info!(suite = suite.name, %corp, "relieved");
        Ok(true)
    }

    async fn forget_tokens(&self, suite: &Suite, corp: &CorpId) {
        let key = Key::of_suite(suite, corp);
        self.channel_tokens.forget(&key).await;
        self.channel_tickets.forget(&key).await;
        self.suite_corp_tokens.forget(&key).await;
        self.app_tickets.forget(&key).await;
    }

    /// The application that `corp` granted one of our suites under this agent id. Only for corporations that authorised
    /// a suite is DingTalk ever asked, and about one of them at most twice a minute.
    pub async fn suite_app(
        self: &Arc<Self>,
        corp: &CorpId,
        agent: &AgentId,
    ) -> Result<Option<Arc<App>>, SuiteFailure> {
        let mut failure = None;
        for suite in &self.suites {
            match in_time_of(LOOK_UP, self.look_up(suite, corp, agent)).await {
                Ok(Some(app)) => return Ok(Some(app)),
                Ok(None) => {}
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(None), Err)
    }

    /// Whether an application may still log people in, looked up where the truth is. A configured one may; a store that
    /// fails is no reason to refuse.
    pub async fn is_still_granted(&self, app: &App) -> bool {
        let Credentials::Suite(granted) = &app.credentials else { return true };
        let member = Member::new(&granted.suite, &app.corp_id);
        !matches!(self.grants.current(&member).await, Ok(None))
    }

    async fn look_up(
        self: &Arc<Self>,
        suite: &Arc<Suite>,
        corp: &CorpId,
        agent: &AgentId,
    ) -> Result<Option<Arc<App>>, SuiteFailure> {
        let member = Member::new(suite, corp);
        let Some(grant) = self.grant(suite, &member).await? else { return Ok(None) };
        match app_of(suite, corp, agent, &grant) {
            Some(app) => {
                if !is_young(&grant) && self.grants.asked(&member).is_none() {
                    // What was true serves on; nobody waits for what has become of it.
                    let (this, suite) = (Arc::clone(self), Arc::clone(suite));
                    tokio::spawn(async move { this.ask_once(&suite, &member, &grant).await });
                }
                Ok(Some(app))
            }
            None => match self.ask_once(suite, &member, &grant).await {
                Ok(grant) => Ok(app_of(suite, corp, agent, &grant)),
                Err(_) if grant.apps.is_some() => Ok(None),
                Err(error) => Err(error),
            },
        }
    }

    /// Asks DingTalk what a corporation allows, unless somebody did so a moment ago.
    async fn ask_once(
        &self,
        suite: &Arc<Suite>,
        member: &Member,
        grant: &Arc<Grant>,
    ) -> Result<Arc<Grant>, SuiteFailure> {
        let _alone = match self.grants.asked(member) {
            // Nobody waits for what has just been said.
            Some(_) if grant.apps.is_some() => None,
            _ => Some(self.grants.alone_with(member).await),
        };
        if let Some(outcome) = self.grants.asked(member) {
            return match (outcome, self.grants.grant(member).await?) {
                (_, Some(grant)) if grant.apps.is_some() => Ok(grant),
                (Some(error), _) => Err(error.into()),
                (None, grant) => grant.ok_or(SuiteFailure::Store),
            };
        }
        let settled = self.settle(suite, member, grant).await;
        let failure = match &settled {
            Err(SuiteFailure::DingTalk(error)) => Some(error.clone()),
            _ => None,
        };
        if let Some(error) = &failure {
            tracing::warn!(suite = suite.name, corp = %member.corp, %error, "what the corporation allows is not known");
        }
        self.grants.remember_asked(member, failure);
        settled
    }

    /// What a corporation granted. If it took that back on another replica, this one forgets its tokens here.
    async fn grant(&self, suite: &Suite, member: &Member) -> Result<Option<Arc<Grant>>, StoreError> {
        let knew = self.grants.knows(member);
        let grant = self.grants.grant(member).await?;
        if knew && grant.is_none() {
            self.forget_tokens(suite, &member.corp).await;
        }
        Ok(grant)
    }
}

fn app_of(suite: &Arc<Suite>, corp: &CorpId, agent: &AgentId, grant: &Grant) -> Option<Arc<App>> {
    let kind = grant.apps.as_ref()?.kind(agent)?;
    let Codes { permanent_code, ch_permanent_code, .. } = grant.codes.clone();
    let granted = Granted { kind, suite: Arc::clone(suite), permanent_code, ch_permanent_code };
    Some(Arc::new(App::of_suite(corp.clone(), agent.clone(), granted)))
}

fn is_young(grant: &Grant) -> bool {
    let age = |apps: &Apps| millis(SystemTime::now()).saturating_sub(apps.read_ms);
    is_activated(grant)
        && grant.apps.as_ref().is_some_and(|apps| u128::from(age(apps)) < APPS_LIFE.as_millis())
}

fn is_activated(grant: &Grant) -> bool {
    grant.apps.as_ref().is_some_and(|apps| apps.activated)
}
