//! Cookies: sealed with AES-256-GCM under their own name, so that none passes as another; `__Host-`, Secure, HttpOnly,
//! SameSite=Lax. Only where `public_url` is plain http on a loopback host do they lose the prefix and Secure, because a
//! browser would drop them.

use crate::secret::SessionKey;
use aes_gcm::aead::generic_array::typenum::Unsigned;
use aes_gcm::{AeadCore, AeadInPlace, Aes256Gcm, KeyInit};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::borrow::Cow;
use std::time::Duration;

/// Bytes before and after what is sealed.
const NONCE: usize = <Aes256Gcm as AeadCore>::NonceSize::USIZE;
const TAG: usize = <Aes256Gcm as AeadCore>::TagSize::USIZE;

/// Of one request. A browser sends one cookie of each name, and under this many there is one that counts.
const MAX_NAMED: usize = 64;
/// Opening takes as long as reading the rest of a request.
const MAX_OPENED: usize = 16;
/// A value that has nothing sealed in it, and the longest that browsers keep. Three times that where percent-encoded.
const MIN_VALUE: usize = (NONCE + TAG) * 4 / 3;
const MAX_VALUE: usize = 3 * 4096;

/// Enough for what is sealed of nearly every person.
const USUAL: usize = 512;

/// A line of an answer.
pub type SetCookie = (HeaderName, HeaderValue);

/// Seals and opens cookies.
pub struct Cookies {
    /// The first one seals; all of them open, so that keys can be rotated without logging anybody out. Set up once,
    /// because that takes as long as sealing.
    keys: Vec<Aes256Gcm>,
    secure: bool,
}

impl Cookies {
    /// Cookies under `key`, also readable under `previous`. `secure` is false only for http
    /// on a loopback host.
    pub fn new(key: &SessionKey, previous: &[SessionKey], secure: bool) -> Self {
        let keys = std::iter::once(key).chain(previous).map(derive).collect();
        Self { keys, secure }
    }

    /// `Set-Cookie` with `value` sealed in it.
    pub fn set<T: Serialize>(&self, name: &str, value: &T, max_age: Duration) -> SetCookie {
        let sealed = self.seal(&self.full_name(name), value);
        self.header(name, &sealed.unwrap_or_default(), max_age)
    }

    /// `Set-Cookie` that removes the cookie from the browser.
    pub fn clear(&self, name: &str) -> SetCookie {
        self.header(name, "", Duration::ZERO)
    }

