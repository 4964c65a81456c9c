//! The applications that people log in to, and the suites that bring some of them: types only.

mod app;
mod brand;
mod credentials;
mod suite;

pub use app::{App, SignAlg};
pub use brand::{Brand, Color};
pub use credentials::{Audience, Credentials, Granted, defaults};
pub use suite::Suite;
