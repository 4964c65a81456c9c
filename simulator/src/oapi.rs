//! The old host, `oapi.dingtalk.com`: business failures come with HTTP 200 and an errcode.

mod channel;
mod corp;
mod envelope;
mod member;
mod refusal;
mod service;
mod suite_signature;

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::Call;
use crate::random;
use crate::tokens::{Family, Holder, Invalid};
use crate::world::World;
pub use envelope::ErrorEnvelope;
use refusal::Refusal;

type Fields = Map<String, Value>;
type Handler = fn(&mut World, &Call) -> Result<Fields, Refusal>;

/// How an endpoint words its answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Before 2018: everything beside errcode and errmsg.
    Flat,
    /// `topapi`: a request id, and refused tokens wrapped in errcode 88.
    Top,
}

struct Endpoint {
    method: Method,
    path: &'static str,
    style: Style,
    handler: Handler,
}

const fn get(path: &'static str, handler: Handler) -> Endpoint {
    Endpoint { method: Method::GET, path, style: Style::Flat, handler }
}

const fn post(path: &'static str, handler: Handler) -> Endpoint {
    Endpoint { method: Method::POST, path, style: Style::Flat, handler }
}

const fn topapi(path: &'static str, handler: Handler) -> Endpoint {
    Endpoint { method: Method::POST, path, style: Style::Top, handler }
}

static ENDPOINTS: [Endpoint; 16] = [
    get("/channel/get_channel_token", channel::get_channel_token),
    get("/channel/get_channel_jsapi_ticket", channel::get_channel_jsapi_ticket),
    get("/channel/user/get_by_code", channel::get_by_code),
    get("/channel/user/get_by_openid", channel::get_by_openid),
    get("/channel/user/list", channel::list),
    get("/gettoken", corp::gettoken),
    get("/get_jsapi_ticket", corp::get_jsapi_ticket),
    get("/user/getUseridByUnionid", corp::get_userid_by_unionid),
    topapi("/topapi/user/getbyunionid", corp::topapi_getbyunionid),
    topapi("/topapi/v2/user/getuserinfo", member::getuserinfo),
    post("/service/get_suite_token", service::get_suite_token),
    post("/service/get_permanent_code", service::get_permanent_code),
    post("/service/activate_suite", service::activate_suite),
    post("/service/get_auth_info", service::get_auth_info),
    post("/service/get_corp_token", service::get_corp_token),
    post("/service/get_channel_corp_token", service::get_channel_corp_token),
];

pub fn paths() -> impl Iterator<Item = &'static str> {
    ENDPOINTS.iter().map(|endpoint| endpoint.path)
}

pub fn answer(world: &mut World, call: &Call) -> Answer {
    let reply = reply(world, call);
    let noted = Answer::oapi(&reply);
    if noted.errcode == Some(0) {
        return noted;
    }
    let (status, body) = world.settings.error_envelope.put(reply);
    Answer { status, ..Answer::json(&body, noted.errcode, noted.sub_code) }
}

fn reply(world: &mut World, call: &Call) -> Value {
    let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == call.path) else {
        return unknown(&call.path);
    };
    if call.method != endpoint.method {
        let wanted = if endpoint.method == Method::GET { refusal::NEED_GET } else { refusal::NEED_POST };
        return worded(endpoint.style, Err(wanted));
    }
    worded(endpoint.style, (endpoint.handler)(world, call))
}

fn unknown(path: &str) -> Value {
    if path.starts_with("/topapi/") {
        return json!({
            "errcode": 22, "errmsg": "Invalid method[submsg=不合法ApiName]", "sub_msg": "不合法ApiName",
            "request_id": request_id(),
        });
    }
    json!({ "errcode": 404, "errmsg": "请求的URI地址不存在" })
}

fn worded(style: Style, outcome: Result<Fields, Refusal>) -> Value {
    let mut fields = match outcome {
        Ok(mut fields) => {
            fields.insert("errcode".to_owned(), 0.into());
            fields.insert("errmsg".to_owned(), "ok".into());
            fields
        }
        Err(refusal) if style == Style::Top => refusal.top(),
        Err(refusal) => refusal.flat(),
    };
    if style == Style::Top {
        fields.insert("request_id".to_owned(), request_id().into());
    }
    Value::Object(fields)
}

fn request_id() -> String {
    random::alphanumeric(13).to_ascii_lowercase()
}

/// The enterprise whose token this call carries; a token of another family is as good as none.
fn authorised(world: &World, call: &Call, family: Family) -> Result<String, Refusal> {
    holder(world, call, &[family]).map(|(_, holder)| holder.corp_id)
}

/// Whom this call's token speaks for.
fn holder(world: &World, call: &Call, families: &[Family]) -> Result<(Family, Holder), Refusal> {
    let token = call.query.get("access_token").ok_or(refusal::NO_TOKEN)?;
    let opened = world.tokens.open(token, families, world.clock.now());
    opened.map(|(family, holder)| (family, holder.clone())).map_err(|invalid| match invalid {
        Invalid::Unknown => refusal::BAD_TOKEN,
        Invalid::Expired => refusal::EXPIRED_TOKEN,
    })
}

/// The ticket that this call's token fetches.
fn ticket(world: &mut World, call: &Call, families: &[Family]) -> Result<Fields, Refusal> {
    let key = holder(world, call, families)?;
    let now = world.clock.now();
    let (rule, lifetime) = (world.settings.ticket_rule, world.settings.ticket_lifetime);
    let (ticket, expires) = world.tickets.issue(&key, rule, now, lifetime);
    Ok(fields(json!({ "ticket": ticket, "expires_in": (expires - now) / 1000 })))
}

/// A parameter of the query that the endpoint cannot do without.
fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refusal> {
    call.query.get(name).ok_or_else(|| refusal::missing(name))
}

/// What a `json!({…})` holds.
fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}
