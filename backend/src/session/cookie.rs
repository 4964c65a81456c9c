//! Cookies: sealed with AES-256-GCM under their own name, so that none passes as another; `__Host-`, Secure, HttpOnly,
//! SameSite=Lax. Only where `public_url` is plain http on a loopback host do they lose the prefix and Secure, because a
//! browser would drop them.

use crate::config::Secret;
use aes_gcm::aead::generic_array::typenum::Unsigned;
use aes_gcm::{AeadCore, AeadInPlace, Aes256Gcm, KeyInit};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::time::Duration;

/// Bytes before and after what is sealed.
const NONCE: usize = <Aes256Gcm as AeadCore>::NonceSize::USIZE;
const TAG: usize = <Aes256Gcm as AeadCore>::TagSize::USIZE;

/// Seals and opens cookies.
pub struct Cookies {
    /// The first one seals; all of them open, so that keys can be rotated without logging anybody out. Set up once,
    /// because that takes as long as sealing.
    keys: Vec<Aes256Gcm>,
    secure: bool,
}

impl Cookies {
    /// Cookies under `key`, also readable under `previous`; each is 32 bytes in base64. `secure` is false only for http
    /// on a loopback host.
    pub fn new(key: &Secret, previous: &[Secret], secure: bool) -> Self {
        let keys = std::iter::once(key).chain(previous).map(derive).collect();
        Self { keys, secure }
    }

    /// A new key, in the form in which the configuration and the store hold one.
    pub fn make_key() -> Secret {
        Secret::new(STANDARD.encode(rand::random::<[u8; 32]>()))
    }

    /// `Set-Cookie` with `value` sealed in it.
    pub fn set<T: Serialize>(&self, name: &str, value: &T, max_age: Duration) -> HeaderValue {
        let name = self.full_name(name);
        let sealed = serde_json::to_vec(value).ok().and_then(|json| self.seal(&name, &json));
        self.header(&name, &sealed.unwrap_or_default(), max_age)
    }

    /// `Set-Cookie` that removes the cookie from the browser.
    pub fn clear(&self, name: &str) -> HeaderValue {
        self.header(&self.full_name(name), "", Duration::ZERO)
    }

    /// Every genuine cookie of this name in the request; a browser can hold several from different times.
    pub fn read<T: DeserializeOwned>(&self, headers: &HeaderMap, name: &str) -> impl Iterator<Item = T> {
        let name = self.full_name(name);
        let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
        // One by one: an application on the same host may set cookies that are not even text, and whoever has one of
        // those must not be locked out by it.
        let texts = lines
            .flat_map(|line| line.split(|b| *b == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok());
        texts.filter_map(|pair| pair.trim().split_once('=')).filter_map(move |(its_name, value)| {
            let json = (its_name == name).then(|| self.open(&name, value))??;
            serde_json::from_slice(&json).ok()
        })
    }

    /// Base64 of nonce, sealed bytes and tag.
    fn seal(&self, name: &str, plain: &[u8]) -> Option<String> {
        let nonce: [u8; NONCE] = rand::random();
        let mut bytes = Vec::with_capacity(NONCE + plain.len() + TAG);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plain);
        let key = self.keys.first()?;
        let tag =
            key.encrypt_in_place_detached(&nonce.into(), name.as_bytes(), bytes.get_mut(NONCE..)?).ok()?;
        bytes.extend_from_slice(&tag);
        Some(STANDARD.encode(bytes))
    }

    fn open(&self, name: &str, value: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(value).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        self.keys.iter().find_map(|key| {
            let mut plain = sealed.to_vec();
            let genuine =
                key.decrypt_in_place_detached(nonce.into(), name.as_bytes(), &mut plain, tag.into());
            genuine.is_ok().then_some(plain)
        })
    }

    fn full_name(&self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn header(&self, name: &str, value: &str, max_age: Duration) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let max_age = max_age.as_secs();
        let text = format!("{name}={value}; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={max_age}");
        // A cookie's name and base64 value are plain ASCII; an empty header would only mean that nothing is set.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Names the use that the keys are derived for. Text and layout are those of the cookie crate, which sealed the first
/// cookies of this server.
const PURPOSE: &[u8] = b"COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM";

/// The configured 32 bytes are stretched (HKDF), so that other uses of the same key derive other keys.
fn derive(secret: &Secret) -> Aes256Gcm {
    let bytes = STANDARD.decode(secret.expose()).unwrap_or_default();
    let mut derived = [[0; 32]; 2];
    // Only expanded, as the cookie crate does: the bytes are random already.
    let expanded = Hkdf::<Sha256>::from_prk(&bytes)
        .is_ok_and(|random| random.expand(PURPOSE, derived.as_flattened_mut()).is_ok());
    let [_signing, sealing] = derived;
    // `check` refuses anything but 32 bytes; a random key is the safe reading of the impossible.
    let key = if bytes.len() == 32 && expanded { sealing } else { rand::random() };
    Aes256Gcm::new(&key.into())
}
