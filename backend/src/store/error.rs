//! Why a store did not answer.

use super::redis::remedy;

/// Carries no value and no password.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store did not answer in time")]
    Timeout,
    #[error("redis: {said}{remedy}", said = in_one_line(.0), remedy = remedy(.0))]
    Redis(::redis::RedisError),
    #[error("the connection was lost")]
    Lost,
    #[error("embedded store: {said}", said = in_one_line(.0))]
    Embedded(#[from] redb::Error),
    #[error("the store holds something that is not ours")]
    Unreadable,
    #[error("the store's own thread failed: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// By hand, so that the error is no `source` as well, whose words the log would repeat.
impl From<::redis::RedisError> for StoreError {
    fn from(error: ::redis::RedisError) -> Self {
        Self::Redis(error)
    }
}

/// A line of the log is one line.
fn in_one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
