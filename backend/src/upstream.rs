//! Below every platform: how it is called, what a failure means, and how a credential is kept. Nothing in here knows which
//! platforms there are.

mod breaker;
mod budget;
mod cause;
mod credential_cache;
pub mod deadline;
mod failure;
mod http;
mod json;
mod policy;
mod proxies;
mod token;

pub use credential_cache::{Cached, CredentialCache, RefusalMemory};
pub use failure::{Error, Kind, Role};
pub use http::{Reply, Upstream, named_pause};
pub use json::{json, number, seconds, text, unpacked, whole, without_fraction};
pub(crate) use token::token;
pub use token::{Issued, Token};

#[cfg(test)]
pub(crate) use credential_cache::REFUSAL_MEMORY;
#[cfg(test)]
pub(crate) use policy::Policy;
