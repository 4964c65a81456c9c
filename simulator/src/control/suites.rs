//! `/_sim/suites`: what a suite's maker sees of DingTalk.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, Wanted};
use super::pushing::{Sim, no_suite, suite};
use super::{events, sync};
use crate::suites::{Kind, Suite, customer_number, customers};
use crate::world::{Simulator, World};

pub fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/", get(list))
        .route("/{name}", get(one).put(change))
        .merge(events::routes())
        .merge(sync::routes())
}

async fn list(State(simulator): Sim) -> Json<Value> {
    let world = simulator.world();
    let suites: Vec<Value> = world.suites.iter().map(|suite| shown(&world, suite)).collect();
    Json(json!({ "suites": suites }))
}

async fn one(State(simulator): Sim, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let world = simulator.world();
    let suite = world.suites.iter().find(|suite| suite.name == name).ok_or_else(no_suite)?;
    Ok(Json(shown(&world, suite)))
}

/// With its secrets, as `/_sim/corps` has those of enterprises.
fn shown(world: &World, suite: &Suite) -> Value {
    let customers = customers(world.customers).map(|corp_id| {
        let given = suite.authorisation(&corp_id);
        let number = customer_number(&corp_id, world.customers).unwrap_or_default();
        let app = |kind| suite.app(kind).map(|app| json!({ "agentId": app.agent_id(number).to_string() }));
        json!({
            "corpId": corp_id,
            "authorised": given.is_some(),
            "activated": given.is_some_and(|given| given.activated),
            "permanentCode": given.map(|given| &given.permanent_code),
            "chPermanentCode": given.and_then(|given| given.channel_code.as_ref()),
            "window": app(Kind::Window),
            "microApp": app(Kind::MicroApp),
        })
    });
    json!({
        "name": suite.name,
        "suiteKey": suite.key,
        "suiteSecret": suite.secret,
        "callbackToken": suite.callback_token,
        "callbackAesKey": suite.callback_aes_key,
        "callbackUrl": suite.callback_url,
        "suiteTicket": suite.ticket,
        "suiteId": suite.suite_id,
        "unacknowledged": suite.unacknowledged.len(),
        "apps": { "window": suite.window, "microApp": suite.micro_app },
        "customers": customers.collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    callback_url: Option<String>,
}

async fn change(
    State(simulator): Sim,
    Path(name): Path<String>,
    Wanted(change): Wanted<Change>,
) -> Result<Json<Value>, Problem> {
    if let Some(url) = &change.callback_url {
        require_callback(url).map_err(|message| Problem::value("callbackUrl", message))?;
    }
    let mut world = simulator.world();
    let suite = suite(&mut world, &name)?;
    suite.callback_url = change.callback_url;
    let name = suite.name.clone();
    let suite = world.suites.iter().find(|suite| suite.name == name).ok_or_else(no_suite)?;
    Ok(Json(shown(&world, suite)))
}

/// This program reaches nothing beyond its own machine.
pub fn require_callback(url: &str) -> Result<(), String> {
    let parsed = Url::parse(url).map_err(|error| format!("{url:?} is not a URL: {error}"))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if ["http", "https"].contains(&parsed.scheme()) && local {
        return Ok(());
    }
    Err("must be http or https on a loopback address such as 127.0.0.1".to_owned())
}
