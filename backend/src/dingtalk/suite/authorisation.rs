//! What an authorisation brings: the permanent codes, and which applications they are good for.

use super::installs::{SuiteFailure, is_activated};
use super::{Installation, InstallationId, PermanentCodes, PushedAuthorisation, Suites};
use crate::apps::Suite;
use crate::clock::millis;
use crate::dingtalk::client::Authorisation;
use crate::secret::Secret;
use crate::store::StoreError;
use crate::upstream::{Error, Kind};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::SystemTime;

impl Suites {
    /// A corporation authorised the suite: buys and keeps its codes, then switches its applications on. A code that was
    /// exchanged already is not sent again.
    pub(super) async fn authorise(
        &self,
        suite: &Arc<Suite>,
        code: &Secret,
        member: Option<InstallationId>,
        at_ms: u64,
    ) -> Result<(), SuiteFailure> {
        let redeemed = digest(code);
        // The code is good for one exchange, so what it buys must have a place before it is spent.
        let known = match &member {
            Some(member) => self.installations.current(member).await?,
            None => {
                self.installations.tickets.newest(suite).await?;
                None
            }
        };
        let (member, grant) = match (member, known) {
            (Some(member), Some(grant)) if grant.codes.redeemed == redeemed => (member, grant),
            (member, known) => self.redeem(suite, code, member, known, redeemed, at_ms).await?,
        };
        if !is_activated(&grant) {
            let grant = self.sync(suite, &member, &grant).await?;
            self.restore_all(&member, &grant, at_ms).await?;
        }
        tracing::info!(suite = suite.name, corp = %member.corp, "authorised");
        Ok(())
    }

    /// A corporation authorised the suite or changed what it allows, and the push says how. DingTalk has switched the
    /// applications on by itself, and is asked only where the push leaves something open.
    pub(super) async fn take_auth(
        &self,
        suite: &Arc<Suite>,
        member: &InstallationId,
        pushed: &PushedAuthorisation,
        at_ms: u64,
    ) -> Result<(), SuiteFailure> {
        let known = self.installations.current(member).await?;
        let codes = match (&pushed.codes, &known) {
            (Some((code, of_window)), known) => {
                let of_known = known.as_ref().filter(|known| known.codes.permanent_code == *code);
                let ch_permanent_code =
                    of_window.clone().or_else(|| of_known?.codes.ch_permanent_code.clone());
                let (redeemed, since_ms) = match of_known {
                    Some(known) if known.codes.ch_permanent_code == ch_permanent_code => {
                        (known.codes.redeemed.clone(), known.codes.since_ms)
                    }
                    _ => (String::new(), at_ms),
                };
                PermanentCodes { permanent_code: code.clone(), ch_permanent_code, redeemed, since_ms }
            }
            (None, Some(known)) => known.codes.clone(),
            // It was authorised before, and we have not heard of it.
            (None, None) => return Err(SuiteFailure::Unreadable),
        };
        let grant = match known {
            Some(known) if known.codes == codes => known,
            _ => {
                self.providers.suite_tokens.forget(suite, &member.corp).await;
                self.keep_codes(suite, member, codes).await?
            }
        };
        let now_ms = millis(SystemTime::now());
        let windows = match &pushed.windows {
            None if grant.codes.ch_permanent_code.is_none() => Some(Vec::new()),
            windows => windows.clone(),
        };
        let grant = match (pushed.micro_apps.clone(), windows) {
            (Some(micro_apps), Some(windows)) => {
                self.keep_apps(member, &grant, windows, micro_apps, now_ms, true).await?
            }
            (Some(micro_apps), None) => {
                // What is open is asked when a page is opened: DingTalk may not answer yet.
                let windows = grant.apps.as_ref().map(|apps| apps.windows.clone()).unwrap_or_default();
                let grant = self.keep_apps(member, &grant, windows, micro_apps.clone(), 0, true).await?;
                match pushed.anew {
                    true => grant,
                    // A window may be gone.
                    false => {
                        let windows = self.allowed(suite, member, &grant).await?.windows;
                        self.keep_apps(member, &grant, windows, micro_apps, now_ms, true).await?
                    }
                }
            }
            (None, _) if pushed.anew => grant,
            (None, _) => self.sync(suite, member, &grant).await?,
        };
        if grant.apps.as_ref().is_some_and(|apps| apps.read_ms > 0) {
            // DingTalk has just said it, and need not be asked because a page wants another one.
            self.installations.remember_answer(member, None);
        }
        if pushed.anew {
            self.restore_all(member, &grant, at_ms).await?;
        }
        tracing::info!(suite = suite.name, corp = %member.corp, anew = pushed.anew, "authorised");
        Ok(())
    }

    /// An authorisation switches all of its applications on, but for those that were stopped after `at_ms`, when it
    /// happened: it may come late, or once more. Its end leaves nothing for the next one.
    pub(super) async fn restore_all(
        &self,
        member: &InstallationId,
        grant: &Installation,
        at_ms: u64,
    ) -> Result<(), SuiteFailure> {
        for agent in &grant.stopped {
            if self
                .installations
                .app_changed_ms(member, agent)
                .await?
                .is_none_or(|stopped_ms| stopped_ms <= at_ms)
            {
                self.installations.stop(member, agent, false).await?;
            }
        }
        Ok(())
    }

    async fn redeem(
        &self,
        suite: &Arc<Suite>,
        code: &Secret,
        member: Option<InstallationId>,
        known: Option<Arc<Installation>>,
        redeemed: String,
        since_ms: u64,
    ) -> Result<(InstallationId, Arc<Installation>), SuiteFailure> {
        let tokens = &self.providers.suite_tokens;
        let exchange = |token| async move { tokens.client.permanent_code(&token, code).await };
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
            (Some(corp), _) => InstallationId::new(suite, &corp),
            (None, Some(member)) => member,
            (None, None) => return Err(Error::new("/service/get_permanent_code", Kind::BadAnswer).into()),
        };
        let codes = PermanentCodes { permanent_code, ch_permanent_code, redeemed, since_ms };
        // The tokens of an earlier authorisation are not this one's.
        self.providers.suite_tokens.forget(suite, &member.corp).await;
        let grant = self.keep_codes(suite, &member, codes).await?;
        Ok((member, grant))
    }

    async fn keep_codes(
        &self,
        suite: &Suite,
        member: &InstallationId,
        codes: PermanentCodes,
    ) -> Result<Arc<Installation>, StoreError> {
        self.installations.keep_codes(member, codes).await.inspect_err(|_| {
            tracing::error!(
                suite = suite.name, corp = %member.corp,
                "the store did not take the permanent codes: they are in this process only, and are lost if it ends \
                 before the store is back"
            );
        })
    }
}

/// By which a temporary code is known again, without being kept.
pub(super) fn digest(code: &Secret) -> String {
    hex::encode(Sha256::digest(code.expose()))
}
