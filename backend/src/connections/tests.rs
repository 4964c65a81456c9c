//! Time is paused: it passes only while every task waits, so that two minutes cost nothing.
//!
//! What the kernel has under way is no task, and time would leap ahead of it: such connections are of memory.

use super::memory::{BUFFER, Memory, PEER};
use super::timeouts::{FIRST_HEAD, FIRST_HEAD_CROWDED, NEXT_HEAD, STALL, STALL_CROWDED};
use super::*;
use axum::routing::{get, post};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// An answer of several buffers.
const BIG: usize = 16 * BUFFER;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Client = Box<dyn Stream>;

struct Running {
    /// A new connection, unless the server takes no more.
    knock: Box<dyn Fn() -> Option<Client>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    /// Lets one request to `/slow` go on.
    go: Arc<Notify>,
    /// Says that one has come.
    come: Arc<Notify>,
}

/// A server over memory.
fn start(seats: usize) -> Running {
    let (door, source) = mpsc::unbounded_channel();
    let knock = move || {
        let (client, server) = tokio::io::duplex(BUFFER);
        door.send(server).ok()?;
        Some(Box::new(client) as Client)
    };
    run(Memory(source), seats, knock)
}

/// A server over TCP.
async fn start_tcp(seats: usize) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let knock = move || {
        let stream = std::net::TcpStream::connect(address).ok()?;
        stream.set_nonblocking(true).unwrap();
        Some(Box::new(TcpStream::from_std(stream).unwrap()) as Client)
    };
    run(listener, seats, knock)
}

fn run<S: Source>(source: S, seats: usize, knock: impl Fn() -> Option<Client> + 'static) -> Running {
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
        .route("/big", get(async || vec![b'x'; BIG]))
        .route("/slow", get(slow))
        .route("/body", post(async |body: String| body));
    let seats = Seats { number: seats, metrics: telemetry::PUBLIC };
    let task = tokio::spawn(serve(source, app, seats, stopping));
    Running { knock: Box::new(knock), stop, task, go, come }
}

impl Running {
    fn connect(&self) -> Client {
        (self.knock)().expect("closed")
    }

    /// A connection that was served once and is kept.
    async fn idle(&self) -> Client {
        let mut stream = self.connect();
        send(&mut stream, HELLO).await;
        answer(&mut stream, "hello").await;
        stream
    }

