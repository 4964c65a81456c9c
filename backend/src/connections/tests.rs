//! Time is paused: it passes only while everybody waits, so that two minutes cost nothing.

use super::patience::{FIRST_HEAD, NEXT_HEAD};
use super::*;
use axum::routing::{get, post};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;

struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    /// Lets one request to `/slow` go on.
    go: Arc<Notify>,
    /// Says that one has come.
    come: Arc<Notify>,
}

async fn start(seats: usize) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = watch::channel(false);
    let (go, come) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (gone, came) = (Arc::clone(&go), Arc::clone(&come));
    let slow = async move || {
        came.notify_one();
        gone.notified().await;
        "slow"
    };
    let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/peer", get(peer))
        .route("/slow", get(slow))
        .route("/body", post(async |body: String| body));
    let task = tokio::spawn(serve(listener, app, seats, stopping));
    Running { address, stop, task, go, come }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection that was served once and is kept.
    async fn idle(&self) -> TcpStream {
        let mut stream = self.connect().await;
        send(&mut stream, HELLO).await;
        answer(&mut stream, "hello").await;
        stream
    }

    /// A connection whose request is being served until `go`.
    async fn busy(&self) -> TcpStream {
        let mut stream = self.connect().await;
        send(&mut stream, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        self.come.notified().await;
        stream
    }
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// One answer that ends with `end`.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let mut part = [0; 1024];
        let n = stream.read(&mut part).await.unwrap();
        assert_ne!(n, 0, "closed after {answer:?}");
        answer.push_str(std::str::from_utf8(&part[..n]).unwrap());
    }
    answer
}

/// How long it takes until the server closes the connection, without another byte.
async fn closed_after(stream: &mut TcpStream) -> Duration {
    let since = Instant::now();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    since.elapsed()
}

const HELLO: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// The timer counts in milliseconds.
fn about(time: Duration, expected: Duration) -> bool {
    time.abs_diff(expected) < Duration::from_millis(50)
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_cut() {
    let server = start(9).await;
    let mut stream = server.connect().await;
    send(&mut stream, "GET / HTTP/1.1\r\nhost:").await;
    assert!(about(closed_after(&mut stream).await, FIRST_HEAD));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut() {
    let server = start(9).await;
    let mut stream = server.connect().await;
    let since = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(since.elapsed() < FIRST_HEAD * 2);
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_cut_at_the_beginning_soon_and_later_late() {
    let server = start(9).await;
    let mut stream = server.connect().await;
    assert!(about(closed_after(&mut stream).await, FIRST_HEAD));
    let mut stream = server.connect().await;
    for _ in 0..3 {
        send(&mut stream, HELLO).await;
        answer(&mut stream, "hello").await;
        tokio::time::sleep(NEXT_HEAD - Duration::from_secs(1)).await;
    }
    send(&mut stream, HELLO).await;
    answer(&mut stream, "hello").await;
    assert!(about(closed_after(&mut stream).await, NEXT_HEAD));
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_is_waited_for() {
    let server = start(9).await;
    let mut stream = server.busy().await;
    tokio::time::sleep(NEXT_HEAD * 3).await;
    server.go.notify_one();
    answer(&mut stream, "slow").await;
    assert!(about(closed_after(&mut stream).await, NEXT_HEAD));
}

#[tokio::test(start_paused = true)]
async fn where_all_seats_are_taken_who_does_nothing_has_to_leave() {
    let server = start(2).await;
    let mut idle = server.idle().await;
    let mut busy = server.busy().await;
    let mut third = server.connect().await;
    send(&mut third, HELLO).await;
    answer(&mut third, "hello").await;
    assert!(closed_after(&mut idle).await < Duration::from_secs(1));
    server.go.notify_one();
    let last = answer(&mut busy, "slow").await;
    assert!(last.contains("connection: close"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn where_everybody_is_served_the_next_one_waits() {
    let server = start(1).await;
    let mut busy = server.busy().await;
    let mut second = server.connect().await;
    send(&mut second, HELLO).await;
    let waited = tokio::time::timeout(Duration::from_secs(60), second.read(&mut [0; 1])).await;
    assert!(waited.is_err(), "answered or closed although there was no seat");
    server.go.notify_one();
    answer(&mut busy, "slow").await;
    answer(&mut second, "hello").await;
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_refused() {
    let server = start(9).await;
    let mut stream = server.connect().await;
    send(&mut stream, &format!("GET / HTTP/1.1\r\nhost: x\r\ncookie: {}", "x".repeat(MAX_HEAD))).await;
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told).await;
    assert!(told.starts_with(b"HTTP/1.1 431 "), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn handlers_know_the_peer() {
    let server = start(9).await;
    let mut stream = server.connect().await;
    send(&mut stream, "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let address = stream.local_addr().unwrap().to_string();
    answer(&mut stream, &address).await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end_whoever_has_knocked_is_let_in_and_may_finish() {
    let server = start(9).await;
    let mut idle = server.idle().await;
    let mut busy = server.busy().await;
    // Nobody accepts before the next await, so these two wait in the kernel's queue while we are asked to stop.
    let knock = || {
        let stream = std::net::TcpStream::connect(server.address).unwrap();
        stream.set_nonblocking(true).unwrap();
        TcpStream::from_std(stream).unwrap()
    };
    let knocked = [knock(), knock()];
    server.stop.send_replace(true);
    for mut stream in knocked {
        send(&mut stream, HELLO).await;
        let last = answer(&mut stream, "hello").await;
        assert!(last.contains("connection: close"), "{last}");
    }
    assert_eq!(closed_after(&mut idle).await, Duration::ZERO);
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody else is let in");
    assert!(!server.task.is_finished());
    server.go.notify_one();
    answer(&mut busy, "slow").await;
    server.task.await.unwrap();
}

#[test]
fn f13_a_clock_that_http_cannot_write_is_noticed() {
    let at = |seconds: u64| UNIX_EPOCH + Duration::from_secs(seconds);
    for now in [UNIX_EPOCH, at(1), at(1_795_613_171), at(YEAR_10000 - 1)] {
        assert!(http_has_date(now), "{now:?}");
    }
    for now in [
        at(YEAR_10000),
        at(YEAR_10000 * 2),
        UNIX_EPOCH - Duration::from_nanos(1),
        UNIX_EPOCH - Duration::from_secs(1 << 40),
    ] {
        assert!(!http_has_date(now), "{now:?}");
    }
    assert!(http_has_date(SystemTime::now()));
}
