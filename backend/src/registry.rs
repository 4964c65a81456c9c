//! All applications that people can log in to: the configured ones, and those that corporations granted a suite.

use crate::apps::{App, Suite};
use crate::config::Config;
use crate::dingtalk::DingTalk;
use crate::dingtalk::suite::{GrantedApp, SuiteFailure};
use crate::provider::Provider;
use crate::session::{Session, Sessions};
use crate::store::Store;
use crate::wecom;
use miandeng_shared::{AgentId, AppId, CorpId};
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// An application with what logs people in to it.
pub struct RegisteredApp {
    pub app: App,
    pub provider: Provider,
}

impl Deref for RegisteredApp {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

/// Every application by its name.
pub struct Registry {
    /// By corporation and application, so that a session's is found without a copy of either name.
    configured: HashMap<CorpId, HashMap<AgentId, Arc<RegisteredApp>>>,
    pub dingtalk: DingTalk,
    wecom: wecom::Rooms,
}

impl Registry {
    /// The applications of `config`. Nothing is asked of any platform yet.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &Config, store: &Arc<Store>, sessions: &Arc<Sessions>) -> anyhow::Result<Self> {
        let dingtalk = DingTalk::new(config, store, sessions)?;
        let wecom = wecom::Rooms::new(config, store)?;
        // Only applications of one corporation share credentials; of ten thousand corporations, each is looked at once.
        let mut corps: HashMap<&CorpId, Vec<&App>> = HashMap::new();
        for app in &config.apps {
            corps.entry(&app.id.corp_id).or_default().push(app);
        }
        let registered = |app: &App| {
            let provider = dingtalk.provider(app, &corps[&app.id.corp_id]).map(Provider::DingTalk);
            let provider = provider.or_else(|| wecom.provider(app).map(Provider::WeCom))?;
            Some(RegisteredApp { app: app.clone(), provider })
        };
        let apps: Vec<_> = config.apps.iter().filter_map(registered).collect();
        let mut this = Self { configured: HashMap::new(), dingtalk, wecom };
        apps.into_iter().for_each(|app| this.insert(app));
        Ok(this)
    }

    /// One application more.
    pub fn insert(&mut self, app: RegisteredApp) {
        let AppId { corp_id, agent_id } = app.id.clone();
        self.configured.entry(corp_id).or_default().insert(agent_id, Arc::new(app));
    }

    /// The configured application of that name.
    pub fn configured(&self, app: &AppId) -> Option<&Arc<RegisteredApp>> {
        self.of(&app.corp_id, &app.agent_id)
    }

    fn of(&self, corp: &CorpId, agent: &AgentId) -> Option<&Arc<RegisteredApp>> {
        self.configured.get(corp)?.get(agent)
    }

    /// All configured applications.
    pub fn all_configured(&self) -> impl Iterator<Item = &Arc<RegisteredApp>> {
        self.configured.values().flat_map(HashMap::values)
    }

    /// The application of that name: a configured one, else one that a corporation granted a suite.
    ///
    /// # Errors
    /// Where it may be a suite's, and neither the store nor DingTalk can tell.
    pub async fn find(&self, app: &AppId) -> Result<Option<Arc<RegisteredApp>>, SuiteFailure> {
        match self.configured(app) {
            Some(app) => Ok(Some(Arc::clone(app))),
            None => {
                // In a box of its own: it is large, and every request would carry room for it from layer to layer.
                let granted = Box::pin(self.dingtalk.suites.app(app)).await?;
                let registered = |granted: GrantedApp| {
                    let provider = Provider::DingTalk(granted.provider);
                    Arc::new(RegisteredApp { app: granted.app, provider })
                };
                Ok(granted.map(registered))
            }
        }
    }

    /// Whether an application may still log people in, looked up where the truth is.
    pub async fn is_still_granted(&self, app: &App) -> bool {
        self.dingtalk.suites.is_still_granted(app).await
    }

    /// Whether the application that a session was made for is still one of ours. Asks neither store nor platform: a session names the suite
    /// that it was made for, and what a corporation takes back ends the sessions that were made with it.
    pub fn knows_app_of(&self, session: &Session) -> bool {
        match &session.suite {
            None => self.of(&session.user.corp_id, &session.user.agent_id).is_some(),
            Some(key) => self.suite(key).is_some(),
        }
    }

    /// Where a login to the application of this session goes.
    pub fn home_of(&self, session: &Session) -> Option<String> {
        match &session.suite {
            None => self.of(&session.user.corp_id, &session.user.agent_id)?.home.clone(),
            Some(key) => self.suite(key)?.home.clone(),
        }
    }

    /// Whether a platform refuses the credentials of an application, so that only an operator can help.
    pub fn is_refused(&self) -> bool {
        self.dingtalk.is_refused() || self.wecom.is_refused()
    }

    fn suite(&self, key: &str) -> Option<&Arc<Suite>> {
        self.dingtalk.suites.configured().iter().find(|suite| suite.suite_key == key)
    }
}
