//! `/_sim/suites/{name}/sync`: SyncHTTP pushes, as today's third-party applications get them.
//!
//! open.dingtalk.com, "配置SyncHTTP推送" (the envelope, and whole samples) and "数据格式" (what is in `biz_data`).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem::{Problem, Wanted, WantedOrNothing};
use super::pushing::{
    Nothing, Reported, Sim, no_suite, not_authorised, require_customer, sealed, send, suite,
};
use crate::push::{self, Draft, Report};
use crate::suites::{Authorisation, Kind, Suite, customer_number};
use crate::world::{Simulator, World};

pub fn routes() -> Router<Arc<Simulator>> {
    Router::new().route("/{name}/sync", post(sync)).route("/{name}/retry", post(retry))
}

/// A published sample of `syncSeq`; the pushes here count on from it.
const FIRST_SEQ: u128 = 0x1A_BA5C_5215_CB8B_DEE8_CA8D_33A9;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    #[serde(default)]
    priority: Priority,
    items: Vec<ItemWanted>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Priority {
    #[default]
    High,
    Medium,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ItemWanted {
    what: What,
    #[serde(default)]
    corp_id: String,
    /// Which application: `window` or `microApp`; for `change`, what it allows from now on.
    window: Option<bool>,
    micro_app: Option<bool>,
    user_id: Option<String>,
    /// Instead of the next one: a duplicate, or one of an older push.
    seq: Option<Value>,
    /// Fields of the item, or of its `biz_data`, that are to be otherwise; null takes one out.
    #[serde(default)]
    item: Map<String, Value>,
    #[serde(default)]
    data: Map<String, Value>,
    /// Whether `biz_data` is an object, as the pages show it, and not its text, as the samples of whole pushes do.
    #[serde(default)]
    as_object: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Ticket,
    Auth,
    Change,
    Relieve,
    Stop,
    Restore,
    Remove,
    ScopeUpdate,
    UserLeave,
    UserModify,
    OrgUpdate,
    OrgRemove,
    Order,
}

/// Changes what it tells of, and then tells it.
async fn sync(State(simulator): Sim, Path(name): Path<String>, Wanted(push): Wanted<Push>) -> Reported {
    let sent = {
        let mut world = simulator.world();
        let items: Result<Vec<Value>, Problem> =
            push.items.into_iter().map(|wanted| item(&mut world, &name, wanted)).collect();
        let priority = match push.priority {
            Priority::High => "SYNC_HTTP_PUSH_HIGH",
            Priority::Medium => "SYNC_HTTP_PUSH_MEDIUM",
        };
        sealed(&world, &name, Draft::of(json!({ "EventType": priority, "bizData": items? })))?
    };
    send(&simulator, &name, sent).await
}

/// Pushes once more what was not acknowledged, each sealed anew.
async fn retry(
    State(simulator): Sim,
    Path(name): Path<String>,
    WantedOrNothing(Nothing {}): WantedOrNothing<Nothing>,
) -> Result<Json<Value>, Problem> {
    let events = std::mem::take(&mut suite(&mut simulator.world(), &name)?.unacknowledged);
    let mut reports: Vec<Report> = Vec::new();
    for event in events {
        let sent = sealed(&simulator.world(), &name, Draft::of(event))?;
        reports.push(push::send(&simulator, &name, sent).await.ok_or_else(no_suite)?);
    }
    Ok(Json(json!({ "reports": reports })))
}

fn item(world: &mut World, name: &str, wanted: ItemWanted) -> Result<Value, Problem> {
    let corp_id = match wanted.what {
        // Of the suite's own maker.
        What::Ticket => "dingmaker1".to_owned(),
        _ => {
            require_customer(world, &wanted.corp_id)?;
            wanted.corp_id.clone()
        }
    };
    let (now, customers) = (world.clock.now(), world.customers);
    if let What::Relieve | What::OrgRemove = wanted.what {
        suite(world, name)?;
        world.relieve(name, &corp_id).map_err(|_| not_authorised(&corp_id))?;
    }
    let suite = suite(world, name)?;
    let (biz_type, biz_id, mut data) = told(suite, &corp_id, &wanted, customers)?;
    suite.items += 1;
    let seq = format!("{:026X}", FIRST_SEQ + u128::from(suite.items));
    data.insert("syncSeq".to_owned(), wanted.seq.unwrap_or_else(|| json!(seq)));
    change(&mut data, wanted.data);
    let data = Value::Object(data);
    let Value::Object(mut item) = json!({
        "gmt_create": now, "biz_type": biz_type, "open_cursor": 0,
        "subscribe_id": format!("{}_0", suite.suite_id), "id": 7000 + suite.items, "gmt_modified": now,
        "biz_id": biz_id, "biz_data": if wanted.as_object { data } else { json!(data.to_string()) },
        "corp_id": corp_id, "status": 0,
    }) else {
        return Err(no_suite());
    };
    change(&mut item, wanted.item);
    Ok(Value::Object(item))
}

fn change(fields: &mut Map<String, Value>, wanted: Map<String, Value>) {
    for (name, value) in wanted {
        match value {
            Value::Null => fields.remove(&name),
            value => fields.insert(name, value),
        };
    }
}

type Told = (u64, String, Map<String, Value>);

/// `biz_type`, `biz_id` and `biz_data` of a change, which happens by the way.
fn told(suite: &mut Suite, corp_id: &str, wanted: &ItemWanted, customers: usize) -> Result<Told, Problem> {
    let suite_id = suite.suite_id.to_string();
    let user_id = wanted.user_id.clone().unwrap_or_else(|| format!("userid-employee-{corp_id}"));
    let (biz_type, biz_id, data) = match wanted.what {
        What::Ticket => {
            (2, suite_id, json!({ "syncAction": "suite_ticket", "suiteTicket": suite.new_ticket() }))
        }
        What::Auth => {
            suite.authorise_at_once(corp_id).ok_or_else(|| not_authorised(corp_id))?;
            (4, suite_id, authorisation(suite, "org_suite_auth", corp_id, customers)?)
        }
        What::Change => {
            let given = given(suite, corp_id)?;
            given.window = wanted.window.unwrap_or(given.window);
            given.micro_app = wanted.micro_app.unwrap_or(given.micro_app);
            (4, suite_id, authorisation(suite, "org_suite_change", corp_id, customers)?)
        }
        What::Relieve => (4, suite_id, json!({ "syncAction": "org_suite_relieve" })),
        What::Stop | What::Restore | What::Remove | What::ScopeUpdate => {
            return application(suite, corp_id, wanted, customers);
        }
        What::UserLeave => (13, user_id, json!({ "syncAction": "user_leave_org" })),
        What::UserModify => {
            let data = json!({ "syncAction": "user_modify_org", "userid": user_id, "active": true });
            (13, user_id, data)
        }
        What::OrgUpdate => {
            (16, corp_id.to_owned(), json!({ "syncAction": "org_update", "corpid": corp_id, "errcode": 0 }))
        }
        What::OrgRemove => (16, corp_id.to_owned(), json!({ "syncAction": "org_remove" })),
        What::Order => (17, "312139204444444".to_owned(), json!({ "syncAction": "market_order" })),
    };
    Ok((biz_type, biz_id, data.as_object().cloned().unwrap_or_default()))
}

fn given<'a>(suite: &'a mut Suite, corp_id: &str) -> Result<&'a mut Authorisation, Problem> {
    suite.authorisation_mut(corp_id).ok_or_else(|| not_authorised(corp_id))
}

