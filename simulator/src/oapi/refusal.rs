//! Error codes of the oapi host, in DingTalk's own words.

use std::borrow::Cow;

use serde_json::json;

use super::{Fields, fields};

pub struct Refusal {
    code: u32,
    text: Cow<'static, str>,
    /// How `topapi` puts it: sub code and sub message within errcode 88. Refused tokens have one, the rest has not.
    wrapped: Option<(&'static str, &'static str)>,
}

const fn plain(code: u32, text: &'static str) -> Refusal {
    Refusal { code, text: Cow::Borrowed(text), wrapped: None }
}

const fn of_token(code: u32, text: &'static str, sub_code: &'static str, sub_msg: &'static str) -> Refusal {
    Refusal { code, text: Cow::Borrowed(text), wrapped: Some((sub_code, sub_msg)) }
}

pub const WRONG_CHANNEL_SECRET: Refusal = plain(40001, "获取access_token时Secret错误,或者access_token无效");
pub const BAD_CORP_ID: Refusal = plain(40013, "不合法的corpid");
pub const BAD_TOKEN: Refusal = of_token(40014, "不合法的access_token", "40014", "不合法的access_token");
pub const BAD_PARAMETER: Refusal = plain(40035, "不合法的参数");
pub const NO_OPENID: Refusal = plain(40073, "不存在的openid");
pub const NO_CODE: Refusal = plain(40078, "不存在的临时授权码");
pub const BAD_CORP_SECRET: Refusal = plain(40089, "不合法的corpId或corpSecret");
pub const BAD_APP_SECRET: Refusal = plain(40096, "不合法的appKey或appSecret");
pub const NO_TOKEN: Refusal = of_token(41001, "缺少access_token参数", "40000", "access_token is blank");
pub const EXPIRED_TOKEN: Refusal = of_token(42001, "access_token超时", "42001", "access_token超时");
pub const NEED_GET: Refusal = plain(43001, "需要GET请求");
pub const NEED_POST: Refusal = plain(43002, "需要POST请求");
pub const NO_USER: Refusal = plain(60121, "找不到该用户");

pub fn missing(parameter: &str) -> Refusal {
    Refusal { code: 40035, text: Cow::Owned(format!("缺少参数 {parameter}")), wrapped: None }
}

impl Refusal {
    pub fn flat(&self) -> Fields {
        fields(json!({ "errcode": self.code, "errmsg": self.text }))
    }

    pub fn top(&self) -> Fields {
        let Some((sub_code, sub_msg)) = self.wrapped else {
            return self.flat();
        };
        fields(json!({
            "errcode": 88,
            "sub_code": sub_code,
            "sub_msg": sub_msg,
            "errmsg": format!("ding talk error[subcode={sub_code},submsg={sub_msg}]"),
        }))
    }
}
