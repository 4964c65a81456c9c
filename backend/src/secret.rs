//! Secrets, typed so that they cannot be printed.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A secret of the configuration. `Debug` and `Serialize` show a mask; only [`Secret::expose`] gives it away.
/// Clones share it, because tokens and tickets go into every request.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(text.into())))
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

/// The key that all keys of sessions are derived from. `Debug` and `Serialize` show a mask.
#[derive(Clone, PartialEq)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key in the form of the configuration and the store, base64 of 32 bytes; `None` if it is not one.
    #[must_use]
    pub fn new(text: &Secret) -> Option<Self> {
        STANDARD.decode(text.expose()).ok()?.try_into().ok().map(Self)
    }

    /// A new key, in the form in which the store keeps it.
    #[must_use]
    pub fn random() -> Secret {
        Secret::new(STANDARD.encode(rand::random::<[u8; 32]>()))
    }

    /// The key itself, for deriving others from it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The callback's AES-256 key. `Debug` and `Serialize` show a mask.
#[derive(Clone, PartialEq)]
pub struct AesKey([u8; 32]);

/// As the developer console gives it: base64 of 32 bytes without the `=` at its end.
pub const KEY_LENGTH: usize = 43;

impl AesKey {
    /// The key in the form of the developer console; `None` if it is not one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // 43 characters are two bits more than 32 bytes, and the consoles' keys do not leave those bits empty.
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let engine = GeneralPurpose::new(&alphabet::STANDARD, lenient);
        let bytes = engine.decode(format!("{text}=")).ok().filter(|_| text.len() == KEY_LENGTH)?;
        bytes.try_into().ok().map(Self)
    }

    /// The key itself, for the cipher.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// What is shown in place of a key.
const MASK: &str = "***";

/// 128 bits of randomness, for a name that cannot be guessed.
pub fn random_hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

macro_rules! masked {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(MASK)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(MASK)
            }
        }
    )*};
}
masked!(Secret SessionKey AesKey);
