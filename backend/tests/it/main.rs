//! Everything that needs the running binary: HTTP against `miandeng serve`, with a simulator as DingTalk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so"
)]

mod answers;
mod api;
mod app_sessions;
mod audit;
mod auth;
mod browser;
mod calls;
mod causes;
mod cli;
mod deploy;
mod failover;
mod failures;
mod h5;
mod headers;
mod kills;
mod limits;
mod login_loops;
mod matrix;
mod outages;
mod peers;
mod pitfalls;
mod proxies;
mod refusals;
mod rented;
mod repeats;
mod revocation;
mod security_doc;
mod sessions;
mod state_dir;
mod store;
mod suite_matrix;
mod suites;
mod support;
mod synchttp;
mod token;
mod verify_jwt;
mod visit;
mod wecom;
