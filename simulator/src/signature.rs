//! The JSAPI signature, as the platform verifies it.

use percent_encoding::percent_decode_str;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// DingTalk's older samples use SHA-1, today's use SHA-256; the length of a signature tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    /// The hash that makes signatures of this length, if one does.
    pub fn of(signature: &str) -> Option<Self> {
        match signature.len() {
            40 => Some(Self::Sha1),
            64 => Some(Self::Sha256),
            _ => None,
        }
    }
}

/// Signs values exactly as they are given: nothing is escaped, nothing is put in order.
pub fn sign(hash: Hash, ticket: &str, nonce: &str, timestamp: &str, url: &str) -> String {
    let plain = format!("jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}");
    match hash {
        Hash::Sha1 => hex::encode(Sha1::digest(plain)),
        Hash::Sha256 => hex::encode(Sha256::digest(plain)),
    }
}

/// What of a page's address is signed: no fragment, and the query decoded once.
///
/// The text is split by hand. A URL parser would drop `:80` or add a slash, and to DingTalk those are other URLs.
pub fn signed_url(href: &str) -> String {
    let page = without_fragment(href);
    let Some((before, query)) = page.split_once('?') else {
        return page.to_owned();
    };
    match decoded(query) {
        Some(query) => format!("{before}?{query}"),
        None => page.to_owned(),
    }
}

pub fn without_fragment(href: &str) -> &str {
    href.split_once('#').map_or(href, |(page, _)| page)
}

/// `None` for text that is not well-formed percent-encoding of UTF-8, which the official decoders refuse.
fn decoded(query: &str) -> Option<String> {
    let digits_follow =
        |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !query.split('%').skip(1).all(digits_follow) {
        return None;
    }
    percent_decode_str(query).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
