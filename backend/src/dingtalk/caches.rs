//! Everything that DingTalk hands out, and under which names it is kept.

use super::tokens::{AppToken, ChannelToken, CorpToken, JsapiTicket, SuiteCorpToken, SuiteToken};
use crate::apps::Suite;
use crate::config::Config;
use crate::store::Store;
use crate::upstream::CredentialCache;
use miandeng_shared::CorpId;
use std::sync::Arc;
use std::time::Duration;

/// A ticket takes at most a token, a rejected call, another token and the call again; a lock outlives them all.
const CALLS_PER_FETCH: u32 = 5;
/// What the pauses before two repetitions of a call come to.
const PAUSES: Duration = Duration::from_secs(4);

/// One cache for each family.
#[derive(Clone)]
pub struct Caches {
    pub channel_tokens: CredentialCache<ChannelToken>,
    pub channel_tickets: CredentialCache<JsapiTicket>,
    pub corp_tokens: CredentialCache<CorpToken>,
    pub app_tokens: CredentialCache<AppToken>,
    pub app_tickets: CredentialCache<JsapiTicket>,
    pub suite_tokens: CredentialCache<SuiteToken>,
    pub suite_corp_tokens: CredentialCache<SuiteCorpToken>,
}

impl Caches {
    pub fn new(config: &Config, store: &Arc<Store>) -> Self {
        let lock_lifetime = config.dingtalk.timeout * CALLS_PER_FETCH + PAUSES;
        Self {
            channel_tokens: CredentialCache::new("channel_token", store, lock_lifetime),
            channel_tickets: CredentialCache::new("channel_ticket", store, lock_lifetime),
            corp_tokens: CredentialCache::new("corp_token", store, lock_lifetime),
            app_tokens: CredentialCache::new("app_token", store, lock_lifetime),
            app_tickets: CredentialCache::new("app_ticket", store, lock_lifetime),
            suite_tokens: CredentialCache::new("suite_token", store, lock_lifetime),
            suite_corp_tokens: CredentialCache::new("suite_corp_token", store, lock_lifetime),
        }
    }

    /// Whether DingTalk refuses one of our secrets.
    pub fn is_refused(&self) -> bool {
        self.channel_tokens.is_refused()
            || self.channel_tickets.is_refused()
            || self.corp_tokens.is_refused()
            || self.app_tokens.is_refused()
            || self.app_tickets.is_refused()
            || self.suite_tokens.is_refused()
            || self.suite_corp_tokens.is_refused()
    }
}

/// The name of what a suite has in a corporation, for all of its applications there: their codes are the corporation's.
pub fn suite_id(suite: &Suite, corp: &CorpId) -> String {
    format!("{}{corp}", suite_prefix(suite))
}

/// What these names begin with.
pub fn suite_prefix(suite: &Suite) -> String {
    format!("suite:{}:", suite.suite_key)
}
