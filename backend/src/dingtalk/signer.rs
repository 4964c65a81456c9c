//! What signs an application's pages, and knows its own signatures again.

use super::sign::{signature, url_to_sign};
use super::tokens::JsapiTicket;
use crate::apps::{App, SignAlg};
use crate::telemetry::Trigger;
use crate::upstream::{Cached, Error, Token};
use miandeng_shared::SignedConfig;
use std::time::{SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq;

/// A ticket, and how the application signs with it.
pub struct Signer {
    ticket: Cached<JsapiTicket>,
    alg: SignAlg,
    plus_as_space: bool,
}

impl Signer {
    pub fn new(app: &App, ticket: Cached<JsapiTicket>) -> Self {
        let jsapi = app.jsapi.as_ref();
        let alg = jsapi.map_or(SignAlg::Sha1, |jsapi| jsapi.sign_alg);
        Self { ticket, alg, plus_as_space: jsapi.is_some_and(|jsapi| jsapi.sign_plus_as_space) }
    }

    /// Signs the page at `href` now.
    pub async fn sign(&self, href: &str) -> Result<SignedConfig, Error> {
        Ok(self.signed(&self.ticket.get().await?, href))
    }

    /// Whether the ticket is in memory.
    pub fn holds_ticket(&self) -> bool {
        self.ticket.held().is_some()
    }

    fn signed(&self, ticket: &JsapiTicket, href: &str) -> SignedConfig {
        let url = url_to_sign(href, self.plus_as_space);
        let nonce_str = format!("{:032x}", rand::random::<u128>());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time_stamp = now.as_secs().to_string();
        let signature = signature(self.alg, ticket.secret().expose(), &nonce_str, &time_stamp, &url);
        SignedConfig { time_stamp, nonce_str, signature, url }
    }

    /// The ticket of today, if it is what signed this.
    fn signer_of(&self, signed: &SignedConfig) -> Option<JsapiTicket> {
        let ticket = self.ticket.held()?;
        let SignedConfig { time_stamp, nonce_str, signature: theirs, url } = signed;
        let ours = signature(self.alg, ticket.secret().expose(), nonce_str, time_stamp, url);
        bool::from(ours.as_bytes().ct_eq(theirs.as_bytes())).then_some(ticket)
    }

    /// Whether the ticket of today signed this.
    pub fn has_signed(&self, signed: &SignedConfig) -> bool {
        self.signer_of(signed).is_some()
    }

    /// Forgets the ticket if it is what signed this; says whether it did.
    pub async fn forget_signer_of(&self, signed: &SignedConfig) -> bool {
        match self.signer_of(signed) {
            Some(ticket) => self.ticket.drop_if(&ticket, Trigger::Reported).await,
            None => false,
        }
    }
}