/// One application, by its agentid; `biz_id` is the appid.
fn application(
    suite: &mut Suite,
    corp_id: &str,
    wanted: &ItemWanted,
    customers: usize,
) -> Result<Told, Problem> {
    let kind = if wanted.window == Some(true) { Kind::Window } else { Kind::MicroApp };
    let app = suite
        .app(kind)
        .cloned()
        .ok_or_else(|| Problem::value("window", "this suite has no service window".to_owned()))?;
    let given = given(suite, corp_id)?;
    given.stopped.retain(|stopped| *stopped != kind);
    let included = match kind {
        Kind::Window => &mut given.window,
        Kind::MicroApp => &mut given.micro_app,
    };
    let action = match wanted.what {
        What::Stop => {
            given.stopped.push(kind);
            "org_micro_app_stop"
        }
        What::Remove => {
            *included = false;
            "org_micro_app_remove"
        }
        What::Restore => {
            *included = true;
            "org_micro_app_restore"
        }
        _ => "org_micro_app_scope_update",
    };
    let agent_id = app.agent_id(customer_number(corp_id, customers).unwrap_or_default());
    let data = json!({ "syncAction": action, "agentId": agent_id });
    Ok((7, app.app_id.to_string(), data.as_object().cloned().unwrap_or_default()))
}

/// The pages list micro-apps only; whether a push names windows too is not known.
fn authorisation(suite: &Suite, action: &str, corp_id: &str, customers: usize) -> Result<Value, Problem> {
    let given = suite.authorisation(corp_id).ok_or_else(|| not_authorised(corp_id))?;
    let number = customer_number(corp_id, customers).unwrap_or_default();
    let agents: Vec<Value> = suite
        .granted(corp_id, Kind::MicroApp)
        .map(|app| json!({ "agentid": app.agent_id(number), "appid": app.app_id, "agent_name": app.name, "admin_list": [] }))
        .into_iter()
        .collect();
    let mut data = json!({
        "syncAction": action,
        "auth_user_info": { "userId": format!("userid-employee-{corp_id}") },
        "auth_corp_info": {
            "corpid": corp_id, "corp_type": 0, "auth_level": 0, "auth_channel": "", "industry": "互联网",
            "is_authenticated": false, "license_code": "",
        },
        "auth_scope": { "errcode": 0, "errmsg": "ok", "auth_org_scopes": { "authed_dept": [1], "authed_user": [] } },
        "auth_info": { "agent": agents },
        "permanent_code": given.permanent_code,
    });
    if let Some(code) = &given.channel_code {
        data["ch_permanent_code"] = json!(code);
    }
    Ok(data)
}
