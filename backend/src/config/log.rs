//! `log`: how a line of the log is written.

use serde::{Deserialize, Serialize};

/// The shape of the log on stderr.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    /// An object per line, for programs that collect logs.
    Json,
}
