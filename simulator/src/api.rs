//! The new host, `api.dingtalk.com`: failures have a status and a code that is a word, the token stands in a header.
//!
//! Known from open.dingtalk.com ("获取企业内部应用的accessToken", "创建jsapi_ticket",
//! "获取第三方应用授权企业的accessToken") and published replies to wrong keys.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::random;
use crate::settings::TicketRule;
use crate::suites::Suite;
use crate::tokens::{Family, Holder, Invalid};
use crate::world::World;

const ACCESS_TOKEN: &str = "/v1.0/oauth2/accessToken";
const CORP_ACCESS_TOKEN: &str = "/v1.0/oauth2/corpAccessToken";
const JSAPI_TICKETS: &str = "/v1.0/oauth2/jsapiTickets";

struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

const fn bad_request(code: &'static str, message: &'static str) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, code, message }
}

const WRONG_CLIENT: Refusal = bad_request("invalidClientIdOrSecret", "无效的clientId或者clientSecret");
const NO_TOKEN: Refusal =
    bad_request("AuthenticationFailed.MissingParameter", "缺少参数 x-acs-dingtalk-access-token");
const BAD_TOKEN: Refusal = bad_request("InvalidAuthentication", "不合法的access_token");
const BAD_SUITE: Refusal = bad_request("invalidSuiteKey", "suitekey不合法");
const BAD_SUITE_TICKET: Refusal = bad_request("invalidSuiteTicket", "suiteTicket无效");
const NOT_AUTHORISED: Refusal = bad_request("invalidAuthInfo", "授权关系不存在");
const NOT_FOUND: Refusal = Refusal {
    status: StatusCode::NOT_FOUND,
    code: "InvalidAction.NotFound",
    message: "Specified api is not found, please check your url and method.",
};

pub fn paths() -> impl Iterator<Item = &'static str> {
    [ACCESS_TOKEN, CORP_ACCESS_TOKEN, JSAPI_TICKETS].into_iter()
}

/// Both hosts are one here; every path of the new one begins with its version.
pub fn is_ours(path: &str) -> bool {
    path.starts_with("/v1.0/")
}

pub fn answer(world: &mut World, call: &Call) -> Answer {
    let outcome = match (&call.method, call.path.as_str()) {
        (&Method::POST, ACCESS_TOKEN) => access_token(world, call),
        (&Method::POST, CORP_ACCESS_TOKEN) => corp_access_token(world, call),
        (&Method::POST, JSAPI_TICKETS) => jsapi_ticket(world, call),
        _ => Err(NOT_FOUND),
    };
    match outcome {
        Ok(value) => Answer::json(&value, Some(0), None),
        Err(Refusal { status, code, message }) => {
            let body = json!({ "requestid": random::alphanumeric(13), "code": code, "message": message });
            Answer { status, sub_code: Some(code.to_owned()), ..Answer::json(&body, None, None) }
        }
    }
}

/// The same token, renewed, while it lives.
fn access_token(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (key, secret) = (call.body_text("appKey"), call.body_text("appSecret"));
    let (Some(key), Some(secret)) = (key, secret) else { return Err(WRONG_CLIENT) };
    let fits = |app: &&crate::seed::App| app.client_id == key && app.client_secret == secret;
    let corp_id = world.apps.iter().find(fits).ok_or(WRONG_CLIENT)?.corp_id.clone();
    let (now, lifetime) = (world.clock.now(), world.settings.token_lifetime);
    let token =
        world.tokens.issue(Family::App, &Holder::itself(&corp_id), TicketRule::Renewed, now, lifetime);
    Ok(json!({ "accessToken": token, "expireIn": lifetime }))
}

/// A new one each time: so it is documented for an enterprise that authorised a suite.
fn corp_access_token(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (key, secret) = (call.body_text("suiteKey"), call.body_text("suiteSecret"));
    let fits = |suite: &&Suite| Some(&suite.key) == key.as_ref() && Some(&suite.secret) == secret.as_ref();
    let suite = world.suites.iter().find(fits).ok_or(BAD_SUITE)?;
    if suite.ticket.is_none() || suite.ticket != call.body_text("suiteTicket") {
        return Err(BAD_SUITE_TICKET);
    }
    let corp_id = call.body_text("authCorpId").ok_or(NOT_AUTHORISED)?;
    suite.authorisation(&corp_id).ok_or(NOT_AUTHORISED)?;
    let (now, lifetime) = (world.clock.now(), world.settings.token_lifetime);
    let holder = Holder::customer(&suite.key, &corp_id);
    let token = world.tokens.issue_another(Family::Corp, &holder, now, lifetime);
    Ok(json!({ "accessToken": token, "expireIn": lifetime }))
}

fn jsapi_ticket(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let token = call.header_token.as_deref().ok_or(NO_TOKEN)?;
    let now = world.clock.now();
    let opened = world.tokens.open(token, &[Family::App, Family::Corp], now);
    let (family, holder) = opened.map_err(|invalid| match invalid {
        Invalid::Unknown | Invalid::Expired => BAD_TOKEN,
    })?;
    let key = (family, holder.clone());
    let (rule, lifetime) = (world.settings.ticket_rule, world.settings.ticket_lifetime);
    let (ticket, expires) = world.tickets.issue(&key, rule, now, lifetime);
    Ok(json!({ "jsapiTicket": ticket, "expireIn": (expires - now) / 1000 }))
}
