//! The keys of the signed identity: P-256, derived from the session's keys so that nothing else has to be configured,
//! kept or rotated. The cookies' keys come from the same bytes under another name, and neither opens what is the
//! other's.

use crate::config::Secret;
use anyhow::{Context, ensure};
use base64::Engine;
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
    /// The keys that belong to the session's `key` and `previous` ones; each is 32 bytes in base64.
    ///
    /// # Errors
    /// Where one is something else.
    pub fn new(key: &Secret, previous: &[Secret]) -> anyhow::Result<Self> {
        let (key, current) = derive(key)?;
        let header = Header { kid: current.common.key_id.clone(), ..Header::new(Algorithm::ES256) };
        let mut published = JwkSet { keys: vec![current] };
        for secret in previous {
            let (_, jwk) = derive(secret)?;
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

fn derive(secret: &Secret) -> anyhow::Result<(EncodingKey, Jwk)> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(secret.expose()).unwrap_or_default();
    ensure!(bytes.len() == 32, "a session key is not 32 bytes in base64");
    let der = scalar(&bytes)?.to_pkcs8_der().ok().context("the signing key has no PKCS#8 form")?;
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
