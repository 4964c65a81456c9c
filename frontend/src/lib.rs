//! The page that logs a follower of a DingTalk service window (服务窗) in, without touching anything: the login, and the
//! view of it. `miandeng`'s own page has them in two modules, so that a login waits for nothing that it does not need.
//!
//! [`AutoLogin`] is both in one. A Leptos application of your own wraps itself in it:
//!
//! ```ignore
//! fn main() {
//!     miandeng_frontend::remember_entry(); // before a router changes the address
//!     leptos::mount::mount_to_body(|| view! { <AutoLogin><App /></AutoLogin> });
//! }
//! ```
//!
//! `App` is shown once a person is logged in and finds [`LoggedIn`] in its context.

// The login's module has a part of what the view's has.
#![cfg_attr(not(feature = "view"), allow(dead_code))]

mod api;
mod browser;
#[cfg(feature = "view")]
mod components;
pub mod dd;
pub mod entry;
pub mod env;
pub mod failure;
pub mod fast_path;
pub mod flow;
pub mod happened;
mod js;
pub mod json;
mod login;
pub mod settle;
mod shown;
#[cfg(feature = "view")]
pub mod view;

pub use browser::remember_entry;
#[cfg(feature = "view")]
pub use components::AutoLogin;
pub use flow::LoggedIn;
