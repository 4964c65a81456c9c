//! Cookies: sealed with AES-256-GCM under their own name, so that none passes as another; `__Host-`, Secure, HttpOnly,
//! SameSite=Lax. Only where `public_url` is plain http on a loopback host do they lose the prefix and Secure, because a
//! browser would drop them.

use crate::config::Secret;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use cookie::{Cookie, CookieJar, Key, SameSite};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Seals and opens cookies.
pub struct Cookies {
    /// The first one seals; all of them open, so that keys can be rotated without logging anybody out.
    keys: Vec<Key>,
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
        Secret::new(base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 32]>()))
    }

    /// `Set-Cookie` with `value` sealed in it.
    pub fn set<T: Serialize>(&self, name: &str, value: &T, max_age: Duration) -> HeaderValue {
        let name = self.full_name(name);
        let json = serde_json::to_string(value).unwrap_or_default();
        let mut jar = CookieJar::new();
        if let Some(key) = self.keys.first() {
            jar.private_mut(key).add(Cookie::new(name.clone(), json));
        }
        let sealed = jar.get(&name).map(|c| c.value().to_owned()).unwrap_or_default();
        self.header(name, sealed, max_age)
    }

    /// `Set-Cookie` that removes the cookie from the browser.
    pub fn clear(&self, name: &str) -> HeaderValue {
        self.header(self.full_name(name), String::new(), Duration::ZERO)
    }

    /// Every genuine cookie of this name in the request; a browser can hold several from different times.
    pub fn read<T: DeserializeOwned>(&self, headers: &HeaderMap, name: &str) -> impl Iterator<Item = T> {
        let name = self.full_name(name);
        let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
        // One by one: an application on the same host may set cookies that are not even text, and whoever has one of
        // those must not be locked out by it.
        lines
            .flat_map(|line| line.split(|byte| *byte == b';'))
            .filter_map(|pair| Cookie::parse(std::str::from_utf8(pair).ok()?).ok())
            .filter(move |cookie| cookie.name() == name)
            .filter_map(|cookie| self.open(&cookie))
    }

    fn open<T: DeserializeOwned>(&self, cookie: &Cookie<'_>) -> Option<T> {
        let jar = CookieJar::new();
        let opened =
            self.keys.iter().find_map(|key| jar.private(key).decrypt(cookie.clone().into_owned()))?;
        serde_json::from_str(opened.value()).ok()
    }

    fn full_name(&self, name: &str) -> String {
        if self.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    fn header(&self, name: String, value: String, max_age: Duration) -> HeaderValue {
        let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let cookie = Cookie::build((name, value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(max_age));
        // A cookie's name and base64 value are plain ASCII; an empty header would only mean that nothing is set.
        HeaderValue::from_str(&cookie.build().to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The configured 32 bytes are stretched (HKDF), so that other uses of the same key derive other keys.
fn derive(secret: &Secret) -> Key {
    let bytes = base64::engine::general_purpose::STANDARD.decode(secret.expose()).unwrap_or_default();
    // `check` refuses anything but 32 bytes; a random key is the safe reading of the impossible.
    if bytes.len() == 32 { Key::derive_from(&bytes) } else { Key::generate() }
}
