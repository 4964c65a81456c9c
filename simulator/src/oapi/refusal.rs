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
pub const BAD_SUITE_SECRET: Refusal = plain(40080, "不合法的套件secret");
pub const BAD_SUITE_TOKEN: Refusal = plain(40082, "不合法的suitetoken");
pub const BAD_SUITE_KEY: Refusal = plain(40083, "不合法的suiteid");
pub const BAD_PERMANENT_CODE: Refusal = plain(40084, "不合法的永久授权码");
pub const BAD_SUITE_TICKET: Refusal = plain(40085, "不存在的suiteticket");
pub const NO_TOKEN: Refusal = of_token(41001, "缺少access_token参数", "40000", "access_token is blank");
pub const NO_SUITE_KEY: Refusal = plain(41021, "缺少suiteid");
pub const NO_SUITE_TOKEN: Refusal = plain(41022, "缺少suitetoken");
pub const NO_SUITE_TICKET: Refusal = plain(41023, "缺少suiteticket");
pub const NO_SUITE_SECRET: Refusal = plain(41024, "缺少suitesecret");
pub const NO_PERMANENT_CODE: Refusal = plain(41025, "缺少永久授权码");
pub const NO_TMP_AUTH_CODE: Refusal = plain(41026, "需要tmp_auth_code");
pub const NO_AUTH_CORP_ID: Refusal = plain(41027, "需要授权企业的corpid参数");
pub const CORP_NOT_AUTHORISED: Refusal = plain(41030, "企业未对该套件授权");
pub const OTHERS_PERMANENT_CODE: Refusal = plain(41031, "auth_corpid和permanent_code不匹配");
pub const EXPIRED_TOKEN: Refusal = of_token(42001, "access_token超时", "42001", "access_token超时");
pub const EXPIRED_SUITE_TOKEN: Refusal = plain(42009, "suitetoken失效");
pub const NEED_GET: Refusal = plain(43001, "需要GET请求");
pub const NEED_POST: Refusal = plain(43002, "需要POST请求");
pub const NO_USER: Refusal = plain(60121, "找不到该用户");
pub const NOT_MILLISECONDS: Refusal = plain(853001, "签名中时间戳参数不是毫秒");
pub const WRONG_TIME: Refusal = plain(853002, "签名中时间戳参数与服务器时间相差超过1分钟");
pub const BAD_ACCESS_KEY: Refusal = plain(853003, "签名中accessKey参数无效");
pub const BAD_SIGNATURE: Refusal = plain(853004, "签名参数signature不匹配");
pub const BAD_SIGNED_TICKET: Refusal = plain(853005, "签名中套件ticket参数无效");

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
