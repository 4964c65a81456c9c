//! What the person sees: one component for each kind of stage, and the one that chooses.

mod auto_login;
mod failed;
mod greeting;
mod waiting;

pub use auto_login::AutoLogin;
use failed::Failed;
use greeting::Greeting;
use waiting::Waiting;
