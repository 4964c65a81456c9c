//! The page in Chromium, at the size of a phone, reading what a person would read.

mod assets;
mod axe;
mod demo;
mod engine;
mod entry;
mod failures;
mod front_end;
mod guarded;
mod h5;
mod hot_path;
mod look;
mod matrix;
mod native;
mod neighbours;
mod old_engines;
mod phone;
mod pictures;
mod policy;
mod proxies;
mod sdk;
mod targets;
mod wecom;
mod wecom_phone;

pub use phone::{Phone, Ua};
