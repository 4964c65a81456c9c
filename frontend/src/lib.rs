//! The page that logs a follower of a DingTalk service window (服务窗) in, without touching anything.
//!
//! [`AutoLogin`] is the whole of it. A Leptos application of your own wraps itself in it:
//!
//! ```ignore
//! fn main() {
//!     miandeng_frontend::remember_entry(); // before a router changes the address
//!     leptos::mount::mount_to_body(|| view! { <AutoLogin><App /></AutoLogin> });
//! }
//! ```
//!
//! `App` is shown once somebody is logged in and finds [`LoggedIn`] in its context.

mod api;
mod clipboard;
mod components;
mod cut;
pub mod dd;
pub mod entry;
pub mod env;
pub mod failure;
pub mod flow;
mod json;
mod login;
mod page;
mod text;

pub use components::AutoLogin;
pub use flow::LoggedIn;
pub use page::remember_entry;
