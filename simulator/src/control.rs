//! `/_sim`: how a test, or the phone page, turns the simulator's knobs.

mod problem;
mod routes;

pub use problem::{Problem, Wanted};
pub use routes::routes;
