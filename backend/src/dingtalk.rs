//! DingTalk, as the backend talks to it.

mod answer;
mod client;
mod error;
mod platform;
mod renewing;
pub mod sign;

pub use client::{ChannelTicket, ChannelToken, Client, CorpToken};
pub use error::{Error, Kind};
pub use platform::{DingTalk, Identity, SignedPage};
