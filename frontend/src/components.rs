//! What the person sees: one look for waiting and one for everything that is over, and the component that chooses.

mod auto_login;
mod failed;
mod greeting;
mod told;
mod waiting;

pub use auto_login::AutoLogin;
use told::{Details, Told};
use waiting::Waiting;
