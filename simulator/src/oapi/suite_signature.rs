//! How a suite signs a call instead of carrying a token: `accessKey`, `timestamp`, `suiteTicket`, `signature`.
//!
//! Known from open.dingtalk.com ("获取第三方应用授权企业的accessToken", "签名计算方法").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{Refusal, refusal, required};
use crate::call::Call;
use crate::world::World;

/// Of a login's signature it is documented that it may be a minute off; that a suite's is held to it too is a guess.
const MOST_SKEW_MS: u64 = 60_000;
/// Milliseconds since 2001 have 13 digits, seconds have ten.
const DIGITS_OF_MILLISECONDS: usize = 13;

/// The key of the suite that signed this call.
pub fn verify(world: &World, call: &Call) -> Result<String, Refusal> {
    let key = required(call, "accessKey")?;
    let (timestamp, ticket) = (required(call, "timestamp")?, required(call, "suiteTicket")?);
    let signature = required(call, "signature")?;
    let moment = timestamp.parse::<u64>().ok().filter(|_| timestamp.len() == DIGITS_OF_MILLISECONDS);
    let moment = moment.ok_or(refusal::NOT_MILLISECONDS)?;
    if world.clock.now().abs_diff(moment) > MOST_SKEW_MS {
        return Err(refusal::WRONG_TIME);
    }
    let suite = world.suite(key).ok_or(refusal::BAD_ACCESS_KEY)?;
    if suite.ticket.as_deref() != Some(ticket) {
        return Err(refusal::BAD_SIGNED_TICKET);
    }
    if !fits(&suite.secret, timestamp, ticket, signature) {
        return Err(refusal::BAD_SIGNATURE);
    }
    Ok(suite.key.clone())
}

fn fits(secret: &str, timestamp: &str, ticket: &str, signature: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(format!("{timestamp}\n{ticket}").as_bytes());
    STANDARD.decode(signature).is_ok_and(|given| mac.verify_slice(&given).is_ok())
}
