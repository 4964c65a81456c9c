//! The server side, `qyapi.weixin.qq.com`: failures come with HTTP 200 and an errcode.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::codes::Code;
use super::refusal;
use super::seed::{App, CORP_ID, PEOPLE, Relation};
use super::settings::MemberInWechat;
use super::state::WeCom;
use super::tokens::Dead;
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Millis;
use crate::random;

const GETTOKEN: &str = "/cgi-bin/gettoken";
pub const GETUSERINFO: &str = "/cgi-bin/auth/getuserinfo";
const USER_GET: &str = "/cgi-bin/user/get";

type Outcome = Result<Value, i64>;

pub fn paths() -> impl Iterator<Item = &'static str> {
    [GETTOKEN, GETUSERINFO, USER_GET].into_iter()
}

pub fn answer(wecom: &mut WeCom, call: &Call, now: Millis) -> Answer {
    let known = paths().any(|path| path == call.path);
    let outcome = match call.path.as_str() {
        _ if !known => return nothing(),
        _ if call.method != Method::GET => Err(43001),
        GETTOKEN => gettoken(wecom, call, now),
        GETUSERINFO => getuserinfo(wecom, call, now),
        _ => user_get(wecom, call, now),
    };
    match outcome {
        Ok(mut body) => {
            body["errcode"] = 0.into();
            body["errmsg"] = "ok".into();
            refusal::said(&body)
        }
        Err(code) => refusal::answer(&wecom.settings, code, empty(&call.path), now),
    }
}

/// An unknown path is a 404 without a word.
fn nothing() -> Answer {
    Answer { status: StatusCode::NOT_FOUND, body: String::new(), ..Answer::json(&Value::Null, None, None) }
}

fn empty(path: &str) -> Map<String, Value> {
    let fields = match path {
        GETTOKEN => json!({ "access_token": "", "expires_in": 0 }),
        USER_GET => json!({ "userid": "", "name": "", "department": [] }),
        _ => json!({}),
    };
    fields.as_object().cloned().unwrap_or_default()
}

fn gettoken(wecom: &mut WeCom, call: &Call, now: Millis) -> Outcome {
    if wecom.tokens.is_banned(now) {
        return Err(45009);
    }
    if wecom.settings.gettoken_checks_ip && !wecom.settings.ip_trusted {
        return Err(60020);
    }
    match application(wecom, call) {
        Ok(agent_id) => {
            let (token, seconds) = wecom.tokens.issue(agent_id, &wecom.settings, now);
            Ok(json!({ "access_token": token, "expires_in": seconds }))
        }
        Err(code) => {
            wecom.tokens.failed(&wecom.settings, now);
            Err(code)
        }
    }
}

/// The secret is asked for before the corporation.
fn application(wecom: &WeCom, call: &Call) -> Result<&'static str, i64> {
    let secret = call.query.get("corpsecret").ok_or(41004)?;
    if call.query.get("corpid").ok_or(41002)? != CORP_ID {
        return Err(40013);
    }
    let app = wecom.apps.iter().find(|app| app.secret == secret && !app.stopped).ok_or(40001)?;
    Ok(app.agent_id)
}

/// The application whose token this call carries; asked before anything else is looked at.
fn bearer<'a>(wecom: &'a WeCom, call: &Call, now: Millis) -> Result<&'a App, i64> {
    let token = call.query.get("access_token").ok_or(41001)?;
    let agent_id = wecom.tokens.open(token, now).map_err(|dead| match dead {
        Dead::Unknown => 40014,
        Dead::Expired => 42001,
    })?;
    let app = wecom.app(agent_id).ok_or(40014)?;
    if app.stopped {
        return Err(50003);
    }
    if !wecom.settings.ip_trusted {
        return Err(60020);
    }
    Ok(app)
}

fn getuserinfo(wecom: &mut WeCom, call: &Call, now: Millis) -> Outcome {
    let value = call.query.get("code");
    let app = bearer(wecom, call, now).map(|app| (app.agent_id, app.trusted_domain.clone()));
    let settings = &wecom.settings;
    let code = value.and_then(|value| wecom.codes.get_mut(value));
    let (agent_id, trusted) = match app {
        Ok(app) => app,
        Err(refused) => {
            if let Some(code) = code {
                code.used |= settings.refusal_spends_code;
            }
            return Err(refused);
        }
    };
    value.ok_or(41008)?;
    let code = code.ok_or(40029)?;
    if code.used {
        return Err(settings.used_code.into());
    }
    if now >= code.expires {
        return Err(settings.expired_code.into());
    }
    if !trusted.eq_ignore_ascii_case(&code.domain) {
        return Err(50001);
    }
    if code.agent_id.as_deref().is_some_and(|named| named != agent_id) {
        return Err(40029);
    }
    code.used = true;
    Ok(identity(code, settings.member_in_wechat))
}

fn identity(code: &Code, member_in_wechat: MemberInWechat) -> Value {
    let person = code.person;
    let as_openid = code.client == Client::Wechat && member_in_wechat == MemberInWechat::Openid;
    match person.user_id().filter(|_| !as_openid) {
        Some(user_id) if code.private && person.visible() => {
            json!({ "userid": user_id, "user_ticket": random::alphanumeric(64) })
        }
        Some(user_id) => json!({ "userid": user_id }),
        None => match person.external_user_id() {
            Some(external) => json!({ "openid": person.open_id(), "external_userid": external }),
            None => json!({ "openid": person.open_id() }),
        },
    }
}

/// userids know no case.
fn user_get(wecom: &mut WeCom, call: &Call, now: Millis) -> Outcome {
    bearer(wecom, call, now)?;
    let wanted = call.query.get("userid").ok_or(41009)?;
    let found = PEOPLE.iter().find_map(|person| match person.relation {
        Relation::Member { user_id, visible } if user_id.eq_ignore_ascii_case(wanted) => {
            Some((person, user_id, visible))
        }
        _ => None,
    });
    let (person, user_id, visible) = found.ok_or(60111)?;
    if !visible {
        return Err(wecom.settings.out_of_range.into());
    }
    Ok(json!({
        "userid": user_id, "name": person.name, "department": [1], "position": "", "status": 1,
        "isleader": 0, "extattr": { "attrs": [] }, "main_department": 1,
    }))
}
