//! The seam between the login and the platforms: what an application of any platform can do. A new platform is one more arm
//! here and a room of its own; no other room learns which platforms there are.

use crate::apps::App;
use crate::dingtalk::{DingTalkApp, Signer};
use crate::upstream::Error;
use crate::wecom::{Browser, WeCom};
use axum::http::HeaderMap;
use miandeng_shared::{AuthCode, SignedConfig, User};
use url::Url;

/// What logs people in to an application.
pub enum Provider {
    DingTalk(DingTalkApp),
    WeCom(WeCom),
    #[cfg(test)]
    Stub(tests::Stub),
}

/// How people come to the code that logs them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// The page asks the client for it.
    Page,
    /// The platform sends them back with one. `at_once`: without a look at the page, because this is the platform's client.
    Redirect { at_once: bool },
    /// Not from this browser: the page says where.
    Elsewhere,
}

/// A code may be redeemed now: there is a token, and the call is granted. Nothing has been spent.
#[must_use]
pub struct Permit(());

impl Provider {
    /// Whether the platform hands its codes out by redirects, and not to the page.
    pub fn redirects(&self) -> bool {
        matches!(self, Self::WeCom(_))
    }

    /// How people come to a code from the browser that sent `headers`.
    pub fn entry(&self, headers: &HeaderMap) -> Entry {
        match self {
            Self::DingTalk(_) => Entry::Page,
            #[cfg(test)]
            Self::Stub(_) => Entry::Page,
            Self::WeCom(app) => match app.browser(headers) {
                Browser::WeCom | Browser::WeChat => Entry::Redirect { at_once: true },
                Browser::Other if app.takes(Browser::Other) => Entry::Redirect { at_once: false },
                Browser::Other => Entry::Elsewhere,
            },
        }
    }

    /// Where the platform hands out a code that comes back with `state`; None where it does not redirect this browser.
    pub fn link(&self, app: &App, headers: &HeaderMap, state: &str) -> Option<Url> {
        match self {
            Self::DingTalk(_) => None,
            Self::WeCom(wecom) => wecom.link(app, wecom.browser(headers), state),
            #[cfg(test)]
            Self::Stub(_) => None,
        }
    }

    /// What signs pages for the platform's component; None where the platform knows no signatures.
    pub fn signer(&self) -> Option<&Signer> {
        match self {
            Self::DingTalk(app) => Some(app.signer()),
            Self::WeCom(_) => None,
            #[cfg(test)]
            Self::Stub(_) => None,
        }
    }

    /// Signs the page at `href`; None where the platform knows no signatures.
    ///
    /// # Errors
    /// Where no ticket is to be had.
    pub async fn sign(&self, href: &str) -> Result<Option<SignedConfig>, Error> {
        match self.signer() {
            Some(signer) => signer.sign(href).await.map(Some),
            None => Ok(None),
        }
    }

    /// Everything that a login needs before its code is spent. What fails here leaves the code usable.
    ///
    /// # Errors
    /// Where no token is to be had, or the call is not granted.
    pub async fn prepare(&self) -> Result<Permit, Error> {
        match self {
            Self::DingTalk(app) => app.prepare().await,
            Self::WeCom(app) => app.prepare().await,
            #[cfg(test)]
            Self::Stub(stub) => stub.prepare(),
        }
        .map(|()| Permit(()))
    }

    /// Who a code of `app` belongs to. It is sent a second time only if the answer was that the *token* is bad: the
    /// platform has then not looked at the code.
    ///
    /// # Errors
    /// The failure of the call.
    pub async fn redeem(&self, app: &App, code: &AuthCode, _: Permit) -> Result<User, Error> {
        match self {
            Self::DingTalk(dingtalk) => dingtalk.redeem(app, code).await,
            Self::WeCom(wecom) => wecom.redeem(app, code).await,
            #[cfg(test)]
            Self::Stub(stub) => stub.redeem(app, code),
        }
    }
}

#[cfg(test)]
mod tests;
