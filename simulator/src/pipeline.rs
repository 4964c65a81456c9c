//! What every call to a platform passes: journal, latency, fault, and only then the endpoint.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::call::{Call, Side};
use crate::faults::Fault;
use crate::world::{Simulator, World};
use crate::{api, native, oapi, wecom};

/// No call here needs more than a few hundred bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// Closes the connection that a request came in on, without an answer.
#[derive(Clone, Default)]
pub struct Hangup(Arc<Notify>);

impl Hangup {
    pub async fn requested(&self) {
        self.0.notified().await;
    }

    /// Never returns: the task that waits is dropped with the connection.
    async fn hang_up(&self) -> Response {
        self.0.notify_one();
        pending().await
    }
}

pub async fn oapi(State(simulator): State<Arc<Simulator>>, request: Request) -> Response {
    let endpoint = request.uri().path().to_owned();
    pass(&simulator, wecom::side(&endpoint).unwrap_or(Side::Oapi), &endpoint, request).await
}

pub async fn native(
    State(simulator): State<Arc<Simulator>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let endpoint = format!("native/{name}");
    pass(&simulator, Side::Native, &endpoint, request).await
}

async fn pass(simulator: &Simulator, side: Side, endpoint: &str, request: Request) -> Response {
    let started = Instant::now();
    let hangup = request.extensions().get::<Hangup>().cloned().unwrap_or_default();
    let Ok(call) = read(request).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };

    let (seq, latency, fault) = {
        let mut world = simulator.world();
        let (now, corp) = (world.clock.now(), world.corp_of(&call));
        let seq = world.journal.begin(side.into(), &call, endpoint, corp, now);
        let fault = world.faults.take(side, endpoint);
        if fault.is_some() {
            world.journal.fault(seq);
        }
        let latency = world.settings.latency_ms + wecom::extra_latency_ms(&world.wecom, endpoint);
        (seq, Duration::from_millis(latency), fault)
    };
    simulator.announce();
    wait(latency).await;

    let work = || answer(&mut simulator.world(), side, endpoint, &call);
    let answer = match fault {
        None => Some(work()),
        Some(fault) => suffer(&fault, side, work).await,
    };
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    simulator.world().journal.end(seq, answer.as_ref(), took);
    simulator.announce();
    match answer {
        Some(answer) => answer.into_response(),
        None => hangup.hang_up().await,
    }
}

/// A fault's answer; `None` where there is to be none. A native call gets one that tells the script to stay silent:
/// browsers quietly repeat a request whose connection broke, and that would be a call too many.
async fn suffer(fault: &Fault, side: Side, work: impl Fn() -> Answer) -> Option<Answer> {
    let done = fault.after.then(&work);
    wait(fault.delay()).await;
    match (fault.drop, side) {
        (true, Side::Oapi | Side::Qyapi | Side::Link) => None,
        (true, Side::Native) => Some(Answer::json(&json!({ "silent": true }), None, None)),
        (false, _) => Some(fault.answer().or(done).unwrap_or_else(work)),
    }
}

fn answer(world: &mut World, side: Side, endpoint: &str, call: &Call) -> Answer {
    match side {
        Side::Oapi if api::is_ours(endpoint) => api::answer(world, call),
        Side::Oapi => oapi::answer(world, call),
        Side::Native => native::answer(world, endpoint, call),
        Side::Qyapi | Side::Link => wecom::answer(world, call),
    }
}

async fn read(request: Request) -> Result<Call, axum::Error> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await?;
    let query = parts.uri.query().unwrap_or_default();
    Ok(Call::new(parts.method, parts.uri.path().to_owned(), query, &parts.headers, &body))
}

async fn wait(duration: Duration) {
    // A timer of zero still costs a turn of the wheel, and load tests run without latency.
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
