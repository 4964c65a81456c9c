//! 企业微信 (WeCom), self-built applications: people are redirected to its authorize link and come back with a code.
//!
//! developer.work.weixin.qq.com: "构造网页授权链接", "获取访问用户身份", "获取access_token", "读取成员", "Web登录组件".

mod client;
mod errcodes;
mod link;

pub use link::Browser;

use crate::apps::{App, Audience, Credentials};
use crate::config;
use crate::store::Store;
use crate::upstream::{Cached, CredentialCache, Error, Kind, RefusalMemory, Upstream};
use axum::http::HeaderMap;
use client::{Client, Visitor, WeComToken};
use miandeng_shared::{AuthCode, User};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A token takes one call and two repetitions of it; a lock outlives them.
const CALLS_PER_FETCH: u32 = 4;
/// 2,000 refused fetches in an hour ban the address; of one application these are 60.
const REFUSAL_MEMORY: RefusalMemory = RefusalMemory { lasts: Duration::from_secs(60), of_each: true };

/// WeCom with everything that is remembered of it.
pub struct Rooms {
    client: Client,
    tokens: CredentialCache<WeComToken>,
    link: link::Hosts,
    /// Any browser counts as WeCom.
    simulator: bool,
}

impl Rooms {
    /// WeCom as the configuration names it; tokens are kept in `store`.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(config: &config::Config, store: &Arc<Store>) -> anyhow::Result<Self> {
        let config::WeCom { qyapi_url, authorize_url, login_url, timeout, max_calls_per_minute, .. } =
            &config.wecom;
        let upstream = Upstream::new("WeCom", *timeout, *max_calls_per_minute)?;
        let lock_lifetime = *timeout * CALLS_PER_FETCH;
        Ok(Self {
            client: Client::new(upstream, qyapi_url),
            tokens: CredentialCache::new("wecom_token", store, lock_lifetime).remembering(&REFUSAL_MEMORY),
            link: link::Hosts::new(authorize_url, login_url, &config.issuer()),
            simulator: config.dingtalk.simulator,
        })
    }

    /// What `app` asks of WeCom; None for an application of another platform. A token is the application's: another one
    /// of the corporation cannot redeem with it.
    pub fn provider(&self, app: &App) -> Option<WeCom> {
        let Credentials::WeCom { secret, audience, visible_only, web_login } = &app.credentials else {
            return None;
        };
        let client = self.client.paid_by(app);
        let with = (client.clone(), app.id.corp_id.clone(), secret.clone());
        let id = format!("{}:{}", app.id.corp_id, app.id.agent_id);
        let token = self
            .tokens
            .slot(&id, with, |(client, corp, secret)| async move { client.token(&corp, &secret).await });
        let (link, simulator) = (self.link.clone(), self.simulator);
        let (audience, visible_only, web_login) = (*audience, *visible_only, *web_login);
        Some(WeCom { client, token, link, audience, visible_only, web_login, simulator })
    }

    /// Whether WeCom refuses the secret of an application.
    pub fn is_refused(&self) -> bool {
        self.tokens.is_refused()
    }
}

/// One self-built application.
pub struct WeCom {
    client: Client,
    token: Cached<WeComToken>,
    link: link::Hosts,
    audience: Audience,
    visible_only: bool,
    web_login: bool,
    simulator: bool,
}

impl WeCom {
    /// What the browser that sent `headers` is.
    pub fn browser(&self, headers: &HeaderMap) -> Browser {
        if self.simulator { Browser::of_simulator(headers) } else { Browser::of(headers) }
    }

    /// Where such a browser goes for a code, which comes back with `state`; None where it cannot log in.
    pub fn link(&self, app: &App, browser: Browser, state: &str) -> Option<Url> {
        match browser {
            Browser::WeCom | Browser::WeChat => Some(self.link.authorize(app, state)),
            Browser::Other => self.web_login.then(|| self.link.web_login(app, state)),
        }
    }

    /// Whether such a browser can log in.
    pub fn takes(&self, browser: Browser) -> bool {
        browser != Browser::Other || self.web_login
    }

    pub async fn prepare(&self) -> Result<(), Error> {
        self.token.get().await?;
        self.client.admit_redemption()
    }

    /// Code + token → who it is, if this application is for them. OAuth alone lets everybody in who has an account.
    pub async fn redeem(&self, app: &App, code: &AuthCode) -> Result<User, Error> {
        let client = &self.client;
        let visitor = self.token.with(|token| async move { client.visitor(&token, code).await }).await?;
        let refused = Error::new("audience", Kind::NotPermitted);
        let anonymous = app.anonymous();
        match visitor {
            // `CorpId/userid`: of a linked corporation, and no member of this one.
            Visitor::Member(user_id) if user_id.as_str().contains('/') => match self.audience {
                Audience::Anyone => Ok(User { user_id: Some(user_id), ..anonymous }),
                Audience::Members | Audience::Customers => Err(refused),
            },
            Visitor::Member(user_id) => {
                let nick = match self.visible_only {
                    true => {
                        let id = &user_id;
                        self.token.with(|token| async move { client.member(&token, id).await }).await?
                    }
                    false => None,
                };
                Ok(User { user_id: Some(user_id), contact_type: Some(MEMBER), nick, ..anonymous })
            }
            Visitor::Outsider { open_id, external_user_id } => {
                let is_customer = external_user_id.is_some();
                match self.audience {
                    Audience::Members => Err(refused),
                    Audience::Customers if !is_customer => Err(refused),
                    Audience::Customers | Audience::Anyone => Ok(User {
                        open_id: Some(open_id),
                        external_user_id,
                        contact_type: is_customer.then_some(CUSTOMER),
                        ..anonymous
                    }),
                }
            }
        }
    }
}

const MEMBER: u8 = 0;
const CUSTOMER: u8 = 1;
