//! Connections and routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

use crate::pipeline::Hangup;
use crate::world::Simulator;
use crate::{Options, assets, assumptions, control, pipeline, require_loopback, wecom};

/// Out of file descriptors is the usual reason for a failed accept; this long later some may be free.
const PAUSE_AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(100);

/// Serves a simulator until the future is dropped, which closes every connection as well.
pub async fn serve(listener: TcpListener, options: Options) -> anyhow::Result<()> {
    options.validate()?;
    let address = listener.local_addr()?;
    require_loopback(address)?;
    let router = router(Arc::new(Simulator::new(options, format!("http://{address}"))?));

    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE_AFTER_FAILED_ACCEPT).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection. It is run here rather than by `axum::serve` because a fault may hang up in the middle of a request,
/// which no response can express.
async fn converse(stream: TcpStream, router: Router) {
    let hangup = Hangup::default();
    let given = hangup.clone();
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(given.clone());
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        },
        () = hangup.requested() => {}
    }
}

fn router(simulator: Arc<Simulator>) -> Router {
    // The page that asks has another origin than the phone's "native" side, so that side answers every origin.
    let for_pages = Router::new()
        .route("/_sim/native/{call}", post(pipeline::native))
        .route("/jsapi/dingtalk.js", get(assets::jsapi))
        .route("/native.js", get(assets::native))
        .route("/avatars/{file}", get(assets::avatar))
        .layer(CorsLayer::permissive());

    Router::new()
        .merge(for_pages)
        .merge(assets::phone())
        .route("/known", get(assumptions::page))
        .route(wecom::WRONG_LINK, get(wecom::wrong_link))
        .nest("/_sim", control::routes(&simulator))
        // Every browser asks for it; it is no call to DingTalk.
        .route("/favicon.ico", get(async || StatusCode::NO_CONTENT))
        .fallback(any(|simulator, request: Request| pipeline::oapi(simulator, request)))
        .with_state(simulator)
}
