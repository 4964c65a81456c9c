//! miandeng: login-free entry (免登) into an enterprise's pages inside DingTalk.
//!
//! A library as well as a binary, so that an Axum application can nest the router.

mod apps;
pub mod cli;
mod clock;
pub mod config;
mod connections;
pub mod dingtalk;
mod healthcheck;
pub mod http;
mod private;
mod provider;
mod recent;
mod registry;
mod repeats;
mod secret;
pub mod server;
pub mod session;
pub mod state;
pub mod store;
mod telemetry;
mod upstream;
mod wecom;

#[cfg(fuzzing)]
pub use http::fuzz;
