//! `/_sim`: how a test, or the phone page, changes the simulator's settings.

mod events;
mod handover;
mod look;
mod problem;
mod pushing;
mod routes;
mod stream;
mod suites;
mod sync;

pub use handover::forgetting;
pub use problem::{Problem, Wanted, from_json};
pub use routes::routes;
pub use suites::require_callback;
