//! The judge on trial: every verdict, over HTTP, against a simulator of the test's own.

mod control;
mod desk;
mod journal;
mod native;
mod oapi;
mod signature;
