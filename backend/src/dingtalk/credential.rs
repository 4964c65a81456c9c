//! Tokens and tickets, each family a type of its own.

use crate::config::Secret;
use std::time::Duration;

/// Something secret that DingTalk hands out for a while.
pub trait Credential: Clone + PartialEq + Send + Sync + 'static {
    fn from_secret(secret: Secret) -> Self;
    /// For the store.
    fn secret(&self) -> &Secret;
}

macro_rules! credential {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name(Secret);

        impl Credential for $name {
            fn from_secret(secret: Secret) -> Self {
                Self(secret)
            }
            fn secret(&self) -> &Secret {
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

credential!(
    /// Follower side: from the channel secret, or from a suite's permanent code for the window. Good for `/channel/*` only.
    ChannelToken
);
credential!(
    /// Directory side: from the corp secret. The mission's classic mistake is to use a [`ChannelToken`] here.
    CorpToken
);
credential!(
    /// An H5 application's: from client id and client secret.
    AppToken
);
credential!(
    /// An ISV suite's own: from suite key, suite secret and the newest suite ticket. Good for `/service/*` only.
    SuiteToken
);
credential!(
    /// What a suite has in a corporation that authorised it: from the permanent code. Good for employees' codes and for
    /// the directory, and not for `/channel/*`, where the suite's token is a [`ChannelToken`] too.
    SuiteCorpToken
);
credential!(
    /// Signs pages of a service window. Never leaves the server.
    ChannelTicket
);
credential!(
    /// Signs pages of an H5 application.
    AppTicket
);

/// Opens a corporation's directory.
pub trait OpensDirectory: Credential {}
impl OpensDirectory for CorpToken {}
impl OpensDirectory for SuiteCorpToken {}

/// Redeems the codes of micro-apps and buys their tickets.
pub trait OpensApp: Credential {}
impl OpensApp for AppToken {}
impl OpensApp for SuiteCorpToken {}

/// A credential with the lifetime that DingTalk gave it.
#[derive(Debug, Clone)]
pub struct Issued<T> {
    pub value: T,
    pub lifetime: Duration,
}