    /// A connection whose request is being served until `go`.
    async fn busy(&self) -> Client {
        let mut stream = self.connect();
        send(&mut stream, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        self.come.notified().await;
        stream
    }

    /// A connection that asks for `requests` big answers and reads none of them.
    async fn stuck(&self, requests: usize) -> Client {
        let mut stream = self.connect();
        send(&mut stream, &"GET /big HTTP/1.1\r\nhost: x\r\n\r\n".repeat(requests)).await;
        stream
    }
}

async fn send(stream: &mut Client, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// One answer that ends with `end`.
async fn answer(stream: &mut Client, end: &str) -> String {
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
async fn closed_after(stream: &mut Client) -> Duration {
    let since = Instant::now();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    since.elapsed()
}

/// How long it takes until the server has closed a connection whose answers wait to be read: it then refuses what we send.
async fn refused_after(stream: &mut Client) -> Duration {
    let since = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(since.elapsed() < NEXT_HEAD * 2, "never closed");
    }
    since.elapsed()
}

const HELLO: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// The timer counts in milliseconds.
fn about(time: Duration, expected: Duration) -> bool {
    time.abs_diff(expected) < Duration::from_millis(50)
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_cut() {
    let server = start(9);
    let mut stream = server.connect();
    send(&mut stream, "GET / HTTP/1.1\r\nhost:").await;
    assert!(about(closed_after(&mut stream).await, FIRST_HEAD));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_in_is_cut() {
    let server = start(9);
    let mut stream = server.connect();
    let since = Instant::now();
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(since.elapsed() < FIRST_HEAD * 2);
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_cut_at_the_beginning_soon_and_later_late() {
    let server = start(9);
    let mut stream = server.connect();
    assert!(about(closed_after(&mut stream).await, FIRST_HEAD));
    let mut stream = server.connect();
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
    let server = start(9);
    let mut stream = server.busy().await;
    tokio::time::sleep(NEXT_HEAD * 3).await;
    server.go.notify_one();
    answer(&mut stream, "slow").await;
    assert!(about(closed_after(&mut stream).await, NEXT_HEAD));
}

#[tokio::test(start_paused = true)]
async fn where_all_seats_are_taken_who_does_nothing_has_to_leave() {
    let server = start(2);
    let mut idle = server.idle().await;
    let mut busy = server.busy().await;
    let mut third = server.connect();
    send(&mut third, HELLO).await;
    answer(&mut third, "hello").await;
    assert!(closed_after(&mut idle).await < Duration::from_secs(1));
    server.go.notify_one();
    let last = answer(&mut busy, "slow").await;
    assert!(last.contains("connection: close"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn where_everybody_is_served_the_next_one_waits() {
    let server = start(1);
    let mut busy = server.busy().await;
    let mut second = server.connect();
    send(&mut second, HELLO).await;
    let waited = tokio::time::timeout(Duration::from_secs(60), second.read(&mut [0; 1])).await;
    assert!(waited.is_err(), "answered or closed although there was no seat");
    server.go.notify_one();
    answer(&mut busy, "slow").await;
    answer(&mut second, "hello").await;
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_refused() {
    let server = start(9);
    let mut stream = server.connect();
    send(&mut stream, &format!("GET / HTTP/1.1\r\nhost: x\r\ncookie: {}", "x".repeat(MAX_HEAD))).await;
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told).await;
    assert!(told.starts_with(b"HTTP/1.1 431 "), "{told:?}");
}

/// Finding 13 of the penetration test: 70,000 bytes were answered.
#[tokio::test(start_paused = true)]
async fn p13_a_head_may_have_64_kib_and_not_a_byte_more() {
    let server = start(9);
    for (length, status) in
        [(MAX_HEAD, "200"), (MAX_HEAD + 1, "431"), (70_000, "431"), (100_000, "431"), (120_000, "431")]
    {
        let frame = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: \r\n\r\n".len();
        let cookie = "x".repeat(length - frame);
        let head = format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n");
        assert_eq!(head.len(), length);
        let mut stream = server.connect();
        send(&mut stream, &head).await;
        let mut told = Vec::new();
        let _ = stream.read_to_end(&mut told).await;
        let told = String::from_utf8_lossy(&told);
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{length}: {told}");
    }
}

/// Finding 7: such connections held their seats for 130 s.
#[tokio::test(start_paused = true)]
async fn p7_a_client_that_takes_no_answer_is_cut() {
    let server = start(9);
    for requests in [1, 2, 12] {
        let mut stuck = server.stuck(requests).await;
        let after = refused_after(&mut stuck).await;
        assert!((STALL..Duration::from_secs(15)).contains(&after), "{requests} requests: {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn p7_crumbs_prolong_nothing() {
    let server = start(9);
    let mut stuck = server.stuck(2).await;
    let since = Instant::now();
    // A few bytes every now and then, which are no progress.
    let mut crumbs = [0; 64];
    while stuck.write_all(b"x").await.is_ok() && stuck.read(&mut crumbs).await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(since.elapsed() < NEXT_HEAD, "never closed");
    }
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn p7_where_unread_answers_hold_all_seats_others_wait_for_a_moment_only() {
    let server = start(3);
    let mut stuck = Vec::new();
    for requests in [1, 2, 12] {
        stuck.push(server.stuck(requests).await);
    }
    for _ in 0..3 {
        let since = Instant::now();
        let mut other = server.connect();
        send(&mut other, HELLO).await;
        answer(&mut other, "hello").await;
        assert!(since.elapsed() <= STALL_CROWDED + Duration::from_millis(50), "{:?}", since.elapsed());
    }
    for mut stuck in stuck {
        assert!(refused_after(&mut stuck).await < Duration::from_secs(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_all_of_it() {
    let server = start(9);
    let mut slow = server.connect();
    send(&mut slow, "GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let (mut read, mut part) = (0, vec![0; BUFFER]);
    while read < BIG {
        tokio::time::sleep(STALL / 5).await;
        let n = slow.read(&mut part).await.unwrap();
        assert_ne!(n, 0, "cut after {read} bytes");
        read += n;
    }
}

/// Finding 6, for the operator's listener: 64 seats and 300 silent connections.
#[tokio::test(start_paused = true)]
async fn p6_silent_connections_give_way_to_those_that_speak() {
    let server = start(2);
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(server.connect());
    }
    let since = Instant::now();
    let mut other = server.connect();
    send(&mut other, HELLO).await;
    answer(&mut other, "hello").await;
    let rounds = 3;
    assert!(
        since.elapsed() <= FIRST_HEAD_CROWDED * rounds + Duration::from_millis(200),
        "{:?}",
        since.elapsed()
    );
}

/// A8 of the redesign: nothing listened for the stop while a newcomer waited for a seat.
#[tokio::test(start_paused = true)]
async fn a8_a_stop_is_heard_while_all_seats_are_taken() {
    let server = start(1);
    let mut busy = server.busy().await;
    let mut waiting = server.connect();
    send(&mut waiting, HELLO).await;
    // It is accepted, and waits for the seat.
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.stop.send_replace(true);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!((server.knock)().is_none(), "the stop was not heard");
    server.go.notify_one();
    answer(&mut busy, "slow").await;
    answer(&mut waiting, "hello").await;
    assert_eq!(closed_after(&mut waiting).await, Duration::ZERO);
    server.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn handlers_know_the_peer() {
    let server = start(9);
    let mut stream = server.connect();
    send(&mut stream, "GET /peer HTTP/1.1\r\nhost: x\r\n\r\n").await;
    answer(&mut stream, &PEER.to_string()).await;
}

#[tokio::test(start_paused = true)]
async fn at_the_end_connections_of_the_queue_are_served_and_may_finish() {
    assert_eq!(idle_closed_at_the_end(start(9)).await, Duration::ZERO);
}

#[tokio::test]
async fn at_the_end_connections_of_the_kernels_queue_are_served_and_may_finish() {
    idle_closed_at_the_end(start_tcp(9).await).await;
}

/// How long it takes until a connection that is not in use is closed.
async fn idle_closed_at_the_end(server: Running) -> Duration {
    let mut idle = server.idle().await;
    let mut busy = server.busy().await;
    // There is no accept before the next await, so these two wait in the queue while the server is asked to stop.
    let knocked = [server.connect(), server.connect()];
    server.stop.send_replace(true);
    for mut stream in knocked {
        send(&mut stream, HELLO).await;
        let last = answer(&mut stream, "hello").await;
        assert!(last.contains("connection: close"), "{last}");
    }
    let closed_after = closed_after(&mut idle).await;
    assert!((server.knock)().is_none(), "no other is let in");
    assert!(!server.task.is_finished());
    server.go.notify_one();
    answer(&mut busy, "slow").await;
    server.task.await.unwrap();
    closed_after
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
