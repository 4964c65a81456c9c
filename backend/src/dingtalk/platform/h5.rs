//! Today's applications: one token for everything.

use super::{DingTalk, Identity};
use crate::config::{App, Credentials, Granted};
use crate::dingtalk::client::Employee;
use crate::dingtalk::credential::{AppTicket, AppToken, Issued};
use crate::dingtalk::error::{Error, Kind};
use miandeng_shared::{AuthCode, CorpId};
use std::future::Future;
use std::sync::Arc;

impl DingTalk {
    /// Code + app token → userid and unionid, in the application's own organisation.
    pub(super) async fn employee(&self, app: &App, code: &AuthCode) -> Result<Identity, Error> {
        let client = &self.client;
        let by_code = |token| async move { client.employee_by_code(&token, code).await };
        self.with_app_token(app, by_code).await.map(identity)
    }

    /// The same for a suite's micro-app, with the suite's token in that corporation.
    pub(super) async fn suite_employee(
        &self,
        granted: &Granted,
        corp: &CorpId,
        code: &AuthCode,
    ) -> Result<Identity, Error> {
        let client = &self.client;
        let by_code = |token| async move { client.employee_by_code(&token, code).await };
        self.with_suite_corp_token(granted, corp, by_code).await.map(identity)
    }

    pub(super) async fn app_ticket(self: &Arc<Self>, app: &Arc<App>) -> Result<AppTicket, Error> {
        let fetch = || {
            let (this, app) = (Arc::clone(self), Arc::clone(app));
            async move {
                let client = &this.client.paid_by(&app);
                match &app.credentials {
                    Credentials::Suite(granted) => {
                        let ticket = |token| async move { client.app_ticket(&token).await };
                        this.with_suite_corp_token(granted, &app.corp_id, ticket).await
                    }
                    Credentials::H5 { .. } | Credentials::Channel { .. } => {
                        let ticket = |token| async move { client.app_ticket(&token).await };
                        this.with_app_token(&app, ticket).await
                    }
                }
            }
        };
        self.app_tickets.get(&self.keys(app).login, fetch).await
    }

    pub(super) async fn app_token(&self, app: &App) -> Result<AppToken, Error> {
        self.app_tokens.get(&self.keys(app).login, || self.fetch_app_token(app)).await
    }

    /// Calls with the application's token, and once more with a new one if DingTalk rejects it.
    async fn with_app_token<T, F>(&self, app: &App, call: impl Fn(AppToken) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.app_tokens.with(&self.keys(app).login, || self.fetch_app_token(app), call).await
    }

    fn fetch_app_token(
        &self,
        app: &App,
    ) -> impl Future<Output = Result<Issued<AppToken>, Error>> + Send + use<> {
        let (client, credentials) = (self.client.paid_by(app), app.credentials.clone());
        async move {
            match &credentials {
                Credentials::H5 { client_id, client_secret } => {
                    client.app_token(client_id, client_secret).await
                }
                Credentials::Channel { .. } | Credentials::Suite(_) => {
                    Err(Error::new("app_token", Kind::Misconfigured))
                }
            }
        }
    }
}

fn identity(employee: Employee) -> Identity {
    Identity {
        union_id: employee.union_id,
        user_id: employee.user_id,
        nick: employee.name,
        ..Identity::default()
    }
}
