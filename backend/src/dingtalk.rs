//! DingTalk, as the backend talks to it.

mod answer;
mod ban;
mod budget;
mod cause;
mod client;
mod credential;
mod deadline;
mod error;
mod nonces;
mod platform;
mod policy;
mod proxies;
mod renewing;
pub mod sign;
pub mod suite;
pub(crate) mod tls;

pub use client::Client;
pub use error::{Error, Kind};
pub use nonces::Nonces;
pub use platform::{DingTalk, Identity, SuiteFailure, Ticket};
