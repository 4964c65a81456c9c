//! The page in Chromium, at the size of a phone, reading what a person would read.

mod demo;
mod failures;
mod native;
mod phone;
mod sdk;

pub use phone::{Phone, Ua};
