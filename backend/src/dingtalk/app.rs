//! An application of DingTalk's, of whichever kind.

use super::h5::H5;
use super::signer::Signer;
use super::tokens::{AppToken, SuiteCorpToken};
use super::window::Window;
use crate::apps::App;
use crate::upstream::Error;
use miandeng_shared::{AuthCode, User};

/// What logs people in to an application of DingTalk's.
pub enum DingTalkApp {
    Window(Window),
    H5(H5<AppToken>),
    /// The same, granted to a suite.
    SuiteH5(H5<SuiteCorpToken>),
}

impl DingTalkApp {
    /// What signs its pages.
    pub fn signer(&self) -> &Signer {
        match self {
            Self::Window(window) => &window.signer,
            Self::H5(app) => &app.signer,
            Self::SuiteH5(app) => &app.signer,
        }
    }

    /// Token and budget for a code, which is not spent yet.
    pub async fn prepare(&self) -> Result<(), Error> {
        match self {
            Self::Window(window) => window.prepare().await,
            Self::H5(app) => app.prepare().await,
            Self::SuiteH5(app) => app.prepare().await,
        }
    }

    /// Who a code of `app` belongs to.
    pub async fn redeem(&self, app: &App, code: &AuthCode) -> Result<User, Error> {
        match self {
            Self::Window(window) => window.redeem(app, code).await,
            Self::H5(h5) => h5.redeem(app, code).await,
            Self::SuiteH5(h5) => h5.redeem(app, code).await,
        }
    }
}
