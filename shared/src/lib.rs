//! What crosses the wire between the page (`frontend`) and the server (`backend`): identifiers, requests, answers and
//! the catalogue of errors. Compiled for both sides, so it has no dependency but serde.

mod address;
mod error;
mod id;
mod lang;
mod return_path;
mod wire;

pub use address::{Address, Unnamed, next_in, parameter, percent_decode};
pub use error::{Action, CrossSite, ErrorAnswer, ErrorBody, ErrorCode, Text, UpstreamError};
pub use id::{AgentId, AuthCode, CorpId, ExternalUserId, InvalidId, OpenId, UnionId, UserId};
pub use lang::Lang;
pub use return_path::{decode_next, encode_next, return_path};
pub use wire::{
    AppKind, ConfigAnswer, LoginAnswer, LoginRequest, ReportRequest, SessionAnswer, SignedConfig,
    TokenAnswer, User, Visit,
};
