//! The public listener's connections: how many there may be, how long one may keep silent, and an end at which everybody
//! who has knocked is let in and may finish.

mod patience;

use crate::telemetry;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use patience::{Last, Patience};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// The head of a request with the longest address that is signed and a full jar of cookies is a third of this; longer
/// ones are answered 431. It bounds what a connection can make us hold.
const MAX_HEAD: usize = 64 * 1024;

/// Serves `app` until `stop` turns true, then takes everybody who has already knocked, because whom the kernel has
/// accepted for us must not be turned away, and returns when all requests are answered.
///
/// At most `seats` connections are open at once. Whoever comes then waits, in the listener's queue, and those who keep a
/// connection without using it are asked to leave.
pub async fn serve(mut listener: TcpListener, app: Router, seats: usize, mut stop: watch::Receiver<bool>) {
    let room = Room { app, seats: Arc::new(Semaphore::new(seats)), leave: watch::channel(()).0 };
    let mut stop = pin!(async move {
        // The error, that nobody can ask any more, comes only when everything ends.
        let _ = stop.wait_for(|stop| *stop).await;
    });
    loop {
        tokio::select! {
            (stream, peer) = Listener::accept(&mut listener) => room.admit(stream, peer).await,
            () = &mut stop => break,
        }
    }
    // The kernel itself is asked: what Tokio knows of the queue may be older than the last who knocked.
    if let Ok(queue) = listener.into_std() {
        while let Ok((stream, peer)) = queue.accept() {
            if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                room.admit(stream, peer).await;
            }
        }
    }
    room.leave.send_replace(());
    room.leave.closed().await;
}

struct Room {
    app: Router,
    seats: Arc<Semaphore>,
    /// Every connection holds a receiver: a message asks it to finish, and when the last one is gone we are done.
    leave: watch::Sender<()>,
}

impl Room {
    /// Serves a connection in a task of its own, as soon as there is a seat.
    async fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let seats = || Arc::clone(&self.seats);
        let seat = match seats().try_acquire_owned() {
            Ok(seat) => Ok(seat),
            Err(_) => {
                telemetry::crowded();
                self.leave.send_replace(());
                seats().acquire_owned().await
            }
        };
        let connection = connection(stream, peer, self.app.clone(), self.leave.subscribe());
        tokio::spawn(async move {
            telemetry::connections(1.0);
            connection.await;
            telemetry::connections(-1.0);
            drop(seat);
        });
    }
}

/// Serves one connection until it ends, runs out of patience, or is asked to leave and has nothing more to finish.
async fn connection(stream: TcpStream, peer: SocketAddr, app: Router, mut leave: watch::Receiver<()>) {
    // Answers are small and whole; to wait for more to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let patience = Arc::new(Patience::new());
    let app = TowerToHyperService::new(app);
    let service = service_fn(|request: hyper::Request<Incoming>| {
        patience.begin();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let (answer, patience) = (app.call(request), Arc::clone(&patience));
        async move {
            let mut answer = answer.await?;
            if patience.end() == Last::Yes {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http =
        pin!(http1::Builder::new().max_buf_size(MAX_HEAD).serve_connection(TokioIo::new(stream), service));
    let mut alarm = pin!(tokio::time::sleep_until(patience.look_again()));
    let mut is_leaving = false;
    loop {
        tokio::select! {
            // First, so that a request which is there is read before anybody has to leave.
            biased;
            // An error is the client's: it went away, or did not speak HTTP.
            () = poll_fn(|cx| match http_has_date(SystemTime::now()) {
                true => http.as_mut().poll(cx).map(drop),
                false => Poll::Ready(()),
            }) => return,
            _ = leave.changed(), if !is_leaving => {
                is_leaving = true;
                // Hyper would turn away somebody whose first request is still on its way.
                if patience.leave_after_first() == Last::No {
                    http.as_mut().graceful_shutdown();
                }
            }
            () = alarm.as_mut() => match patience.is_over() {
                true => return,
                false => alarm.as_mut().reset(patience.look_again()),
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
