//! A listener's connections: how many there may be, how long one may keep silent or leave an answer untaken, and an end
//! at which all that wait in the kernel's queue are served and may finish.

#[cfg(test)]
mod memory;
mod timeouts;
mod watched;

use crate::telemetry;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{SystemTime, UNIX_EPOCH};
use timeouts::{Last, Timeouts};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, watch};
use watched::WatchedStream;

/// The head of a request with the longest address that is signed and a full jar of cookies is a third of this; longer
/// ones are answered 431. It bounds what a connection can make us hold.
const MAX_HEAD: usize = 64 * 1024;

/// How many connections a listener may have, and under which names they are counted.
pub struct Seats {
    pub number: usize,
    pub metrics: telemetry::Connections,
}

/// Serves `app` until `stop` turns true, then everything that the kernel has accepted for us by then, because it must not
/// be turned away, and returns when all requests are answered.
///
/// At most so many connections are open at once as there are `seats`. A further one waits, in the listener's queue, and
/// connections that are not in use are asked to leave.
pub async fn serve<S: Source>(mut source: S, app: Router, seats: Seats, mut stop: watch::Receiver<bool>) {
    let Seats { number, metrics } = seats;
    let room = Room { app, seats: Arc::new(Semaphore::new(number)), metrics, leave: watch::channel(false).0 };
    let mut stop = pin!(async move {
        // The error, that no sender is left, comes only when everything ends.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    // With all seats taken, too, a stop has to be heard.
    let mut waiting = Vec::new();
    loop {
        let (stream, peer) = tokio::select! {
            // First, so that connections which come after the stop are told to close.
            biased;
            () = &mut stop => break,
            accepted = source.accept() => accepted,
        };
        tokio::select! {
            seat = room.seat() => room.admit::<S>(stream, peer, seat, Last::No),
            () = &mut stop => {
                waiting.push((stream, peer));
                break;
            }
        }
    }
    // Closed before anything is waited for.
    waiting.extend(source.close());
    for (stream, peer) in waiting {
        room.admit::<S>(stream, peer, room.seat().await, Last::Yes);
    }
    room.leave.send_replace(false);
    room.leave.closed().await;
}

/// Where connections come from: the kernel, and in tests, whose time would leap ahead of what the kernel has under way, memory.
pub trait Source: Listener<Addr = SocketAddr> {
    /// What a new connection needs.
    fn prepare(stream: &Self::Io);

    /// Takes no more; gives those that had connected by then.
    fn close(self) -> impl Iterator<Item = (Self::Io, SocketAddr)> + Send;
}

impl Source for TcpListener {
    /// Answers are small and whole; to wait for more to fill a packet would only delay them.
    fn prepare(stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
    }

    /// Asks the kernel itself: what Tokio knows of the queue may be older than its last entry.
    fn close(self) -> impl Iterator<Item = (TcpStream, SocketAddr)> + Send {
        let queue = self.into_std().ok();
        let next = move || queue.as_ref()?.accept().ok();
        std::iter::from_fn(next).filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).ok()?;
            Some((TcpStream::from_std(stream).ok()?, peer))
        })
    }
}

struct Room {
    app: Router,
    seats: Arc<Semaphore>,
    metrics: telemetry::Connections,
    /// Every connection holds a receiver: a message asks it to finish, and says whether others wait for its seat. When
    /// the last receiver is gone we are done.
    leave: watch::Sender<bool>,
}

type Seat = Result<OwnedSemaphorePermit, AcquireError>;

impl Room {
    /// Waits for a seat; where none is free, asks those who can to make room.
    async fn seat(&self) -> Seat {
        let seats = || Arc::clone(&self.seats);
        if let Ok(seat) = seats().try_acquire_owned() {
            return Ok(seat);
        }
        self.metrics.waited();
        self.leave.send_replace(true);
        seats().acquire_owned().await
    }

    /// Serves a connection in a task of its own: all its requests, or the first as its last.
    fn admit<S: Source>(&self, stream: S::Io, peer: SocketAddr, seat: Seat, first_is: Last) {
        S::prepare(&stream);
        let timeouts = Timeouts::new(first_is);
        let connection = connection(stream, peer, self.app.clone(), timeouts, self.leave.subscribe());
        let metrics = self.metrics;
        tokio::spawn(async move {
            metrics.open(1.0);
            connection.await;
            metrics.open(-1.0);
            drop(seat);
        });
    }
}

/// Serves one connection until it ends, runs out of time, or is asked to leave and has nothing more to finish.
async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    app: Router,
    timeouts: Timeouts,
    mut leave: watch::Receiver<bool>,
) {
    let timeouts = Arc::new(timeouts);
    let stream = WatchedStream::new(stream, Arc::clone(&timeouts));
    let app = TowerToHyperService::new(app);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        timeouts.begin();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, timeouts) = (app.call(request), Arc::clone(&timeouts));
        async move {
            let mut answer = answer.await?;
            if timeouts.end() == Last::Yes {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    // The buffer alone would let in a head that is longer by what one read brings.
    let mut http = http1::Builder::new();
    let mut http =
        pin!(http.max_buf_size(MAX_HEAD).max_header_size(MAX_HEAD).serve_connection(stream, service));
    let mut alarm = pin!(tokio::time::sleep_until(timeouts.look_again()));
    let mut is_leaving = false;
    loop {
        // Set anew only where it has to ring earlier.
        let rings = poll_fn(|cx| {
            let next = timeouts.look_again();
            if next < alarm.deadline() {
                alarm.as_mut().reset(next);
            }
            alarm.as_mut().poll(cx)
        });
        tokio::select! {
            // First, so that a request which is there is read before anybody has to leave.
            biased;
            // An error is the client's: it went away, or did not speak HTTP.
            () = poll_fn(|cx| match http_has_date(SystemTime::now()) {
                true => http.as_mut().poll(cx).map(drop),
                false => Poll::Ready(()),
            }) => return,
            Ok(()) = leave.changed() => {
                if *leave.borrow_and_update() {
                    timeouts.crowd();
                }
                // Hyper would turn away a client whose first request is still on its way.
                if !is_leaving && timeouts.leave_after_first() == Last::No {
                    http.as_mut().graceful_shutdown();
                }
                is_leaving = true;
            }
            () = rings => match timeouts.is_over() {
                true => return,
                false => alarm.as_mut().reset(timeouts.look_again()),
            }
        }
    }
}

/// Whether HTTP can write the date. Where the clock is before 1970 or after 9999 it cannot, and hyper would panic.
fn http_has_date(now: SystemTime) -> bool {
    static IS_WRONG: AtomicBool = AtomicBool::new(false);
    let since_1970 = now.duration_since(UNIX_EPOCH).map(|since| since.as_secs());
    let has_date = since_1970.is_ok_and(|seconds| seconds < YEAR_10000);
    if IS_WRONG.load(Ordering::Relaxed) == has_date && IS_WRONG.swap(!has_date, Ordering::Relaxed) == has_date
    {
        match has_date {
            true => tracing::info!("the clock is set: connections are served again"),
            false => tracing::error!(
                "the clock is before 1970 or after 9999: set it; until then no connection is served"
            ),
        }
    }
    has_date
}

/// In seconds since 1970.
const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests;
