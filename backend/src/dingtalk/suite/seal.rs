//! The envelope of DingTalk's suite callback: signed with the callback token, then encrypted with the callback key.
//!
//! open.dingtalk.com, "回调消息体加解密": AES-256-CBC, the first 16 bytes of the key as IV, PKCS#7 to blocks of **32** bytes;
//! inside stand 16 random bytes, the length of the text (4 bytes, big-endian), the text, and whom it is for.

use crate::apps::Suite;
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha1::{Digest, Sha1};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The padding's block, twice the cipher's.
const BLOCK: usize = 32;
const IV: usize = 16;
const RANDOM: usize = 16;
const LENGTH: usize = 4;

/// How far a push's timestamp may be from our clock. DingTalk signs each push anew, so this is for clocks that differ
/// and for a network that is slow, and it bounds how long a recorded push can be played back.
pub const WINDOW: Duration = Duration::from_secs(5 * 60);

/// A push as it arrived: its query and the `encrypt` of its body.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    pub signature: &'a str,
    pub timestamp: &'a str,
    pub nonce: &'a str,
    pub encrypt: &'a str,
}

/// What was in a genuine envelope.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope {
    pub text: String,
    /// Whom it is for. Genuine, but not yet compared with anything.
    pub receiver: String,
    /// The push's timestamp in milliseconds since 1970.
    pub at_ms: u64,
}

/// Why a push is not opened: for the log. The sender is told the same whatever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotGenuine {
    Signature,
    Timestamp,
    Envelope,
}

impl NotGenuine {
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            NotGenuine::Signature => "signature",
            NotGenuine::Timestamp => "timestamp",
            NotGenuine::Envelope => "envelope",
        }
    }
}

/// The answer to a push.
#[derive(Debug, Serialize)]
pub struct SealedAnswer {
    pub msg_signature: String,
    #[serde(rename = "timeStamp")]
    pub timestamp: String,
    pub nonce: String,
    pub encrypt: String,
}

impl Push<'_> {
    /// Opens the envelope: first the signature, in constant time, then the clock, and only then the cipher.
    /// `now_ms` is our clock in milliseconds since 1970.
    pub fn open(&self, suite: &Suite, now_ms: u64) -> Result<Envelope, NotGenuine> {
        let expected = signature(suite, self.timestamp, self.nonce, self.encrypt);
        if !bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes())) {
            return Err(NotGenuine::Signature);
        }
        let at_ms = milliseconds(self.timestamp).ok_or(NotGenuine::Timestamp)?;
        if u128::from(now_ms.abs_diff(at_ms)) > WINDOW.as_millis() {
            return Err(NotGenuine::Timestamp);
        }
        let (text, receiver) = decrypt(suite, self.encrypt).ok_or(NotGenuine::Envelope)?;
        Ok(Envelope { text, receiver, at_ms })
    }
}

/// Seals `text` for `receiver`, with our clock, a fresh nonce and fresh random bytes.
pub fn seal(
    suite: &Suite,
    text: &str,
    receiver: &str,
    now_ms: u64,
    nonce: String,
    random: [u8; RANDOM],
) -> SealedAnswer {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let mut plain = [&random[..], &length, text.as_bytes(), receiver.as_bytes()].concat();
    let padding = BLOCK - plain.len() % BLOCK;
    plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    let (key, iv) = key_and_iv(suite);
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    let encrypt = STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&plain));
    let timestamp = now_ms.to_string();
    SealedAnswer { msg_signature: signature(suite, &timestamp, &nonce, &encrypt), timestamp, nonce, encrypt }
}

/// Lowercase hex SHA-1 of token, timestamp, nonce and ciphertext, sorted bytewise and joined.
pub(crate) fn signature(suite: &Suite, timestamp: &str, nonce: &str, encrypt: &str) -> String {
    let mut parts = [suite.callback_token.expose(), timestamp, nonce, encrypt];
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// Documented in milliseconds; some clients of DingTalk's send seconds. A number with fewer digits than this is seconds
/// (in milliseconds it would be the year 1973).
const LEAST_MILLISECONDS: u64 = 100_000_000_000;

/// A timestamp of DingTalk's, in milliseconds since 1970.
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = text.parse().ok().filter(|_| digits)?;
    if number < LEAST_MILLISECONDS { number.checked_mul(1000) } else { Some(number) }
}

fn decrypt(suite: &Suite, encrypt: &str) -> Option<(String, String)> {
    let sealed = STANDARD.decode(encrypt).ok()?;
    let (key, iv) = key_and_iv(suite);
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&key.into(), &iv.into());
    let padded = cipher.decrypt_padded_vec_mut::<NoPadding>(&sealed).ok()?;
    let plain = unpadded(&padded)?;
    let (length, rest) = plain.get(RANDOM..)?.split_at_checked(LENGTH)?;
    let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
    let (text, receiver) = rest.split_at_checked(length)?;
    Some((String::from_utf8(text.to_vec()).ok()?, String::from_utf8(receiver.to_vec()).ok()?))
}

fn unpadded(padded: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*padded.last()?);
    let (plain, tail) = padded.split_at_checked(padded.len().checked_sub(padding)?)?;
    let genuine = (1..=BLOCK).contains(&padding) && tail.iter().all(|byte| usize::from(*byte) == padding);
    genuine.then_some(plain)
}

fn key_and_iv(suite: &Suite) -> ([u8; 32], [u8; IV]) {
    let key = *suite.callback_aes_key.expose();
    let mut iv = [0; IV];
    iv.copy_from_slice(&key[..IV]);
    (key, iv)
}

#[cfg(test)]
mod tests;
