//! `POST /dingtalk/suites/{name}/callback`: what DingTalk pushes to an ISV's suite.

use super::audit;
use super::error::ApiError;
use super::extract::{BODY_TIMEOUT, Query};
use crate::apps::Suite;
use crate::clock::millis;
use crate::dingtalk::suite::{Event, Item, Message, Push, SealedAnswer, seal};
use crate::http::AppState;
use crate::secret::random_hex;
use crate::telemetry;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use miandeng_shared::{CorpId, ErrorCode};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A SyncHTTP push may hold many items, each with what is known of a person or of an authorisation.
const MAX_PUSH: usize = 1024 * 1024;
/// Work that takes longer goes on, but DingTalk is told to push again, and then finds it done.
const PATIENCE: Duration = Duration::from_secs(4);
/// What DingTalk wants to read in answer to everything but a check of the address.
const SUCCESS: &str = "success";

pub async fn callback(
    State(state): State<AppState>,
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
    query: Result<Query, ApiError>,
    from: audit::ClientAddr,
    body: Body,
) -> Result<Json<SealedAnswer>, ApiError> {
    let suite = name.ok().and_then(|Path(name)| state.registry.dingtalk.suites.named(&name).cloned());
    let suite = suite.ok_or_else(|| refuse(None, from, "no suite of that name"))?;
    let refuse = |reason| refuse(Some(&suite), from, reason);
    let Query(mut query) = query.map_err(|_| refuse("query"))?;
    let body = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX_PUSH)).await;
    let body = body.map_err(|_| refuse("too slow"))?.map_err(|_| refuse("too large or broken off"))?;
    let encrypt = encrypted(&body).ok_or_else(|| refuse("no envelope"))?;
    // The official page has both names.
    let signature = match (query.optional("signature"), query.optional("msg_signature")) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    };
    let mut field = |name| query.optional(name).ok_or_else(|| refuse("query"));
    let (timestamp, nonce) = (field("timestamp")?, field("nonce")?);
    let signature = signature.ok_or_else(|| refuse("query"))?;
    let push = Push { signature: &signature, timestamp: &timestamp, nonce: &nonce, encrypt: &encrypt };

    let now = SystemTime::now();
    let opened = push.open(&suite, millis(now)).map_err(|reason| refuse(reason.label()))?;
    let message = Message::read(&suite, opened).map_err(|reason| refuse(reason.label()))?;
    let receiver = message.receiver.clone();
    let answer = match state.pushes.answered(&suite, &push) {
        Some(answer) => {
            for item in &message.items {
                log_outcome(&suite, item, "repeated");
            }
            answer
        }
        None => {
            let answer = follow(&state, &suite, message).await?;
            state.pushes.remember(&suite, &push, answer.clone());
            answer
        }
    };
    Ok(Json(seal(&suite, &answer, &receiver, millis(SystemTime::now()), random_hex(), rand::random())))
}

fn log_outcome(suite: &Suite, Item { event, version }: &Item, outcome: &'static str) {
    telemetry::suite_push(&suite.name, event.label(), outcome);
    tracing::info!(suite = suite.name, event = event.label(), action = version.action, outcome, "suite push");
}

/// Whatever is wrong with a push, its sender learns nothing else: only the log tells why.
fn refuse(suite: Option<&Arc<Suite>>, from: audit::ClientAddr, reason: &'static str) -> ApiError {
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
    let work = tokio::spawn(act(state.clone(), Arc::clone(suite), message.items));
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(ErrorCode::Internal.into()),
        Err(_) => Err(ErrorCode::RequestTimeout.into()),
    }
}

/// One item that fails has all of them pushed again; the others are followed all the same, and once more then.
async fn act(state: AppState, suite: Arc<Suite>, items: Vec<Item>) -> Result<String, ApiError> {
    let (mut answer, mut failure) = (SUCCESS.to_owned(), None);
    for item in items {
        match state.registry.dingtalk.suites.follow(&suite, &item).await {
            Ok(true) => log_outcome(&suite, &item, "ok"),
            Ok(false) => log_outcome(&suite, &item, "old"),
            Err(error) => {
                let error = ApiError::from(error);
                telemetry::suite_push(&suite.name, item.event.label(), "failed");
                tracing::error!(
                    suite = suite.name,
                    event = item.event.label(),
                    action = item.version.action,
                    corp = item.event.corp().map(CorpId::as_str),
                    reason = error.code.as_str(),
                    words = error.words.as_deref(),
                    "a push could not be followed; DingTalk pushes it again a few times"
                );
                failure = failure.or(Some(error));
            }
        }
        if let Event::CheckUrl { random } = item.event {
            answer = random;
        }
    }
    failure.map_or(Ok(answer), Err)
}
