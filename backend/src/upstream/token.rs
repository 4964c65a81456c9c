//! Tokens and tickets, each family a type of its own.

use crate::secret::Secret;
use std::time::Duration;

/// Something secret that a platform hands out for a while.
pub trait Token: Clone + PartialEq + Send + Sync + 'static {
    fn from_secret(secret: Secret) -> Self;
    /// For the store.
    fn secret(&self) -> &Secret;
}

/// Declares a family of tokens.
macro_rules! token {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name($crate::secret::Secret);

        impl $crate::upstream::Token for $name {
            fn from_secret(secret: $crate::secret::Secret) -> Self {
                Self(secret)
            }
            fn secret(&self) -> &$crate::secret::Secret {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}
pub(crate) use token;

/// A token with the lifetime that the platform gave it.
#[derive(Debug, Clone)]
pub struct Issued<T> {
    pub value: T,
    pub lifetime: Duration,
}

/// The documented lifetime of tokens and tickets, for an answer that does not name one.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7200);
/// No token or ticket lives as long. An answer that says more is wrong, and must not reach the clocks.
const LONGEST_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// What is said to live for no time at all is kept for this long all the same, or every request would fetch another.
const NO_LIFETIME: Duration = Duration::from_secs(60);
/// The same for what lives hardly any.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(2);

impl<T: Token> Issued<T> {
    /// `secret` with the lifetime in seconds that the answer names.
    pub fn new(secret: String, expires_in: Option<i64>) -> Self {
        let lifetime = match expires_in.map(u64::try_from) {
            None => DEFAULT_LIFETIME,
            Some(Ok(0) | Err(_)) => NO_LIFETIME,
            Some(Ok(seconds)) => Duration::from_secs(seconds).clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME),
        };
        Self { value: T::from_secret(Secret::new(secret)), lifetime }
    }
}
