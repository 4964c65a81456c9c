//! The nonces of signed pages. Each carries two seals: that it is ours, and with which ticket its page was signed. So a
//! report can be judged, by any replica with the same session key, while nothing is kept for the many who never report.

use super::platform::Ticket;
use crate::config::{App, Secret};
use crate::state::memory;
use base64::Engine;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use moka::sync::Cache;
use sha2::Sha256;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Distinct from what the keys of cookies and identities are expanded with.
const PURPOSE: &[u8] = b"miandeng nonces HMAC-SHA256 v1";
/// As long as a ticket lives, and with it what was signed.
const REPORT_MEMORY: Duration = Duration::from_secs(7200);

/// The parts of a nonce in hexadecimal digits. Guessing the first seal buys one report, of which there is one a minute;
/// the second tells a ticket from those before it, and who could forge it would have to forge the first.
const RANDOM: usize = 16;
const SEAL: usize = 16;
const TICKET_SEAL: usize = 8;

/// Makes nonces and knows its own.
pub struct Nonces {
    key: Hmac<Sha256>,
    reported: Cache<String, ()>,
}

impl Nonces {
    /// Nonces sealed with a key derived from the session's, which is 32 bytes in base64.
    pub fn new(key: &Secret) -> Self {
        let bytes = base64::engine::general_purpose::STANDARD.decode(key.expose()).unwrap_or_default();
        // A block of the hash, which HMAC takes as it is; any 64 bytes can be had from HKDF.
        let mut derived = [0; 64];
        let _ = Hkdf::<Sha256>::new(None, &bytes).expand(PURPOSE, &mut derived);
        Self { key: Hmac::new(&derived.into()), reported: memory(REPORT_MEMORY) }
    }

    /// A fresh nonce for a page of `app` that is signed with `ticket`.
    pub fn make(&self, app: &App, ticket: &Ticket) -> String {
        let random = format!("{:0RANDOM$x}", rand::random::<u64>());
        let ticket_seal = self.ticket_seal(&random, app, ticket);
        format!("{random}{}{ticket_seal}", self.seal(&random, app))
    }

    /// Whether the nonce is one of ours for `app` that nobody has reported yet; from now on somebody has.
    pub fn first_report(&self, nonce: &str, app: &App) -> bool {
        let Some((random, seal, _)) = parts(nonce) else { return false };
        // Without the second seal, which the first does not vouch for: with others in its place it is the same nonce.
        same(&self.seal(random, app), seal) && self.reported.entry_by_ref(random).or_insert(()).is_fresh()
    }

    /// Whether the page with this nonce was signed with `ticket`.
    pub fn is_for(&self, nonce: &str, app: &App, ticket: &Ticket) -> bool {
        parts(nonce).is_some_and(|(random, _, seal)| same(&self.ticket_seal(random, app, ticket), seal))
    }

    fn seal(&self, random: &str, app: &App) -> String {
        format!("{:016x}", self.mac(&[random, app.corp_id.as_str(), app.agent_id.as_str()]))
    }

    fn ticket_seal(&self, random: &str, app: &App, ticket: &Ticket) -> String {
        let parts = [random, app.corp_id.as_str(), app.agent_id.as_str(), ticket.expose()];
        format!("{:08x}", self.mac(&parts) >> 32)
    }

    /// The beginning of the MAC. No part has a line break in it.
    fn mac(&self, parts: &[&str]) -> u64 {
        let mut mac = self.key.clone();
        for part in parts {
            mac.update(part.as_bytes());
            mac.update(b"\n");
        }
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = mac.finalize().into_bytes().into();
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

fn parts(nonce: &str) -> Option<(&str, &str, &str)> {
    let (random, seals) = nonce.split_at_checked(RANDOM)?;
    let (seal, ticket_seal) = seals.split_at_checked(SEAL)?;
    (ticket_seal.len() == TICKET_SEAL).then_some((random, seal, ticket_seal))
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::dingtalk::credential::{ChannelTicket, Credential};

    fn key(byte: u8) -> Secret {
        Secret::new(base64::engine::general_purpose::STANDARD.encode([byte; 32]))
    }

    fn app(corp: &str) -> App {
        let text = format!(
            "public_url = \"https://h5.example.com\"\n[store]\nurl = \"memory:\"\n[[apps]]\ncorp_id = \"{corp}\"\n\
             agent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\""
        );
        config::parse(&text, std::iter::empty()).config.unwrap().apps.remove(0)
    }

    fn ticket(text: &str) -> Ticket {
        Ticket::Channel(ChannelTicket::from_secret(Secret::new(text)))
    }

    #[test]
    fn a_nonce_is_reported_once_and_by_its_own_application() {
        let (nonces, app, other) = (Nonces::new(&key(1)), app("ding1"), app("ding2"));
        let nonce = nonces.make(&app, &ticket("t"));
        assert_ne!(nonce, nonces.make(&app, &ticket("t")));
        assert!(!nonces.first_report(&nonce, &other));
        assert!(!Nonces::new(&key(2)).first_report(&nonce, &app), "another deployment");
        assert!(Nonces::new(&key(1)).first_report(&nonce, &app), "another replica");
        assert!(nonces.first_report(&nonce, &app));
        assert!(!nonces.first_report(&nonce, &app));
        let other_ticket = format!("{}00000000", &nonce[..RANDOM + SEAL]);
        assert!(!nonces.first_report(&other_ticket, &app), "nor with another ticket's seal");
    }

    #[test]
    fn a_nonce_tells_which_ticket_signed() {
        let (nonces, app) = (Nonces::new(&key(1)), app("ding1"));
        let nonce = nonces.make(&app, &ticket("t"));
        assert!(nonces.is_for(&nonce, &app, &ticket("t")));
        assert!(!nonces.is_for(&nonce, &app, &ticket("newer")));
    }

    #[test]
    fn what_we_did_not_make_is_none_of_ours() {
        let (nonces, app) = (Nonces::new(&key(1)), app("ding1"));
        let nonce = nonces.make(&app, &ticket("t"));
        for (at, _) in nonce.char_indices().take(RANDOM + SEAL) {
            let other = if &nonce[at..=at] == "0" { "1" } else { "0" };
            let forged = format!("{}{other}{}", &nonce[..at], &nonce[at + 1..]);
            assert!(!nonces.first_report(&forged, &app), "{forged}");
        }
        for odd in ["", "x", &nonce[1..], &format!("{nonce}0"), &"0".repeat(40), &"中".repeat(14)] {
            assert!(!nonces.first_report(odd, &app) && !nonces.is_for(odd, &app, &ticket("t")), "{odd}");
        }
    }
}
