//! The sealed envelope of an event push, and of the answer to it.
//!
//! Known from open.dingtalk.com ("回调消息体加解密") and the official libraries' `DingTalkEncryptor`.

use std::fmt;

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut as _, BlockEncryptMut as _, KeyIvInit as _};
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// The padding fills blocks of this size, although those of AES have half of it.
const PADDED_TO: usize = 32;
const RANDOM: usize = 16;
/// Of the message's length, big-endian.
const LENGTH: usize = 4;
const IV: usize = 16;

/// 43 characters hold two bits more than 32 bytes, and those two are anything.
const KEY_TEXT: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What goes over the wire: three values of a push's query, and `encrypt` of its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub signature: String,
    pub timestamp: String,
    pub nonce: String,
    pub encrypt: String,
}

/// What was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub text: String,
    /// Whom it is for: a suite key.
    pub receiver: String,
}

/// Why an envelope cannot be opened, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(&'static str);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// What a suite and DingTalk share: the callback token and the AES key.
#[derive(Clone)]
pub struct Keys {
    token: String,
    key: [u8; 32],
}

impl Keys {
    /// `None` where the AES key is not the base64 of 32 bytes without its `=`.
    pub fn new(token: &str, callback_aes_key: &str) -> Option<Self> {
        let key = KEY_TEXT.decode(format!("{callback_aes_key}=")).ok()?;
        Some(Self { token: token.to_owned(), key: key.try_into().ok()? })
    }

    pub fn seal(&self, letter: &Letter, timestamp: &str, nonce: &str) -> Envelope {
        self.seal_with(rand::random(), letter, timestamp, nonce)
    }

    /// As `seal`, with the 16 bytes at the beginning that otherwise are made up.
    pub fn seal_with(&self, random: [u8; RANDOM], letter: &Letter, timestamp: &str, nonce: &str) -> Envelope {
        let length = u32::try_from(letter.text.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut plain =
            [&random[..], &length[..], letter.text.as_bytes(), letter.receiver.as_bytes()].concat();
        let padding = PADDED_TO - plain.len() % PADDED_TO;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let sealed = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv().into())
            .encrypt_padded_vec_mut::<NoPadding>(&plain);
        let encrypt = STANDARD.encode(sealed);
        let signature = self.signature(timestamp, nonce, &encrypt);
        Envelope { signature, timestamp: timestamp.to_owned(), nonce: nonce.to_owned(), encrypt }
    }

    /// Checks the signature before anything is decrypted.
    pub fn open(&self, envelope: &Envelope) -> Result<Letter, Unreadable> {
        let Envelope { signature, timestamp, nonce, encrypt } = envelope;
        if self.signature(timestamp, nonce, encrypt) != *signature {
            return Err(Unreadable("the signature does not fit"));
        }
        let sealed = STANDARD.decode(encrypt).map_err(|_| Unreadable("encrypt is not base64"))?;
        let plain = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv().into())
            .decrypt_padded_vec_mut::<NoPadding>(&sealed)
            .map_err(|_| Unreadable("what is encrypted does not come in whole blocks"))?;
        let body = unpadded(&plain).ok_or(Unreadable("the padding is not PKCS#7 to 32 bytes"))?;
        let short = Unreadable("the message is shorter than it says");
        let (length, rest) =
            body.get(RANDOM..).and_then(|rest| rest.split_first_chunk::<LENGTH>()).ok_or(short)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| short)?;
        let (text, receiver) = rest.split_at_checked(length).ok_or(short)?;
        let words = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).map_err(|_| Unreadable("the message is not UTF-8"))
        };
        Ok(Letter { text: words(text)?, receiver: words(receiver)? })
    }

    /// SHA-1 of the four texts in the order of their bytes.
    fn signature(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [self.token.as_str(), timestamp, nonce, encrypt];
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    }

    fn iv(&self) -> [u8; IV] {
        let mut iv = [0; IV];
        iv.copy_from_slice(&self.key[..IV]);
        iv
    }
}

fn unpadded(plain: &[u8]) -> Option<&[u8]> {
    let last = *plain.last()?;
    let padding = usize::from(last);
    let fits = plain.len().is_multiple_of(PADDED_TO) && (1..=PADDED_TO).contains(&padding);
    let (body, filling) = plain.split_at_checked(plain.len().checked_sub(padding)?)?;
    (fits && filling.iter().all(|&byte| byte == last)).then_some(body)
}
