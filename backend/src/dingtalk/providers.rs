//! Gives each application what it asks of DingTalk: a provider with the tokens that its secrets buy.

use super::app::DingTalkApp;
use super::caches::{Caches, suite_id};
use super::client::Client;
use super::h5::H5;
use super::suite::tokens::SuiteTokens;
use super::window::{Directory, Window};
use crate::apps::{App, Credentials, SuiteGrant};
use miandeng_shared::AppKind;

/// What the providers of all applications share.
pub struct Providers {
    pub client: Client,
    pub caches: Caches,
    pub suite_tokens: SuiteTokens,
}

impl Providers {
    pub fn provider(&self, app: &App, corp: &[&App]) -> Option<DingTalkApp> {
        let client = self.client.paid_by(app);
        Some(match &app.credentials {
            Credentials::Channel { .. } => DingTalkApp::Window(self.window(app, client, corp)?),
            Credentials::H5 { client_id, client_secret } => {
                let id = shared_id(
                    app,
                    corp,
                    |other| matches!(other, Credentials::H5 { client_id: theirs, .. } if theirs == client_id),
                );
                let with = (client.clone(), client_id.clone(), client_secret.clone());
                let token = self.caches.app_tokens.slot(&id, with, |(client, key, secret)| async move {
                    client.app_token(&key, &secret).await
                });
                DingTalkApp::H5(H5::new(app, client, token, &id, &self.caches))
            }
            Credentials::Suite(granted) => self.granted(app, granted, client)?,
            Credentials::WeCom { .. } => return None,
        })
    }

    fn window(&self, app: &App, client: Client, corp: &[&App]) -> Option<Window> {
        let Credentials::Channel { channel_secret, corp_secret, corp_app_key } = &app.credentials else {
            return None;
        };
        let id = shared_id(
            app,
            corp,
            |other| matches!(other, Credentials::Channel { channel_secret: theirs, .. } if theirs == channel_secret),
        );
        let with = (client.clone(), app.id.corp_id.clone(), channel_secret.clone());
        let token = self.caches.channel_tokens.slot(&id, with, |(client, corp, secret)| async move {
            client.channel_token(&corp, &secret).await
        });
        let directory = corp_secret.clone().map(|secret| {
            let id = shared_id(app, corp, |other| {
                matches!(other, Credentials::Channel { corp_secret: Some(theirs), .. } if *theirs == secret)
            });
            let with = (client.clone(), app.id.corp_id.clone(), corp_app_key.clone(), secret);
            Directory::Corp(self.caches.corp_tokens.slot(&id, with, |(client, corp, key, secret)| async move {
                client.corp_token(&corp, key.as_deref(), &secret).await
            }))
        });
        Some(Window::new(app, client, token, directory, &id, &self.caches))
    }

    /// The provider of an application that a corporation granted a suite.
    fn granted(&self, app: &App, granted: &SuiteGrant, client: Client) -> Option<DingTalkApp> {
        let id = suite_id(&granted.suite, &app.id.corp_id);
        let corp_token = self.suite_tokens.corp_token(granted, &app.id.corp_id);
        match granted.kind {
            AppKind::Channel => {
                let token = self.suite_tokens.channel_token(granted, &app.id.corp_id);
                let directory = Some(Directory::Suite(corp_token));
                Some(DingTalkApp::Window(Window::new(app, client, token, directory, &id, &self.caches)))
            }
            AppKind::H5 => Some(DingTalkApp::SuiteH5(H5::new(app, client, corp_token, &id, &self.caches))),
            AppKind::Wecom => None,
        }
    }
}

/// The name of what a secret buys: that of the first application of the corporation that has the same one. No secret is
/// part of a name.
fn shared_id(app: &App, corp: &[&App], same: impl Fn(&Credentials) -> bool) -> String {
    let owner = corp.iter().find(|other| same(&other.credentials)).copied().unwrap_or(app);
    format!("{}:{}", app.id.corp_id, owner.id.agent_id)
}
