//! The applications that people log in to, and the suites that bring some of them: types only.

mod app;
mod brand;
mod credentials;
mod jsapi;
mod suite;

pub use app::{App, tag};
pub use brand::{Brand, Color};
pub use credentials::{Audience, Credentials, SuiteGrant};
pub use jsapi::{Jsapi, SignAlg};
pub use suite::Suite;
