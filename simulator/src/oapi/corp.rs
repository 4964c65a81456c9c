//! The enterprise side: its token, and the directory's answer to a unionid.

use serde_json::json;

use super::{Fields, Refusal, authorised, fields, refusal, required, ticket};
use crate::call::Call;
use crate::seed::PEOPLE;
use crate::settings::TicketRule;
use crate::tokens::{Family, Holder};
use crate::world::World;

pub fn gettoken(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    if call.query.get("appkey").is_some() {
        // No app with a key of its own is seeded yet, so none is right.
        return Err(refusal::BAD_APP_SECRET);
    }
    let corp_id = call.query.get("corpid").ok_or_else(|| refusal::missing("corpid or appkey"))?;
    let secret = call.query.get("corpsecret").ok_or_else(|| refusal::missing("corpsecret or appsecret"))?;
    if world.corp(corp_id).is_none_or(|corp| corp.corp_secret != secret) {
        return Err(refusal::BAD_CORP_SECRET);
    }
    let lifetime = world.settings.token_lifetime;
    // For this token the documentation is plain: the same one, renewed.
    let (holder, now) = (Holder::itself(corp_id), world.clock.now());
    let token = world.tokens.issue(Family::Corp, &holder, TicketRule::Renewed, now, lifetime);
    Ok(fields(json!({ "access_token": token, "expires_in": lifetime })))
}

/// The older way to a micro-app's ticket.
pub fn get_jsapi_ticket(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    ticket(world, call, &[Family::Corp, Family::App])
}

/// The old spelling: flat, `contactType`.
pub fn get_userid_by_unionid(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::Corp)?;
    let (contact_type, user_id) = look_up(&corp_id, required(call, "unionid")?)?;
    Ok(fields(json!({ "contactType": contact_type, "userid": user_id })))
}

/// The new spelling: within `result`, `contact_type`.
pub fn topapi_getbyunionid(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::Corp)?;
    let union_id = call.body_text("unionid").ok_or_else(|| refusal::missing("unionid"))?;
    let (contact_type, user_id) = look_up(&corp_id, &union_id)?;
    Ok(fields(json!({ "result": { "contact_type": contact_type, "userid": user_id } })))
}

fn look_up(corp_id: &str, union_id: &str) -> Result<(u8, String), Refusal> {
    let person = PEOPLE.iter().find(|person| person.union_id(corp_id) == union_id).ok_or(refusal::NO_USER)?;
    person.directory.contact_type().zip(person.user_id(corp_id)).ok_or(refusal::NO_USER)
}
