use super::*;
use crate::secret::Secret;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A platform that hands out 1, 2, 3 … with the given lifetime, or fails.
struct Mint {
    calls: Arc<AtomicUsize>,
    cache: CredentialCache<Coin>,
}

#[derive(Clone, PartialEq)]
struct Coin(Secret);

impl Token for Coin {
    fn from_secret(secret: Secret) -> Self {
        Coin(secret)
    }
    fn secret(&self) -> &Secret {
        &self.0
    }
}

fn coin(number: usize) -> Coin {
    Coin(Secret::new(number.to_string()))
}

impl Mint {
    fn new() -> Self {
        let cache = CredentialCache::new("test", &Arc::new(Store::memory()), Duration::from_secs(20));
        Mint { calls: Arc::default(), cache }
    }

    /// Lifetime 0: the platform is busy; 1: it refuses the secret.
    async fn get(&self, lifetime: u64) -> Result<usize, Error> {
        let calls = Arc::clone(&self.calls);
        let fetch = || async move {
            tokio::task::yield_now().await;
            let value = calls.fetch_add(1, Ordering::SeqCst) + 1;
            match lifetime {
                0 => Err(Error::new("/test", Kind::Busy)),
                1 => Err(Error::new("/test", Kind::Misconfigured)),
                secs => Ok(Issued { value: coin(value), lifetime: Duration::from_secs(secs) }),
            }
        };
        let coin = self.cache.get("corp", fetch).await?;
        Ok(coin.secret().expose().parse().unwrap())
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

async fn settle() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn everybody_waits_for_one_fetch() {
    let mint = Mint::new();
    let all = futures_util::future::join_all((0..500).map(|_| mint.get(7200))).await;
    assert!(all.into_iter().all(|value| value.unwrap() == 1));
    assert_eq!(mint.calls(), 1);
}

#[tokio::test]
async fn everybody_shares_one_failure_and_the_next_tries_again() {
    let mint = Mint::new();
    let all = futures_util::future::join_all((0..500).map(|_| mint.get(0))).await;
    assert!(all.into_iter().all(|value| value.unwrap_err().kind == Kind::Busy));
    assert_eq!(mint.calls(), 1);
    assert_eq!(mint.get(7200).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn renewed_ten_minutes_early_while_the_old_one_serves() {
    let mint = Mint::new();
    assert_eq!(mint.get(7200).await.unwrap(), 1);
    tokio::time::advance(Duration::from_secs(6599)).await;
    assert_eq!(mint.get(7200).await.unwrap(), 1);
    settle().await;
    assert_eq!(mint.calls(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(mint.get(7200).await.unwrap(), 1, "the old one serves while the new one is fetched");
    settle().await;
    assert_eq!(mint.get(7200).await.unwrap(), 2);
    assert_eq!(mint.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_pauses_and_the_old_one_serves_to_its_end() {
    let mint = Mint::new();
    mint.get(7200).await.unwrap();
    tokio::time::advance(Duration::from_secs(6700)).await;
    for _ in 0..50 {
        assert_eq!(mint.get(0).await.unwrap(), 1);
        settle().await;
    }
    assert_eq!(mint.calls(), 2);
    tokio::time::advance(Duration::from_secs(501)).await;
    assert_eq!(mint.get(0).await.unwrap_err().kind, Kind::Busy, "never served past its expiry");
}

#[tokio::test(start_paused = true)]
async fn a_refused_secret_is_remembered_for_a_short_while() {
    let mint = Mint::new();
    for _ in 0..50 {
        assert_eq!(mint.get(1).await.unwrap_err().kind, Kind::Misconfigured);
    }
    assert_eq!(mint.calls(), 1);
    tokio::time::advance(REFUSAL_MEMORY).await;
    assert_eq!(mint.get(7200).await.unwrap(), 2);
}

#[tokio::test]
async fn only_the_rejected_one_is_dropped() {
    let mint = Mint::new();
    assert_eq!(mint.get(7200).await.unwrap(), 1);
    assert!(mint.cache.drop_if("corp", &coin(1), Trigger::Rejected).await);
    assert_eq!(mint.get(7200).await.unwrap(), 2);
    assert!(!mint.cache.drop_if("corp", &coin(1), Trigger::Rejected).await);
    assert_eq!(mint.get(7200).await.unwrap(), 2);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_take_the_fetch_along() {
    let mint = Mint::new();
    assert!(mint.get(7200).now_or_never().is_none());
    assert_eq!(mint.get(7200).await.unwrap(), 1);
    assert_eq!(mint.calls(), 1);
}

#[tokio::test]
async fn a7_what_lands_after_it_was_forgotten_is_not_kept() {
    let (dir, key) = (std::env::temp_dir().join(format!("miandeng-a7-{}", std::process::id())), "corp");
    std::fs::create_dir_all(&dir).unwrap();
    let embedded = Store::open(&crate::config::Store::Embedded, dir.to_str().unwrap()).await.unwrap();
    for store in [Store::memory(), embedded] {
        let cache: CredentialCache<Coin> =
            CredentialCache::new("test", &Arc::new(store), Duration::from_secs(20));
        let issue = |number| Ok(Issued { value: coin(number), lifetime: Duration::from_secs(7200) });
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let fetching = Arc::new(tokio::sync::Notify::new());
        let began = Arc::clone(&fetching);
        let slow = async move {
            began.notify_one();
            let _ = wait.await;
            issue(1)
        };
        let first = tokio::spawn({
            let cache = cache.clone();
            async move { cache.get(key, || slow).await }
        });
        fetching.notified().await;
        cache.forget(key).await;
        go.send(()).unwrap();
        assert!(first.await.unwrap().unwrap() == coin(1), "the one who waited is served");
        assert!(cache.held(key).is_none());
        let next = cache.get(key, || async move { issue(2) }).await.unwrap();
        assert!(next == coin(2), "neither memory nor the store gives it back");
    }
    let _ = std::fs::remove_dir_all(dir);
}
