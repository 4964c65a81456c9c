//! `requestAuthCode`, of the channel and of the runtime namespace.

use serde_json::{Value, json};

use super::{Failure, page_url};
use crate::call::Call;
use crate::codes::Namespace;
use crate::seed::{App, Directory, Person};
use crate::signature::without_fragment;
use crate::suites::{customer_number, micro_app_in_use};
use crate::verified_pages::Page;
use crate::world::World;

/// How the client words what its own server refused.
const CLIENT_REFUSAL: i64 = 1002;
/// This refusal has no number but the client's own.
const NO_MICRO_APP: i64 = 3;

pub fn request(world: &mut World, call: &Call, person: &'static Person) -> Result<Value, Failure> {
    let namespace: Namespace = call
        .body
        .get("namespace")
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .ok_or_else(|| Failure::client(1, "no such API"))?;
    let corp_id = call.body_text("corpId").unwrap_or_default();
    match (namespace, world.app(&corp_id)) {
        (Namespace::Runtime, Some(app)) => require_member(app, call, person)?,
        (Namespace::Runtime, None) if customer_number(&corp_id, world.customers).is_some() => {
            require_micro_app(world, call, &corp_id)?;
            require_employee(person)?;
        }
        _ if world.corp(&corp_id).is_none() && customer_number(&corp_id, world.customers).is_none() => {
            return Err(Failure::refused(CLIENT_REFUSAL, "1002,corpId不合法".to_owned()));
        }
        (Namespace::Channel, _) => require_config(world, call, person)?,
        (Namespace::Runtime, None) => require_employee(person)?,
    }
    let (now, lifetime) = (world.clock.now(), world.settings.code_lifetime);
    Ok(json!({ "code": world.codes.issue(namespace, &corp_id, person.id, now, lifetime) }))
}

/// Only the channel API is held to this: of the runtime API it is documented that it needs no `dd.config`.
fn require_config(world: &World, call: &Call, person: &'static Person) -> Result<(), Failure> {
    let url = without_fragment(page_url(call).unwrap_or_default()).to_owned();
    let page = Page { person: person.id, url, load: call.body_text("page").unwrap_or_default() };
    if world.settings.code_needs_config && !world.verified_pages.allows(&page, Namespace::Channel.api()) {
        return Err(Failure::client(
            7,
            "没有权限调用channel.permission.requestAuthCode,请先通过dd.config鉴权",
        ));
    }
    Ok(())
}

/// The members of a virtual organisation are the window's followers. `dd.requestAuthCode` names the application too.
fn require_member(app: &App, call: &Call, person: &Person) -> Result<(), Failure> {
    if call.body_text("clientId").is_some_and(|client_id| client_id != app.client_id) {
        return Err(bad_client());
    }
    if person.follows { Ok(()) } else { Err(not_employed()) }
}

/// A micro-app of an authorised and activated suite; `dd.requestAuthCode` names the suite by its key.
fn require_micro_app(world: &World, call: &Call, corp_id: &str) -> Result<(), Failure> {
    let client_id = call.body_text("clientId");
    if client_id.as_deref().is_some_and(|key| world.suite(key).is_none()) {
        return Err(bad_client());
    }
    if micro_app_in_use(world, corp_id, client_id.as_deref()) {
        return Ok(());
    }
    let host = page_url(call).and_then(|url| url.split('/').nth(2)).unwrap_or_default();
    Err(Failure::refused(NO_MICRO_APP, format!("对应企业没有{host}域名微应用")))
}

fn bad_client() -> Failure {
    Failure::refused(CLIENT_REFUSAL, "1002,clientId不合法".to_owned())
}

fn require_employee(person: &Person) -> Result<(), Failure> {
    if person.directory != Directory::Employee {
        return Err(not_employed());
    }
    Ok(())
}

fn not_employed() -> Failure {
    Failure::refused(CLIENT_REFUSAL, "1002,err msg uid is not in employee for orgid".to_owned())
}
