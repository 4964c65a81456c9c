//! How many logins and signatures one address may ask for in a minute, so that no client has DingTalk asked without
//! end. Only behind trusted proxies: elsewhere the address may be that of a proxy, and all people would be one.

use super::client_ip;
use super::error::ApiError;
use crate::http::AppState;
use crate::telemetry;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use miandeng_shared::ErrorCode;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Addresses remembered at one time, of some 200 bytes each. An address that is forgotten begins anew.
const MAX_ADDRESSES: u64 = 100_000;
/// An allowance of so many a minute is whole again after a minute of silence, and then there is nothing to remember.
const MEMORY: Duration = Duration::from_secs(60);

/// The allowances of all addresses for one route.
#[derive(Clone)]
pub struct RateLimit {
    state: AppState,
    route: &'static str,
    quota: Quota,
    addresses: Cache<IpAddr, Arc<DefaultDirectRateLimiter>>,
}

impl RateLimit {
    /// `per_minute` for each address, all at once if need be.
    pub fn new(state: &AppState, route: &'static str, per_minute: NonZeroU32) -> Self {
        // Where it is full the oldest goes. Moka's own choice would be not to remember newcomers, who could then ask
        // without end.
        let addresses = Cache::builder().max_capacity(MAX_ADDRESSES).time_to_idle(MEMORY);
        let addresses = addresses.eviction_policy(EvictionPolicy::lru()).build();
        Self { state: state.clone(), route, quota: Quota::per_minute(per_minute), addresses }
    }

    fn too_many(&self, wait: Duration) -> ApiError {
        telemetry::too_many(self.route);
        ApiError::wait(ErrorCode::TooManyRequests, wait)
    }

    /// Takes one from the allowance of `address`; where nothing is left, how long until there is.
    fn take(&self, address: IpAddr) -> Result<(), Duration> {
        let new = || Arc::new(RateLimiter::direct(self.quota));
        let allowance = self.addresses.get_with(ipv6_prefix(address), new);
        allowance.check().map_err(|refused| refused.wait_time_from(DefaultClock::default().now()))
    }
}

/// The limit is per /64 of IPv6: that is what a subscriber gets.
fn ipv6_prefix(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// Of what is refused here, lets each address have so many a minute refused in detail; the rest is told to wait. What is not
/// refused is never held up: DingTalk pushes for many corporations from few addresses, and without trusted proxies all
/// addresses may be that of one proxy.
pub async fn refusals(State(rate_limit): State<RateLimit>, request: Request, next: Next) -> Response {
    let address = client_ip::client(&rate_limit.state.config, request.headers(), request.extensions());
    let address = address.or_else(|| client_ip::peer(request.extensions()));
    let answer = next.run(request).await;
    let refused = address.filter(|_| answer.status().is_client_error());
    match refused.map(|address| rate_limit.take(address)) {
        Some(Err(wait)) => rate_limit.too_many(wait).into_response(),
        _ => answer,
    }
}

/// Refuses those who ask too often.
pub async fn enforce(
    State(rate_limit): State<RateLimit>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(address) = client_ip::client(&rate_limit.state.config, request.headers(), request.extensions())
    else {
        return Ok(next.run(request).await);
    };
    match rate_limit.take(address) {
        Ok(()) => Ok(next.run(request).await),
        Err(wait) => Err(rate_limit.too_many(wait)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_of_ipv6_is_its_first_half() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"),
        ] {
            assert_eq!(ipv6_prefix(address.parse().unwrap()), expected.parse::<IpAddr>().unwrap());
        }
    }
}
