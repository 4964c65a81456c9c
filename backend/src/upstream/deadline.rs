//! Until when the visitor waits for whom a call is made. A fetch that many wait for has the time of the one who began it.

use super::failure::{Error, Kind};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// A login answers within this time, whatever the platform does: shorter than proxies and people wait.
pub const BUDGET: Duration = Duration::from_secs(20);

/// The present visitor's deadline, or that of one who comes now.
pub fn current() -> Instant {
    DEADLINE.try_with(|deadline| *deadline).unwrap_or_else(|_| Instant::now() + BUDGET)
}

/// How much of it is left.
pub fn left() -> Duration {
    current().saturating_duration_since(Instant::now())
}

/// Does `work` for a visitor who waits until `deadline`.
pub async fn until<F: Future>(deadline: Instant, work: F) -> F::Output {
    DEADLINE.scope(deadline, work).await
}

/// Does `work` within `budget`, over all calls together.
///
/// # Errors
/// Those of the work, and a timeout.
pub async fn within<T, E: From<Error>>(
    budget: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let deadline = Instant::now() + budget;
    match until(deadline, tokio::time::timeout_at(deadline, work)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::new("all calls together", Kind::Timeout).into()),
    }
}
