//! `[limits]`: what the server bears, and from whom.

use super::reader::Section;
use super::value::number;
use serde::Serialize;

/// Bounds on those who come.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Limits {
    /// Connections of the public listener at one time.
    pub connections: usize,
}

/// More people than follow most windows can be here at once, and each connection costs some 20 KiB: 200 MiB when all
/// are taken.
const CONNECTIONS: u32 = 10_000;

impl Limits {
    pub fn read(mut s: Section<'_>) -> Self {
        let connections = s.optional("connections", number(1)).unwrap_or(CONNECTIONS);
        s.finish();
        Limits { connections: usize::try_from(connections).unwrap_or(usize::MAX) }
    }
}
