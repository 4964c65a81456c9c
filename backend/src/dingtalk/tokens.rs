//! The families of tokens and tickets that DingTalk hands out.

use crate::upstream::{Token, token};

token!(
    /// Follower side: from the channel secret, or from a suite's permanent code for the window. Good for `/channel/*` only.
    ChannelToken
);
token!(
    /// Directory side: from the corp secret. The mission's classic mistake is to use a [`ChannelToken`] here.
    CorpToken
);
token!(
    /// An H5 application's: from client id and client secret.
    AppToken
);
token!(
    /// An ISV suite's own: from suite key, suite secret and the newest suite ticket. Good for `/service/*` only.
    SuiteToken
);
token!(
    /// What a suite has in a corporation that authorised it: from the permanent code. Good for employees' codes and for
    /// the directory, and not for `/channel/*`, where the suite's token is a [`ChannelToken`] too.
    SuiteCorpToken
);
token!(
    /// Signs pages: those of a service window where a [`ChannelToken`] bought it, else those of an H5 application. Never
    /// leaves the server.
    JsapiTicket
);

/// Opens a corporation's directory.
pub trait OpensDirectory: Token {}
impl OpensDirectory for CorpToken {}
impl OpensDirectory for SuiteCorpToken {}

/// Redeems the codes of micro-apps and buys their tickets.
pub trait OpensApp: Token {}
impl OpensApp for AppToken {}
impl OpensApp for SuiteCorpToken {}
