//! The keys of the signed identity: P-256, derived from the session's keys so that nothing else has to be configured,
//! kept or rotated. The cookies' keys come from the same bytes under another name, and neither opens what is the
//! other's.

use crate::secret::SessionKey;
use anyhow::Context;
use hkdf::Hkdf;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::SecretKey;
use p256::pkcs8::EncodePrivateKey;
use serde::Serialize;
use sha2::Sha256;

/// Distinct from what the cookies' keys are expanded with (`COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM`).
const PURPOSE: &[u8] = b"miandeng signed identity ES256 v1";

/// Signs with the current key; publishes the previous ones too, so that what they signed still verifies.
pub(super) struct SigningKeys {
    key: EncodingKey,
    header: Header,
    published: JwkSet,
}

impl SigningKeys {
    /// The keys that belong to the session's `key` and `previous` ones.
    ///
    /// # Errors
    /// Never in practice: every session key has a signing key.
    pub fn new(key: &SessionKey, previous: &[SessionKey]) -> anyhow::Result<Self> {
        let (key, current) = derive(key)?;
        let header = Header { kid: current.common.key_id.clone(), ..Header::new(Algorithm::ES256) };
        let mut published = JwkSet { keys: vec![current] };
        for key in previous {
            let (_, jwk) = derive(key)?;
            if !published.keys.contains(&jwk) {
                published.keys.push(jwk);
            }
        }
        Ok(Self { key, header, published })
    }

    /// The public keys, as RFC 7517 has them.
    pub fn published(&self) -> &JwkSet {
        &self.published
    }

    /// `claims`, signed.
    ///
    /// # Errors
    /// Where the operating system gives no randomness.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::encode(&self.header, claims, &self.key)
    }
}

fn derive(key: &SessionKey) -> anyhow::Result<(EncodingKey, Jwk)> {
    let der = scalar(key.expose())?.to_pkcs8_der().ok().context("the signing key has no PKCS#8 form")?;
    let key = EncodingKey::from_ec_der(der.as_bytes());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
    jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256)?);
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((key, jwk))
}

/// The first of the derived numbers that is a key of the curve. All but one of four thousand million are.
fn scalar(bytes: &[u8]) -> anyhow::Result<SecretKey> {
    let derived = Hkdf::<Sha256>::new(None, bytes);
    (0..=u8::MAX)
        .find_map(|attempt| {
            let mut candidate = [0; 32];
            derived.expand_multi_info(&[PURPOSE, &[attempt]], &mut candidate).ok()?;
            SecretKey::from_slice(&candidate).ok()
        })
        .context("no signing key can be derived from the session key")
}
