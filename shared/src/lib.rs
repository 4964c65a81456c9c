//! What crosses the wire between the page (`frontend`) and the server (`backend`): identifiers, requests, answers and
//! the catalogue of errors. Compiled for both sides, so it has no dependency but serde.

mod address;
mod cross_site;
mod error;
mod id;
mod lang;
mod return_path;
mod str_ext;
mod wire;

pub use address::{Address, Unnamed, next_in, parameter, percent_decode};
pub use cross_site::CrossSite;
pub use error::{Action, ErrorCode, Text};
pub use id::{AgentId, AppId, AuthCode, CorpId, ExternalUserId, InvalidId, OpenId, UnionId, UserId};
pub use lang::Lang;
pub use return_path::{decode_next, encode_next, return_path, to_return_path};
pub use str_ext::{cut, has};
pub use wire::{
    AppKind, ConfigAnswer, ErrorAnswer, ErrorBody, LoginAnswer, LoginRequest, ReportRequest, SessionAnswer,
    SignedConfig, TokenAnswer, UpstreamError, User, Visit,
};
