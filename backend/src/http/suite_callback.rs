//! `POST /dingtalk/suites/{name}/callback`: what DingTalk pushes to an ISV's suite.

use super::audit;
use super::error::ApiError;
use super::fields::{BODY_TIMEOUT, Query};
use crate::config::Suite;
use crate::dingtalk::suite::{Event, Message, Push, Sealed, seal};
use crate::session::{millis, random_hex};
use crate::state::AppState;
use crate::telemetry;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use miandeng_shared::ErrorCode;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// An event names a corporation and a code; no envelope of one comes near this.
const MAX_PUSH: usize = 64 * 1024;
/// Work that takes longer goes on, but DingTalk is told to push again, and then finds it done.
const PATIENCE: Duration = Duration::from_secs(4);
/// What DingTalk wants to read in answer to everything but a check of the address.
const SUCCESS: &str = "success";

pub async fn callback(
    State(state): State<AppState>,
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
    query: Result<Query, ApiError>,
    from: audit::From,
    body: Body,
) -> Result<Json<Sealed>, ApiError> {
    let suite = name.ok().and_then(|Path(name)| state.dingtalk.suite(&name).cloned());
    let suite = suite.ok_or_else(|| refused(None, from, "no suite of that name"))?;
    let refused = |reason| refused(Some(&suite), from, reason);
    let Query(mut query) = query.map_err(|_| refused("query"))?;
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_PUSH)).await;
    let body = body.map_err(|_| refused("too slow"))?.map_err(|_| refused("too large or broken off"))?;
    let encrypt = encrypted(&body).ok_or_else(|| refused("no envelope"))?;
    let mut field = |name| query.optional(name).ok_or_else(|| refused("query"));
    let (signature, timestamp, nonce) = (field("signature")?, field("timestamp")?, field("nonce")?);
    let push = Push { signature: &signature, timestamp: &timestamp, nonce: &nonce, encrypt: &encrypt };

    let now = SystemTime::now();
    let opened = push.open(&suite, millis(now)).map_err(|reason| refused(reason.label()))?;
    let message = Message::read(&suite, opened).map_err(|reason| refused(reason.label()))?;
    let (event, receiver) = (message.event.label(), message.receiver.clone());
    let (answer, outcome) = match state.pushes.answered(&suite, &push) {
        Some(answer) => (Ok(answer), "repeated"),
        None => match follow(&state, &suite, message).await {
            Ok(answer) => {
                state.pushes.remember(&suite, &push, answer.clone());
                (Ok(answer), "ok")
            }
            Err(error) => (Err(error), "failed"),
        },
    };
    telemetry::suite_push(&suite.name, event, outcome);
    let answer = answer.inspect_err(|error| {
        let words = error.words.as_deref();
        tracing::error!(
            suite = suite.name,
            event,
            reason = error.code.as_str(),
            words,
            "a push could not be followed; DingTalk pushes it again a few times"
        );
    })?;
    tracing::info!(suite = suite.name, event, outcome, "suite push");
    Ok(Json(seal(&suite, &answer, &receiver, millis(SystemTime::now()), random_hex(), rand::random())))
}

/// Whatever is wrong with a push, its sender learns nothing else: only the log tells why.
fn refused(suite: Option<&Arc<Suite>>, from: audit::From, reason: &'static str) -> ApiError {
    let suite = suite.map_or("", |suite| &suite.name);
    audit::push_refused(suite, from, reason);
    telemetry::suite_push(suite, "unknown", "refused");
    ErrorCode::InvalidRequest.into()
}

fn encrypted(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else { return None };
    match fields.remove("encrypt") {
        Some(Value::String(encrypt)) => Some(encrypt),
        _ => None,
    }
}

/// Does what a push asks for, and gives what to answer. The work has a task of its own: a sender that hangs up must not
/// stop it between a code that is spent and its fruits that are kept.
async fn follow(state: &AppState, suite: &Arc<Suite>, message: Message) -> Result<String, ApiError> {
    let work = tokio::spawn(act(state.clone(), Arc::clone(suite), message));
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(ErrorCode::Internal.into()),
        Err(_) => Err(ErrorCode::RequestTimeout.into()),
    }
}

async fn act(state: AppState, suite: Arc<Suite>, message: Message) -> Result<String, ApiError> {
    let dingtalk = &state.dingtalk;
    match &message.event {
        Event::CheckUrl { random } => return Ok(random.clone()),
        Event::SuiteTicket { ticket } => dingtalk.take_suite_ticket(&suite, ticket, &message).await?,
        Event::TmpAuthCode { code, corp } => {
            dingtalk.authorise(&suite, code, corp.as_ref(), message.at_ms).await?;
        }
        Event::ChangeAuth { corp } => dingtalk.change_auth(&suite, corp).await?,
        Event::SuiteRelieve { corp } => {
            // In this order, so that nobody can log in after the sessions have ended.
            if dingtalk.relieve(&suite, corp, message.at_ms).await? {
                let ended = state.sessions.end_corp(corp, SystemTime::now()).await;
                ended.map_err(|_| ErrorCode::StoreUnavailable)?;
            }
        }
        Event::Other { name } => tracing::info!(suite = suite.name, name, "an event without use here"),
    }
    Ok(SUCCESS.to_owned())
}
