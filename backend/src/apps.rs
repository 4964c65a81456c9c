//! The applications that people log in to, and the suites that bring some of them: types only.

pub use crate::config::{App, Audience, Credentials, Granted, SignAlg, Suite};
