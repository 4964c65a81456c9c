//! `runtime.permission.requestJsApis`: what `dd.config` becomes on the wire.

use serde_json::{Value, json};

use super::{Failure, page_url};
use crate::call::{Call, text};
use crate::seed::Person;
use crate::signature::{Hash, sign, signed_url, without_fragment};
use crate::suites::{Found, Kind, application, customer_number};
use crate::tickets::Key;
use crate::tokens::{Family, Holder};
use crate::verified_pages::Page;
use crate::world::World;

/// `type` of a service window in `dd.config`.
const SERVICE_WINDOW: i64 = 1;
/// `type` of a micro-app, and what the older SDK sends where it was not given.
const MICRO_APP: [i64; 2] = [0, -1];

pub fn request(world: &mut World, call: &Call, person: &'static Person) -> Result<Value, Failure> {
    let params = call.body.get("params").unwrap_or(&Value::Null);
    let url = page_url(call).ok_or_else(|| refusal(52014, "无效的url"))?;
    let apis = verify(world, params, url)?;
    let load = call.body_text("page").unwrap_or_default();
    world.verified_pages.grant(Page { person: person.id, url: without_fragment(url).to_owned(), load }, apis);
    Ok(json!({ "ok": true }))
}

/// The APIs that the page may use from now on.
fn verify(world: &World, params: &Value, href: &str) -> Result<Vec<String>, Failure> {
    let corp_id = text(&params["corpId"]).unwrap_or_default();
    let holder = require_agent(world, &corp_id, params)?;
    let nonce = text(&params["nonceStr"]).ok_or_else(|| refusal(52015, "无效的随机字符串"))?;
    let timestamp = text(&params["timeStamp"])
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or_else(|| refusal(52018, "无效的时间戳"))?;
    let signature = text(&params["signature"]).ok_or_else(|| refusal(52016, "无效的签名"))?;
    let apis = api_names(&params["jsApiList"]).ok_or_else(|| refusal(52017, "无效的jsapi列表"))?;
    let ticket = world
        .tickets
        .live(&holder, world.clock.now())
        .ok_or_else(|| refusal(52011, "jsapi ticket 读取失败"))?;

    let url = signed_url(href);
    let expected = Hash::of(&signature).map(|hash| sign(hash, ticket, &nonce, &timestamp, &url));
    if expected.is_none_or(|expected| expected != signature) {
        let echo =
            format!("签名校验失败,nonce:[{nonce}],timestamp:[{timestamp}],url:[{url}],ticketList:[****]");
        return Err(refusal(52013, &echo));
    }
    Ok(apis)
}

/// The application has to exist, and to be of the kind that `type` says; its ticket is the answer's.
fn require_agent(world: &World, corp_id: &str, params: &Value) -> Result<Key, Failure> {
    let agent_id = text(&params["agentId"]).unwrap_or_default();
    let itself =
        |family, exists| if exists { Ok((family, Holder::itself(corp_id))) } else { Err(bad_agent()) };
    if let Some(app) = world.app(corp_id) {
        require_micro_app(&params["type"])?;
        return itself(Family::App, app.agent_id == agent_id);
    }
    if let Some(corp) = world.corp(corp_id) {
        require_service_window(&params["type"])?;
        return itself(Family::Channel, corp.agent_ids.contains(&agent_id.as_str()));
    }
    customer_number(corp_id, world.customers).ok_or_else(|| refusal(52010, "无效的corpid"))?;
    let kind = match number(&params["type"]) {
        Some(SERVICE_WINDOW) => Kind::Window,
        Some(kind) if MICRO_APP.contains(&kind) => Kind::MicroApp,
        _ => return Err(bad_type()),
    };
    match (application(world, corp_id, kind, &agent_id), kind) {
        (Found::Usable(holder), _) => Ok((kind.family(), holder)),
        (Found::NotAuthorised, Kind::Window) => Err(no_window()),
        (Found::NotAuthorised | Found::Stopped, Kind::MicroApp) => Err(refusal(52021, "未找到微应用授权")),
        (Found::Stopped, Kind::Window) => Err(refusal(52023, "无效的服务窗agentid")),
        (Found::Unknown, _) => Err(bad_agent()),
    }
}

/// With type 1 DingTalk looks for a service window's authorisation, and a virtual organisation has none: a guess.
fn require_micro_app(kind: &Value) -> Result<(), Failure> {
    match number(kind) {
        Some(kind) if MICRO_APP.contains(&kind) => Ok(()),
        Some(SERVICE_WINDOW) => Err(no_window()),
        _ => Err(bad_type()),
    }
}

fn number(kind: &Value) -> Option<i64> {
    match kind {
        Value::Null => Some(MICRO_APP[0]),
        given => text(given).and_then(|text| text.parse().ok()),
    }
}

/// Without type 1 DingTalk looks for a micro-app of this id and finds none, hence 52019; a type that does not exist at
/// all is 52022.
fn require_service_window(kind: &Value) -> Result<(), Failure> {
    match number(kind) {
        Some(SERVICE_WINDOW) => Ok(()),
        Some(other) if MICRO_APP.contains(&other) => Err(bad_agent()),
        _ => Err(bad_type()),
    }
}

fn api_names(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

fn no_window() -> Failure {
    refusal(52020, "未找到服务窗授权")
}

fn bad_type() -> Failure {
    refusal(52022, "无效的jsapi类型")
}

fn bad_agent() -> Failure {
    refusal(52019, "无效的agentid")
}

fn refusal(code: i64, text: &str) -> Failure {
    Failure::refused(code, format!("Code:{code} - Message:{text}"))
}
