//! `/service/*`: what a suite asks on behalf of the enterprises that authorised it.

use serde_json::{Value, json};

use super::{Fields, Refusal, fields, refusal, suite_signature};
use crate::call::Call;
use crate::settings::TicketRule;
use crate::suites::{Authorisation, Kind, Suite, SuiteApp, customer_number};
use crate::tokens::{Family, Holder, Invalid};
use crate::world::World;

pub fn get_suite_token(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let key = call.body_text("suite_key").ok_or(refusal::NO_SUITE_KEY)?;
    let secret = call.body_text("suite_secret").ok_or(refusal::NO_SUITE_SECRET)?;
    let ticket = call.body_text("suite_ticket").ok_or(refusal::NO_SUITE_TICKET)?;
    let suite = world.suite(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    if suite.secret != secret {
        return Err(refusal::BAD_SUITE_SECRET);
    }
    if suite.ticket.as_ref() != Some(&ticket) {
        return Err(refusal::BAD_SUITE_TICKET);
    }
    let (now, lifetime) = (world.clock.now(), world.settings.token_lifetime);
    let token = world.tokens.issue(Family::Suite, &Holder::suite(&key), TicketRule::Renewed, now, lifetime);
    Ok(fields(json!({ "suite_access_token": token, "expires_in": lifetime })))
}

pub fn get_permanent_code(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let key = authorised(world, call)?;
    let code = call.body_text("tmp_auth_code").ok_or(refusal::NO_TMP_AUTH_CODE)?;
    let suite = world.suite_mut(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    let (corp_id, given) = suite.trade(&code).ok_or(refusal::NO_CODE)?;
    let mut answer = fields(json!({
        "permanent_code": given.permanent_code,
        "auth_corp_info": { "corpid": corp_id, "corp_name": corp_name(&corp_id) },
    }));
    if let Some(code) = given.channel_code {
        answer.insert("ch_permanent_code".to_owned(), code.into());
    }
    Ok(answer)
}

pub fn activate_suite(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let (key, corp_id) = named(world, call)?;
    let suite = world.suite_mut(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    require_code(suite, call, &corp_id, "permanent_code", |given| Some(&given.permanent_code))?;
    suite.authorisation_mut(&corp_id).ok_or(refusal::CORP_NOT_AUTHORISED)?.activated = true;
    Ok(Fields::new())
}

pub fn get_auth_info(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let (key, corp_id) = named(world, call)?;
    let suite = world.suite(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    suite.authorisation(&corp_id).ok_or(refusal::CORP_NOT_AUTHORISED)?;
    let number = customer_number(&corp_id, world.customers).ok_or(refusal::CORP_NOT_AUTHORISED)?;
    let list = |kind| -> Vec<Value> {
        suite.granted(&corp_id, kind).map(|app| described(world, app, number)).into_iter().collect()
    };
    Ok(fields(json!({
        "auth_corp_info": {
            "corpid": corp_id,
            "corp_name": corp_name(&corp_id),
            "corp_logo_url": format!("{}/avatars/partner.svg", world.origin),
            "industry": "互联网",
            "invite_code": "",
            "license_code": "",
            "auth_channel": "",
            "is_authenticated": false,
            "auth_level": 0,
        },
        "auth_user_info": { "userId": format!("userid-employee-{corp_id}") },
        "auth_info": { "agent": list(Kind::MicroApp) },
        "channel_auth_info": { "channelAgent": list(Kind::Window) },
    })))
}

/// In its older form, or signed; either way each call makes a token more.
pub fn get_corp_token(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let signed = call.query.get("signature").is_some();
    let key = if signed { suite_signature::verify(world, call)? } else { authorised(world, call)? };
    let corp_id = call.body_text("auth_corpid").ok_or(refusal::NO_AUTH_CORP_ID)?;
    let suite = world.suite(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    if signed {
        suite.authorisation(&corp_id).ok_or(refusal::CORP_NOT_AUTHORISED)?;
    } else {
        require_code(suite, call, &corp_id, "permanent_code", |given| Some(&given.permanent_code))?;
    }
    let (now, lifetime) = (world.clock.now(), world.settings.token_lifetime);
    let holder = Holder::customer(&key, &corp_id);
    let token = world.tokens.issue_another(Family::Corp, &holder, now, lifetime);
    Ok(fields(json!({ "access_token": token, "expires_in": lifetime })))
}

pub fn get_channel_corp_token(world: &mut World, call: &Call) -> Result<Fields, Refusal> {
    let key = authorised(world, call)?;
    let corp_id = call.body_text("auth_corpid").ok_or(refusal::NO_AUTH_CORP_ID)?;
    let suite = world.suite(&key).ok_or(refusal::BAD_SUITE_KEY)?;
    require_code(suite, call, &corp_id, "ch_permanent_code", |given| given.channel_code.as_ref())?;
    let (now, lifetime) = (world.clock.now(), world.settings.token_lifetime);
    let (holder, rule) = (Holder::customer(&key, &corp_id), world.settings.ticket_rule);
    let token = world.tokens.issue(Family::Channel, &holder, rule, now, lifetime);
    Ok(fields(json!({ "access_token": token, "expires_in": lifetime })))
}

/// The suite whose token this call carries.
fn authorised(world: &World, call: &Call) -> Result<String, Refusal> {
    let token = call.query.get("suite_access_token").ok_or(refusal::NO_SUITE_TOKEN)?;
    let opened = world.tokens.open(token, &[Family::Suite], world.clock.now());
    opened.map(|(_, holder)| holder.corp_id.clone()).map_err(|invalid| match invalid {
        Invalid::Unknown => refusal::BAD_SUITE_TOKEN,
        Invalid::Expired => refusal::EXPIRED_SUITE_TOKEN,
    })
}

/// The suite of the token, which the body has to name as well, and the enterprise that the body names.
fn named(world: &World, call: &Call) -> Result<(String, String), Refusal> {
    let key = authorised(world, call)?;
    if call.body_text("suite_key").ok_or(refusal::NO_SUITE_KEY)? != key {
        return Err(refusal::BAD_SUITE_KEY);
    }
    Ok((key, call.body_text("auth_corpid").ok_or(refusal::NO_AUTH_CORP_ID)?))
}

/// The permanent code has to be the one of this kind that the enterprise's authorisation was traded for.
fn require_code(
    suite: &Suite,
    call: &Call,
    corp_id: &str,
    parameter: &str,
    of: impl Fn(&Authorisation) -> Option<&String>,
) -> Result<(), Refusal> {
    let code = call.body_text(parameter).ok_or(refusal::NO_PERMANENT_CODE)?;
    let given = suite.authorisation(corp_id).ok_or(refusal::CORP_NOT_AUTHORISED)?;
    if given.traded && of(given) == Some(&code) {
        return Ok(());
    }
    let others = suite.owner_of(&code).is_some_and(|owner| owner != corp_id);
    Err(if others { refusal::OTHERS_PERMANENT_CODE } else { refusal::BAD_PERMANENT_CODE })
}

fn described(world: &World, app: &SuiteApp, customer_number: u64) -> Value {
    json!({
        "agentid": app.agent_id(customer_number),
        "appid": app.app_id,
        "agent_name": app.name,
        "logo_url": format!("{}/avatars/partner.svg", world.origin),
    })
}

fn corp_name(corp_id: &str) -> String {
    format!("客户企业 {corp_id}")
}
