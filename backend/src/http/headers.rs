//! Headers that several answers have.

use axum::http::{HeaderName, HeaderValue};

pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Which pages may include an answer.
pub const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
pub const CROSS_ORIGIN: HeaderValue = HeaderValue::from_static("cross-origin");
