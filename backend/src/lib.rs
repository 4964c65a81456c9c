//! miandeng: login-free entry (免登) into an enterprise's pages inside DingTalk.
//!
//! A library for its own tests; the product is the binary.

mod apps;
pub mod cli;
mod clock;
pub mod config;
mod connections;
mod dingtalk;
mod healthcheck;
mod http;
mod private;
mod provider;
mod recent;
mod registry;
mod repeats;
mod secret;
mod server;
mod session;
mod store;
mod telemetry;
mod tls;
mod upstream;
mod wecom;

#[cfg(fuzzing)]
pub use http::fuzz;
