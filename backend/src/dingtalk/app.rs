//! An application of DingTalk's, of whichever kind.

use super::h5::H5;
use super::tokens::{AppToken, SuiteCorpToken};
use super::window::Window;
use crate::apps::App;
use crate::upstream::Error;
use miandeng_shared::{AuthCode, SignedConfig, User};

/// What logs people in to an application of DingTalk's.
pub enum DingTalkApp {
    Window(Window),
    H5(H5<AppToken>),
    /// The same, granted to a suite.
    SuiteH5(H5<SuiteCorpToken>),
}

impl DingTalkApp {
    /// Signs the page at `href`.
    pub async fn sign(&self, href: &str) -> Result<SignedConfig, Error> {
        match self {
            Self::Window(window) => window.signer.sign(href).await,
            Self::H5(app) => app.signer.sign(href).await,
            Self::SuiteH5(app) => app.signer.sign(href).await,
        }
    }

    /// Whether pages can be signed at once.
    pub fn holds_ticket(&self) -> bool {
        match self {
            Self::Window(window) => window.signer.holds_ticket(),
            Self::H5(app) => app.signer.holds_ticket(),
            Self::SuiteH5(app) => app.signer.holds_ticket(),
        }
    }

    /// Whether the ticket of today signed this.
    pub fn has_signed(&self, signed: &SignedConfig) -> bool {
        match self {
            Self::Window(window) => window.signer.has_signed(signed),
            Self::H5(app) => app.signer.has_signed(signed),
            Self::SuiteH5(app) => app.signer.has_signed(signed),
        }
    }

    /// Forgets the ticket that signed this, if it is that of today; says whether it did.
    pub async fn forget_signer_of(&self, signed: &SignedConfig) -> bool {
        match self {
            Self::Window(window) => window.signer.forget_signer_of(signed).await,
            Self::H5(app) => app.signer.forget_signer_of(signed).await,
            Self::SuiteH5(app) => app.signer.forget_signer_of(signed).await,
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
