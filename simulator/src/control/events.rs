//! `/_sim/suites/{name}/…`: buttons for the classic events that DingTalk pushes to a suite, one in an envelope.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, Wanted, WantedOrNothing};
use super::pushing::{
    Nothing, Reported, Sim, no_suite, not_authorised, require_customer, sealed, send, suite,
};
use crate::push::{Draft, Sent};
use crate::random;
use crate::world::{Simulator, World};

/// Until a suite has been saved, DingTalk checks its URL on behalf of this one, which the official sample names too.
const TEST_SUITE_KEY: &str = "suite4xxxxxxxxxxxxxxx";

pub fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/{name}/check", post(check))
        .route("/{name}/ticket", post(ticket))
        .route("/{name}/authorise", post(authorise))
        .route("/{name}/change_auth", post(change_auth))
        .route("/{name}/relieve", post(relieve))
        .route("/{name}/repeat", post(repeat))
        .route("/{name}/event", post(event))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    event: Option<CheckEvent>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CheckEvent {
    CheckCreateSuiteUrl,
    CheckUpdateSuiteUrl,
}

async fn check(
    State(simulator): Sim,
    Path(name): Path<String>,
    WantedOrNothing(check): WantedOrNothing<Check>,
) -> Reported {
    let event = match check.event {
        None | Some(CheckEvent::CheckCreateSuiteUrl) => "check_create_suite_url",
        Some(CheckEvent::CheckUpdateSuiteUrl) => "check_update_suite_url",
    };
    let event =
        json!({ "EventType": event, "Random": random::alphanumeric(8), "TestSuiteKey": TEST_SUITE_KEY });
    let receiver = Some(TEST_SUITE_KEY.to_owned());
    let sent = sealed(&simulator.world(), &name, Draft { receiver, ..Draft::of(event) })?;
    send(&simulator, &name, sent).await
}

async fn ticket(
    State(simulator): Sim,
    Path(name): Path<String>,
    WantedOrNothing(Nothing {}): WantedOrNothing<Nothing>,
) -> Reported {
    let sent = {
        let mut world = simulator.world();
        let ticket = suite(&mut world, &name)?.new_ticket();
        announced(&world, &name, "suite_ticket", json!({ "SuiteTicket": ticket }))?
    };
    send(&simulator, &name, sent).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Customer {
    corp_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Authorise {
    corp_id: String,
    /// As one public client saw it: the push does not name the enterprise, and only `get_permanent_code` does.
    #[serde(default)]
    without_corp_id: bool,
}

async fn authorise(
    State(simulator): Sim,
    Path(name): Path<String>,
    Wanted(Authorise { corp_id, without_corp_id }): Wanted<Authorise>,
) -> Reported {
    let sent = {
        let mut world = simulator.world();
        require_customer(&world, &corp_id)?;
        let code = suite(&mut world, &name)?.authorise(&corp_id);
        let detail = if without_corp_id {
            json!({ "AuthCode": code })
        } else {
            json!({ "AuthCode": code, "AuthCorpId": corp_id })
        };
        announced(&world, &name, "tmp_auth_code", detail)?
    };
    send(&simulator, &name, sent).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changed {
    corp_id: String,
    window: Option<bool>,
    micro_app: Option<bool>,
}

async fn change_auth(
    State(simulator): Sim,
    Path(name): Path<String>,
    Wanted(changed): Wanted<Changed>,
) -> Reported {
    let sent = {
        let mut world = simulator.world();
        require_customer(&world, &changed.corp_id)?;
        let given = suite(&mut world, &name)?
            .authorisation_mut(&changed.corp_id)
            .ok_or_else(|| not_authorised(&changed.corp_id))?;
        given.window = changed.window.unwrap_or(given.window);
        given.micro_app = changed.micro_app.unwrap_or(given.micro_app);
        announced(&world, &name, "change_auth", json!({ "AuthCorpId": changed.corp_id }))?
    };
    send(&simulator, &name, sent).await
}

async fn relieve(
    State(simulator): Sim,
    Path(name): Path<String>,
    Wanted(Customer { corp_id }): Wanted<Customer>,
) -> Reported {
    let sent = {
        let mut world = simulator.world();
        require_customer(&world, &corp_id)?;
        suite(&mut world, &name)?;
        world.relieve(&name, &corp_id).map_err(|_| not_authorised(&corp_id))?;
        announced(&world, &name, "suite_relieve", json!({ "AuthCorpId": corp_id }))?
    };
    send(&simulator, &name, sent).await
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    event: Option<String>,
}

async fn repeat(
    State(simulator): Sim,
    Path(name): Path<String>,
    WantedOrNothing(repeat): WantedOrNothing<Repeat>,
) -> Reported {
    let sent = {
        let mut world = simulator.world();
        let suite = suite(&mut world, &name)?;
        let event = repeat.event.or_else(|| suite.last_sent.clone());
        let sent = event.and_then(|event| suite.sent.get(&event));
        sent.cloned().ok_or_else(|| {
            Problem::value("event", "nothing of this kind was pushed to the suite before".to_owned())
        })?
    };
    send(&simulator, &name, sent).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    event: Value,
    receiver: Option<String>,
    timestamp: Option<String>,
    nonce: Option<String>,
    #[serde(default = "yes")]
    send: bool,
}

fn yes() -> bool {
    true
}

/// Any event, under any receiver and at any time; or only its envelope, to tamper with.
async fn event(
    State(simulator): Sim,
    Path(name): Path<String>,
    Wanted(written): Wanted<Written>,
) -> Reported {
    let Written { event, receiver, timestamp, nonce, send: to_send } = written;
    let (sent, url) = {
        let mut world = simulator.world();
        let sent = sealed(&world, &name, Draft { event, receiver, timestamp, nonce })?;
        (sent, suite(&mut world, &name)?.callback_url.clone())
    };
    if to_send { send(&simulator, &name, sent).await } else { Ok(Json(sent.unsent(url.as_deref()))) }
}

/// An event in DingTalk's own form: the suite, the kind, the moment, and what it is about.
fn announced(world: &World, name: &str, kind: &str, detail: Value) -> Result<Sent, Problem> {
    let suite = world.suites.iter().find(|suite| suite.name == name).ok_or_else(no_suite)?;
    let mut event =
        json!({ "SuiteKey": suite.key, "EventType": kind, "TimeStamp": world.clock.now().to_string() });
    if let (Value::Object(event), Value::Object(detail)) = (&mut event, detail) {
        event.extend(detail);
    }
    sealed(world, name, Draft::of(event))
}
