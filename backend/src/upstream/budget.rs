//! How many calls a platform gets from us. DingTalk's answer to too many is a ban of the address for five minutes, which all
//! applications behind that address pay for; so none of them may come near it alone, nor all of them together.

use crate::apps::App;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// DingTalk bans an address after 10,000 calls in 20 seconds. These two allow 9,000, and leave the rest to whatever else
/// calls from the same address.
const ADDRESS_PER_SECOND: u32 = 300;
const ADDRESS_AT_ONCE: u32 = 3_000;
/// Of its minute's calls an application may make this share at once: ten seconds' worth, so that one which suddenly asks
/// for much leaves something of `ADDRESS_AT_ONCE` to the others.
const AT_ONCE_SHARE: u32 = 6;
/// After so long without a call an application's share is whole again, and there is nothing to remember.
const MEMORY: Duration = Duration::from_secs(60);
/// More applications than any deployment has; one that is forgotten begins anew.
const MAX_APPS: u64 = 100_000;

type Limiter = Arc<DefaultDirectRateLimiter>;

/// The shares of all applications. Without any, nothing is bounded.
#[derive(Debug, Clone, Default)]
pub(super) struct Budgets(Option<Shares>);

#[derive(Debug, Clone)]
struct Shares {
    quota: Quota,
    apps: Cache<String, Limiter>,
    address: Limiter,
}

/// Whose share was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    App,
    Address,
}

impl Scope {
    pub fn label(self) -> &'static str {
        match self {
            Scope::App => "app",
            Scope::Address => "address",
        }
    }
}

/// What one application may spend, or what belongs to none.
#[derive(Debug, Clone, Default)]
pub(super) struct Budget {
    app: Option<Limiter>,
    address: Option<Limiter>,
}

impl Budgets {
    /// `per_minute` calls for each application; 0: no bound at all.
    pub fn new(per_minute: u32) -> Self {
        let direct = |quota| Arc::new(RateLimiter::direct(quota));
        let (Some(per_minute), Some(per_second), Some(at_once)) = (
            NonZeroU32::new(per_minute),
            NonZeroU32::new(ADDRESS_PER_SECOND),
            NonZeroU32::new(ADDRESS_AT_ONCE),
        ) else {
            return Self(None);
        };
        let share = NonZeroU32::new(per_minute.get() / AT_ONCE_SHARE).unwrap_or(NonZeroU32::MIN);
        Self(Some(Shares {
            quota: Quota::per_minute(per_minute).allow_burst(share),
            apps: Cache::builder().max_capacity(MAX_APPS).time_to_idle(MEMORY).build(),
            address: direct(Quota::per_second(per_second).allow_burst(at_once)),
        }))
    }

    /// What `app` may spend.
    pub fn of(&self, app: &App) -> Budget {
        let Some(shares) = &self.0 else { return Budget::default() };
        let new = || Arc::new(RateLimiter::direct(shares.quota));
        Budget {
            app: Some(shares.apps.get_with(app.id.to_string(), new)),
            address: Some(Arc::clone(&shares.address)),
        }
    }

    /// What is spent for all of them together.
    pub fn common(&self) -> Budget {
        Budget { app: None, address: self.0.as_ref().map(|shares| Arc::clone(&shares.address)) }
    }
}

impl Budget {
    /// Takes one call; where there is none, whose share was used up and how long until there is one.
    pub fn spend(&self) -> Result<(), (Scope, Duration)> {
        for (limiter, scope) in [(&self.app, Scope::App), (&self.address, Scope::Address)] {
            if let Some(Err(refused)) = limiter.as_ref().map(|limiter| limiter.check()) {
                return Err((scope, refused.wait_time_from(DefaultClock::default().now())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn app(agent: &str) -> App {
        let text = format!(
            "public_url = \"https://h5.example.com\"\n[store]\nurl = \"memory:\"\n[[apps]]\ncorp_id = \"ding1\"\n\
             agent_id = \"{agent}\"\nkind = \"channel\"\nchannel_secret = \"s\""
        );
        config::parse(&text, std::iter::empty()).config.unwrap().apps.remove(0)
    }

    /// How many of 20,000 calls there and then are let through, and why the next is not.
    fn at_once(budget: &Budget) -> (u32, Option<Scope>) {
        let mut calls = 0;
        while calls < 20_000 {
            match budget.spend() {
                Ok(()) => calls += 1,
                Err((scope, wait)) => {
                    assert!(wait <= Duration::from_secs(1), "{wait:?}");
                    return (calls, Some(scope));
                }
            }
        }
        (calls, None)
    }

    #[test]
    fn one_applications_flood_is_its_own_and_all_together_stay_below_the_ban() {
        let budgets = Budgets::new(6000);
        let (calls, scope) = at_once(&budgets.of(&app("1")));
        // A loaded machine takes a while for these, and meanwhile more are granted.
        assert!((1000..2000).contains(&calls) && scope == Some(Scope::App), "{calls} {scope:?}");
        assert!(budgets.of(&app("2")).spend().is_ok());
        let all: u32 = (2..40).map(|agent| at_once(&budgets.of(&app(&agent.to_string()))).0).sum();
        assert!(calls + all < 5000, "{calls} {all}");
        assert_eq!(at_once(&budgets.common()).1, Some(Scope::Address));
    }

    #[test]
    fn without_a_bound_nothing_is_counted() {
        let budgets = Budgets::new(0);
        assert_eq!(at_once(&budgets.of(&app("1"))), (20_000, None));
        assert_eq!(at_once(&budgets.common()), (20_000, None));
    }
}
