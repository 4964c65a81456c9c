//! `/_sim/wecom`: the settings of WeCom.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::seed::{CORP_ID, PEOPLE};
use super::settings::Settings;
use super::state::{WeCom, domain};
use crate::control::{Problem, Wanted};
use crate::world::Simulator;

type Sim = State<Arc<Simulator>>;

pub fn routes() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/", get(look))
        .route("/settings", get(settings).put(change_settings))
        .route("/apps/{agent_id}", put(change_app))
        .route("/revoke", post(revoke))
}

/// With the secrets, as the other controls have theirs.
async fn look(State(simulator): Sim) -> Json<Value> {
    let world = simulator.world();
    let people = PEOPLE.iter().map(|person| {
        json!({
            "person": person.id,
            "name": person.name,
            "avatar": format!("{}/avatars/wecom-{}.svg", world.origin, person.id),
            "userId": person.user_id(),
            "openId": person.open_id(),
            "externalUserId": person.external_user_id(),
            "visible": person.visible(),
        })
    });
    Json(json!({
        "corpId": CORP_ID,
        "apps": world.wecom.apps,
        "people": people.collect::<Vec<_>>(),
        "settings": world.wecom.settings,
    }))
}

async fn settings(State(simulator): Sim) -> Json<Settings> {
    Json(simulator.world().wecom.settings.clone())
}

async fn change_settings(
    State(simulator): Sim,
    Wanted(change): Wanted<Map<String, Value>>,
) -> Result<Json<Settings>, Problem> {
    let mut world = simulator.world();
    world.wecom.settings = world.wecom.settings.changed(change)?;
    Ok(Json(world.wecom.settings.clone()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeApp {
    secret: Option<String>,
    trusted_domain: Option<String>,
    stopped: Option<bool>,
}

async fn change_app(
    State(simulator): Sim,
    Path(agent_id): Path<String>,
    Wanted(change): Wanted<ChangeApp>,
) -> Result<Json<Value>, Problem> {
    if let Some(wanted) = &change.trusted_domain {
        let url = Url::parse(&format!("https://{wanted}/")).ok();
        let plain = url.and_then(|url| domain(&url)).is_some_and(|host| host.eq_ignore_ascii_case(wanted));
        if !plain {
            let words = "must be a host, with its port where that is not the default one, and nothing else";
            return Err(Problem::value("trustedDomain", words.to_owned()));
        }
    }
    let mut world = simulator.world();
    let app = world.wecom.apps.iter_mut().find(|app| app.agent_id == agent_id);
    let app =
        app.ok_or_else(|| Problem::not_found("there is no such application; /_sim/wecom lists them"))?;
    app.secret = change.secret.unwrap_or_else(|| app.secret.clone());
    app.trusted_domain = change.trusted_domain.unwrap_or_else(|| app.trusted_domain.clone());
    app.stopped = change.stopped.unwrap_or(app.stopped);
    Ok(Json(json!(app)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revoke {
    /// 40014 makes tokens unknown, 42001 makes them expire early.
    errcode: u32,
    agent_id: Option<String>,
}

async fn revoke(State(simulator): Sim, Wanted(wanted): Wanted<Revoke>) -> Result<Json<Value>, Problem> {
    let mut world = simulator.world();
    let (now, agent_id) = (world.clock.now(), wanted.agent_id.as_deref());
    let WeCom { tokens, .. } = &mut world.wecom;
    match wanted.errcode {
        40014 => tokens.forget(agent_id),
        42001 => tokens.expire(agent_id, now),
        _ => return Err(Problem::value("errcode", "must be 40014 or 42001".to_owned())),
    }
    Ok(Json(json!({ "ok": true })))
}
