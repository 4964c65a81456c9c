//! Today's applications: one token for everything.

use super::caches::Caches;
use super::client::Client;
use super::signer::Signer;
use super::tokens::OpensApp;
use crate::apps::App;
use crate::upstream::{Cached, Error};
use miandeng_shared::{AuthCode, User};

/// An H5 application: with the token of its own, or with that of a suite in its corporation.
pub struct H5<T> {
    client: Client,
    token: Cached<T>,
    pub signer: Signer,
}

impl<T: OpensApp> H5<T> {
    /// The application `app`. Its ticket is kept under `id`, as its token is.
    pub(super) fn new(app: &App, client: Client, token: Cached<T>, id: &str, caches: &Caches) -> Self {
        let with = (client.clone(), token.clone());
        let ticket = caches.app_tickets.slot(id, with, |(client, token)| async move {
            let client = &client;
            token.with(|token| async move { client.app_ticket(&token).await }).await
        });
        Self { client, token, signer: Signer::new(app, ticket) }
    }

    pub async fn prepare(&self) -> Result<(), Error> {
        self.token.get().await?;
        self.client.admit_redemption()
    }

    /// Code + token → userid and unionid, in the application's own organisation.
    pub async fn redeem(&self, app: &App, code: &AuthCode) -> Result<User, Error> {
        let employee =
            self.token.with(|token| async move { self.client.employee_by_code(&token, code).await }).await?;
        Ok(User {
            union_id: employee.union_id,
            user_id: employee.user_id,
            nick: employee.name,
            ..app.anonymous()
        })
    }
}
