//! Until when the visitor waits for whom a call is made. A fetch that many wait for has the time of the one who began it.

use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// A login answers within this time, whatever DingTalk does: shorter than proxies and people wait.
pub(super) const BUDGET: Duration = Duration::from_secs(20);

/// The present visitor's deadline, or that of one who comes now.
pub(super) fn current() -> Instant {
    DEADLINE.try_with(|deadline| *deadline).unwrap_or_else(|_| Instant::now() + BUDGET)
}

/// How much of it is left.
pub(super) fn left() -> Duration {
    current().saturating_duration_since(Instant::now())
}

/// Does `work` for a visitor who waits until `deadline`.
pub(super) async fn until<F: Future>(deadline: Instant, work: F) -> F::Output {
    DEADLINE.scope(deadline, work).await
}
