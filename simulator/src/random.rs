//! Values that DingTalk makes up.

use rand::Rng as _;
use rand::distr::Alphanumeric;

/// Tokens and codes are 32 hexadecimal digits.
pub fn hex32() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// Tickets and request ids are letters and digits.
pub fn alphanumeric(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}
