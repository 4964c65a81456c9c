//! Error codes of qyapi, in its own words, with the hint that names the caller's address.

use axum::http::HeaderValue;
use serde_json::{Map, Value, json};

use super::settings::Settings;
use crate::answer::Answer;
use crate::clock::{Clock, Millis};

/// Every code that a login can meet.
const WORDS: [(i64, &str); 58] = [
    (-1, "system busy"),
    (40001, "invalid credential"),
    (40013, "invalid corpid"),
    (40014, "invalid access_token"),
    (40029, "invalid code"),
    (40035, "invalid parameter"),
    (40056, "invalid agentid"),
    (40058, "invalid Request Parameter"),
    (40078, "invalid auth_code"),
    (40082, "invalid suite_token"),
    (40133, "authorization of the app is missing"),
    (40134, "authorization of the member is missing"),
    (40135, "authorization mode does not fit"),
    (40136, "authorization has no such scope"),
    (40137, "authorization is not confirmed"),
    (40138, "trial of the app ended"),
    (40139, "payment of the app ended"),
    (40140, "app is out of its paid range"),
    (40141, "authorization was withdrawn"),
    (40163, "code been used"),
    (40209, "second verification required"),
    (41001, "access_token missing"),
    (41002, "corpid missing"),
    (41004, "corpsecret missing"),
    (41008, "code missing"),
    (41009, "userid missing"),
    (41011, "agentid missing"),
    (42001, "access_token expired"),
    (42003, "code expired"),
    (42009, "suite_token expired"),
    (42022, "code already used"),
    (43001, "require GET method"),
    (45009, "api freq out of limit"),
    (45031, "secret not strong enough"),
    (45033, "api concurrent out of limit"),
    (48001, "api unauthorized"),
    (48002, "api forbidden"),
    (48003, "suite access unauthorized"),
    (48004, "authorization relation invalid"),
    (48005, "api retired"),
    (48006, "api authority withdrawn"),
    (50001, "redirect_uri unauthorized"),
    (50002, "user not in scope"),
    (50003, "app disabled"),
    (60011, "no privilege to access/modify contact/party/agent"),
    (60020, "not allow to access from your ip"),
    (60021, "user not in the range of the app"),
    (60031, "app not allowed to use this api"),
    (60111, "userid not found"),
    (84014, "user_ticket expired"),
    (84015, "invalid user_ticket"),
    (84025, "invalid state"),
    (301002, "no privilege on this agent"),
    (301007, "corp unavailable"),
    (701001, "license insufficient"),
    (701008, "user has no license"),
    (701016, "license expired"),
    (701099, "license unavailable"),
];

pub fn words(code: i64) -> Option<&'static str> {
    WORDS.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

pub fn known() -> impl Iterator<Item = i64> {
    WORDS.iter().map(|(code, _)| *code)
}

/// The answer for this code; with the endpoint's fields, empty, where it has some.
pub fn answer(settings: &Settings, code: i64, fields: Map<String, Value>, now: Millis) -> Answer {
    let words = words(code).unwrap_or("unknown error");
    let text = if settings.hint {
        // Seconds, and digits that say nothing to us.
        let hint = format!("{}{:015}", now / 1000, rand::random_range(0..10_u64.pow(15)));
        let more = format!("more info at https://open.work.weixin.qq.com/devtool/query?e={code}");
        format!("{words}, hint: [{hint}], from ip: {}, {more}", settings.from_ip)
    } else {
        words.to_owned()
    };
    let mut body = json!({ "errcode": code, "errmsg": text });
    if let (true, Value::Object(body)) = (settings.empty_fields, &mut body) {
        body.extend(fields);
    }
    said(&body)
}

/// Two headers repeat what the body says.
pub fn said(body: &Value) -> Answer {
    let mut answer = Answer::oapi(body);
    let text = body["errmsg"].as_str().unwrap_or_default();
    for (name, value) in [("error-code", body["errcode"].to_string()), ("error-msg", text.to_owned())] {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers.insert(name, value);
        }
    }
    answer
}

/// A fault's answer: `None` where no such code is known.
pub fn injected(settings: &Settings, code: i64, clock: &Clock) -> Option<Answer> {
    words(code)?;
    Some(answer(settings, code, Map::new(), clock.now()))
}
