//! `/channel/*`: the service window, of an enterprise's own making or out of a suite.

use serde_json::{Value, json};

use super::{Fields, Refusal, authorised, fields, refusal, required, ticket};
use crate::call::Call;
use crate::codes::Namespace;
use crate::seed::{self, PEOPLE, Person};
use crate::tokens::{Family, Holder};
use crate::world::World;

/// As many followers as one page of the list holds.
const LARGEST_PAGE: usize = 100;

pub fn get_channel_token(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = required(call, "corpid")?;
    let secret = required(call, "channel_secret")?;
    let corp = world.corp(corp_id).ok_or(refusal::BAD_CORP_ID)?;
    if corp.channel_secret != secret {
        return Err(refusal::WRONG_CHANNEL_SECRET);
    }
    let (rule, lifetime) = (world.settings.ticket_rule, world.settings.token_lifetime);
    let token =
        world.tokens.issue(Family::Channel, &Holder::itself(corp_id), rule, world.clock.now(), lifetime);
    Ok(fields(json!({ "access_token": token, "expires_in": lifetime })))
}

pub fn get_channel_jsapi_ticket(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    ticket(world, call, &[Family::Channel])
}

pub fn get_by_code(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::Channel)?;
    let code = required(call, "code")?;
    let person = world
        .codes
        .redeem(code, Namespace::Channel, &corp_id, world.clock.now())
        .and_then(seed::person)
        .ok_or(refusal::NO_CODE)?;
    if !person.follows {
        return Err(refusal::NO_OPENID);
    }
    let mut answer = fields(json!({ "openid": person.open_id(&corp_id) }));
    if world.settings.unionid_in_get_by_code {
        answer.insert("unionid".to_owned(), person.union_id(&corp_id).into());
    }
    Ok(answer)
}

pub fn get_by_openid(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::Channel)?;
    let open_id = required(call, "openid")?;
    let person =
        PEOPLE.iter().find(|person| person.open_id(&corp_id) == open_id).ok_or(refusal::NO_OPENID)?;
    if !person.follows {
        return Ok(fields(json!({ "openid": open_id, "subscribe": 0 })));
    }
    Ok(fields(json!({
        "openid": open_id,
        "unionid": person.union_id(&corp_id),
        "nickname": person.nickname,
        "avatar": avatar(world, person),
        "subscribe": 1,
    })))
}

pub fn list(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let corp_id = authorised(world, call, Family::Channel)?;
    let number = |name| required(call, name)?.parse::<usize>().map_err(|_| refusal::BAD_PARAMETER);
    let (offset, size) = (number("offset")?, number("size")?);
    if size > LARGEST_PAGE {
        return Err(refusal::BAD_PARAMETER);
    }
    let followers: Vec<Value> = PEOPLE
        .iter()
        .filter(|person| person.follows)
        .map(|person| json!({ "openid": person.open_id(&corp_id), "unionid": person.union_id(&corp_id) }))
        .collect();
    let page: Vec<&Value> = followers.iter().skip(offset).take(size).collect();
    let more = offset.saturating_add(page.len()) < followers.len();
    Ok(fields(json!({ "hasMore": more, "userList": page })))
}

fn avatar(world: &World, person: &Person) -> String {
    format!("{}/avatars/{}.svg", world.origin, person.id)
}
