//! The judge on trial: every verdict, over HTTP, against a simulator of the test's own.

// Clippy knows tests by their attribute; the helpers beside them fail a test the same way.
#![allow(clippy::unwrap_used, clippy::panic)]

mod control;
mod desk;
mod envelope;
mod isv;
mod journal;
mod jsapi;
mod logins;
mod member;
mod native;
mod node;
mod oapi;
mod phone;
mod push;
mod signature;
mod stream;
mod suites;
mod wecom;
