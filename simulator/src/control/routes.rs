//! The control API, all of it.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Problem, Wanted, handover, look, stream, suites};
use crate::Options;
use crate::faults::Fault;
use crate::journal::View;
use crate::seed::PEOPLE;
use crate::settings::{Change, Settings};
use crate::suites::customers;
use crate::wecom;
use crate::world::Simulator;

type Sim = State<Arc<Simulator>>;

/// Ten years: enough to expire anything, and far from any overflow.
const FURTHEST_ADVANCE: u64 = 10 * 366 * 86_400;

pub fn routes(simulator: &Arc<Simulator>) -> Router<Arc<Simulator>> {
    Router::new()
        .route("/settings", get(settings).put(change_settings))
        .route("/clock", get(clock).post(advance_clock))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/revoke", post(revoke))
        .route("/journal", get(journal).delete(clear_journal))
        .route("/journal/stream", get(stream::stream))
        .route("/handover", post(handover::handover))
        .route("/look", post(look::look))
        .route("/reset", post(reset))
        .route("/people", get(people))
        .route("/corps", get(corps))
        .nest("/suites", suites::routes())
        .nest("/wecom", wecom::control::routes())
        .fallback(async || Problem::not_found("the simulator has no such control; its README lists them"))
        .layer(from_fn_with_state(simulator.clone(), announce))
}

/// Every listener of the stream hears of every change, its own too.
async fn announce(State(simulator): Sim, request: Request, next: Next) -> Response {
    let turns = request.method() != Method::GET;
    let response = next.run(request).await;
    if turns {
        simulator.announce();
    }
    response
}

async fn settings(State(simulator): Sim) -> Json<Settings> {
    Json(simulator.world().settings.clone())
}

async fn change_settings(
    State(simulator): Sim,
    Wanted(change): Wanted<Change>,
) -> Result<Json<Settings>, Problem> {
    let mut world = simulator.world();
    world.settings = change.apply(&world.settings)?;
    Ok(Json(world.settings.clone()))
}

async fn clock(State(simulator): Sim) -> Json<Value> {
    let world = simulator.world();
    Json(json!({ "nowMs": world.clock.now(), "advancedSeconds": world.clock.advanced_seconds() }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: u64,
}

async fn advance_clock(simulator: Sim, Wanted(advance): Wanted<Advance>) -> Result<Json<Value>, Problem> {
    if advance.advance_seconds > FURTHEST_ADVANCE {
        return Err(Problem::value("advanceSeconds", format!("must be at most {FURTHEST_ADVANCE}")));
    }
    simulator.world().clock.advance(advance.advance_seconds);
    Ok(clock(simulator).await)
}

async fn faults(State(simulator): Sim) -> Json<Value> {
    Json(json!({ "faults": simulator.world().faults.pending() }))
}

async fn add_fault(simulator: Sim, Wanted(fault): Wanted<Fault>) -> Result<Json<Value>, Problem> {
    simulator.world().add_fault(fault)?;
    Ok(faults(simulator).await)
}

async fn remove_fault(simulator: Sim, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let removed = id.parse().is_ok_and(|id| simulator.world().faults.remove(id));
    if !removed {
        return Err(Problem::not_found("no pending fault has this id; it may have happened already"));
    }
    Ok(faults(simulator).await)
}

async fn clear_faults(simulator: Sim) -> Json<Value> {
    simulator.world().faults.clear();
    faults(simulator).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revoke {
    corp_id: Option<String>,
    what: Revoked,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Revoked {
    Tokens,
    Tickets,
    All,
}

async fn revoke(State(simulator): Sim, Wanted(wanted): Wanted<Revoke>) -> Result<Json<Value>, Problem> {
    let mut world = simulator.world();
    let corp_id = wanted.corp_id.as_deref();
    if let Some(unknown) = corp_id.filter(|id| !world.knows(id)) {
        return Err(Problem::value("corpId", format!("there is no enterprise {unknown:?}")));
    }
    if wanted.what != Revoked::Tickets {
        world.tokens.revoke(corp_id);
        if corp_id.is_none_or(|only| only == wecom::CORP_ID) {
            world.wecom.tokens.forget(None);
        }
    }
    if wanted.what != Revoked::Tokens {
        world.tickets.revoke(corp_id);
    }
    Ok(Json(json!({ "ok": true })))
}

#[derive(Deserialize)]
struct Filter {
    endpoint: Option<String>,
    /// Text, since the extractor's own complaint would name no field.
    limit: Option<String>,
}

async fn journal(State(simulator): Sim, Query(filter): Query<Filter>) -> Result<Json<View>, Problem> {
    let limit = match filter.limit {
        None => usize::MAX,
        Some(text) => {
            text.parse().map_err(|_| Problem::value("limit", format!("{text:?} is not a number of calls")))?
        }
    };
    Ok(Json(simulator.world().journal.view(filter.endpoint.as_deref(), limit)))
}

async fn clear_journal(State(simulator): Sim) -> Json<Value> {
    simulator.world().journal.clear();
    Json(json!({ "ok": true }))
}

async fn reset(State(simulator): Sim) -> Json<Value> {
    simulator.reset();
    Json(json!({ "ok": true }))
}

async fn people(State(simulator): Sim) -> Json<Value> {
    let world = simulator.world();
    let people: Vec<Value> = PEOPLE
        .iter()
        .map(|person| {
            let corps = world.corps.iter().map(|corp| person.ids(&corp.corp_id));
            let customers = customers(world.customers).map(|corp_id| person.ids(&corp_id));
            json!({
                "person": person.id,
                "nickname": person.nickname,
                "avatar": format!("{}/avatars/{}.svg", world.origin, person.id),
                "contactType": person.directory.contact_type(),
                "follows": person.follows,
                "ids": corps.chain(customers).collect::<Vec<_>>(),
            })
        })
        .collect();
    Json(json!({ "person": world.settings.person, "people": people }))
}

/// With their secrets: they are the seed's, and a client that can ask may print money here anyway.
async fn corps(State(simulator): Sim) -> Json<Value> {
    let Options { page_url, deep_link, .. } = &simulator.options;
    let world = simulator.world();
    let customers: Vec<Value> = customers(world.customers)
        .map(|corp_id| {
            let agents = world.suites.iter().flat_map(|suite| suite.agent_ids(&corp_id, world.customers));
            json!({ "agentIds": agents.map(|id| id.to_string()).collect::<Vec<_>>(), "corpId": corp_id })
        })
        .collect();
    Json(
        json!({ "pageUrl": page_url, "deepLink": deep_link, "corps": world.corps, "apps": world.apps, "customers": customers }),
    )
}