    /// Name and value of the request's cookies whose name `is_wanted`; not opened yet, so perhaps forged.
    ///
    /// Names are compared as bytes, and only blank and tab are stripped, as browsers do it: a name with any other white
    /// space around it is not covered by the prefix `__Host-`, so a sibling host can set it.
    pub fn named<'a>(
        &'a self,
        headers: &'a HeaderMap,
        is_wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lines = headers.get_all(header::COOKIE).into_iter().map(HeaderValue::as_bytes);
        // One by one: an application on the same host may set cookies that are not even text.
        lines
            .flat_map(|line| {
                // By memchr, because the line is a kilobyte or two.
                let ends = memchr::memchr_iter(b';', line).chain([line.len()]);
                ends.scan(0, move |begin, end| line.get(std::mem::replace(begin, end + 1)..end))
            })
            .filter_map(move |pair| {
                let equals = pair.iter().position(|b| *b == b'=')?;
                let name = strip_blanks(pair.get(..equals)?).strip_prefix(self.prefix().as_bytes())?;
                let name = std::str::from_utf8(name).ok().filter(|name| is_wanted(name))?;
                Some((name, pair.get(equals + 1..)?))
            })
            .take(MAX_NAMED)
            .filter_map(|(name, value)| Some((name, std::str::from_utf8(strip_blanks(value)).ok()?)))
            .filter(|(_, value)| (MIN_VALUE..=MAX_VALUE).contains(&value.len()))
            .take(MAX_OPENED)
    }

    /// What is sealed in a cookie of this name, if it is genuine.
    pub fn open<T: DeserializeOwned>(&self, name: &str, value: &str) -> Option<T> {
        // As text, which serde_json would else look through again for each of its strings.
        let json = String::from_utf8(self.unseal(&self.full_name(name), value)?).ok()?;
        serde_json::from_str(&json).ok()
    }

    /// Sets `new`, and removes of the `others` what `new` supersedes and then the oldest, until all of them take `room`
    /// bytes in a request. `made` says when one was made; None: superseded.
    pub fn set_beside<T: DeserializeOwned>(
        &self,
        new: SetCookie,
        headers: &HeaderMap,
        others: impl Fn(&str) -> bool,
        room: usize,
        made: impl Fn(T) -> Option<u64>,
    ) -> Vec<SetCookie> {
        // What does not open goes first, but stays while there is room: it may be another server's.
        let made = |name, value| self.open(name, value).map_or(Some(0), &made);
        let held = self.named(headers, others);
        let mut held: Vec<_> =
            held.map(|(name, value)| (made(name, value), name, self.size_of(name, value))).collect();
        held.sort_unstable();
        let new_size = memchr::memchr(b';', new.1.as_bytes()).unwrap_or(new.1.len());
        let mut total = held.iter().map(|(.., size)| size).sum::<usize>() + new_size;
        let mut cookies = vec![new];
        for (made, name, size) in held {
            if made.is_none() || total > room {
                total -= size;
                cookies.push(self.clear(name));
            }
        }
        cookies
    }

    /// How many bytes of the request its cookies take whose name `is_wanted`.
    pub fn size(&self, headers: &HeaderMap, is_wanted: impl Fn(&str) -> bool) -> usize {
        self.named(headers, is_wanted).map(|(name, value)| self.size_of(name, value)).sum()
    }

    fn size_of(&self, name: &str, value: &str) -> usize {
        self.prefix().len() + name.len() + value.len() + "=; ".len()
    }

    /// Base64url of nonce, sealed bytes and tag.
    fn seal<T: Serialize>(&self, name: &str, value: &T) -> Option<String> {
        let nonce: [u8; NONCE] = rand::random();
        let mut bytes = Vec::with_capacity(USUAL);
        bytes.extend_from_slice(&nonce);
        serde_json::to_writer(&mut bytes, value).ok()?;
        let key = self.keys.first()?;
        let tag =
            key.encrypt_in_place_detached(&nonce.into(), name.as_bytes(), bytes.get_mut(NONCE..)?).ok()?;
        bytes.extend_from_slice(&tag);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn unseal(&self, name: &str, value: &str) -> Option<Vec<u8>> {
        let bytes = decode(value)?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk::<TAG>()?;
        self.keys.iter().find_map(|key| {
            let mut plain = sealed.to_vec();
            let genuine =
                key.decrypt_in_place_detached(nonce.into(), name.as_bytes(), &mut plain, tag.into());
            genuine.is_ok().then_some(plain)
        })
    }

    fn prefix(&self) -> &'static str {
        if self.secure { "__Host-" } else { "" }
    }

    fn full_name(&self, name: &str) -> String {
        [self.prefix(), name].concat()
    }

    fn header(&self, name: &str, value: &str, max_age: Duration) -> SetCookie {
        let secure = if self.secure { "; Secure" } else { "" };
        let attributes = format!("; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={}", max_age.as_secs());
        let text = [self.prefix(), name, "=", value, &attributes].concat();
        // A cookie's name and base64url value are plain ASCII; an empty header would only mean that nothing is set.
        (header::SET_COOKIE, HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("")))
    }
}

fn strip_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A value as it was set, or as earlier versions set it (base64 with `+`, `/` and `=`), even where another program has
/// put it between quotation marks, percent-encoded it, or taken `+` for a blank.
fn decode(value: &str) -> Option<Vec<u8>> {
    let plain = match memchr::memchr(b'%', value.as_bytes()).is_some() {
        true => percent_decode_str(value).decode_utf8().ok()?,
        false => Cow::Borrowed(value),
    };
    let plain = plain.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&plain);
    let earlier = || {
        let text = plain.replace(' ', "+");
        // Some programs drop the padding.
        STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text))
    };
    URL_SAFE_NO_PAD.decode(plain).or_else(|_| earlier()).ok()
}

/// Names the use that the keys are derived for. Text and layout are those of the cookie crate, which sealed the first
/// cookies of this server.
const PURPOSE: &[u8] = b"COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM";

/// The configured 32 bytes are stretched (HKDF), so that other uses of the same key derive other keys.
fn derive(key: &SessionKey) -> Aes256Gcm {
    let mut derived = [[0; 32]; 2];
    // Only expanded, as the cookie crate does: the bytes are random already.
    let expanded = Hkdf::<Sha256>::from_prk(key.expose())
        .is_ok_and(|random| random.expand(PURPOSE, derived.as_flattened_mut()).is_ok());
    let [_signing, sealing] = derived;
    // Any 32 bytes can be expanded to 64; a random key is the safe reading of the impossible.
    let key = if expanded { sealing } else { rand::random() };
    Aes256Gcm::new(&key.into())
}
