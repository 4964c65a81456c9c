//! In which envelope the oapi host puts its refusals. Every one of them was documented at some time, or published by those
//! who met it; `README.md` names where.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorEnvelope {
    /// As each endpoint words it: `errcode` and `errmsg`, and for `topapi` a refused token within 88.
    #[default]
    Usual,
    /// The same with `errcode` as text.
    Text,
    /// Everything within 88.
    Wrapped,
    /// Within 88, and the sub code in the message only.
    InMessage,
    /// The gateway's `error_response`.
    Gateway,
    /// `dingtalk_…_response` with a `result` that has `ding_open_errcode`.
    Result,
    /// `success`, `errorCode`, `errorMsg`.
    Camel,
    /// That of the new host, with a status of its own.
    NewHost,
}

impl ErrorEnvelope {
    /// `usual`, a refusal as its endpoint words it, in this envelope.
    pub fn put(self, usual: Value) -> (StatusCode, Value) {
        let code = usual["sub_code"].as_str().map_or_else(|| usual["errcode"].to_string(), str::to_owned);
        let number: Value = code.parse::<i64>().map_or(Value::Null, Value::from);
        let words = usual.get("sub_msg").unwrap_or(&usual["errmsg"]).clone();
        let id = super::request_id();
        let (plain, text) = (words.as_str().unwrap_or_default(), code.as_str());
        let within = format!("ding talk error[subcode={text},submsg={plain}]");
        let body = match self {
            Self::Usual => usual,
            Self::Text => json!({ "errcode": text, "errmsg": words }),
            Self::Wrapped => {
                json!({ "errcode": 88, "sub_code": text, "sub_msg": words, "errmsg": within, "request_id": id })
            }
            Self::InMessage => json!({ "errcode": 88, "errmsg": within, "request_id": id }),
            Self::Gateway => json!({ "error_response": {
                "code": 15, "msg": "Remote service error", "sub_code": text, "sub_msg": words, "request_id": id,
            } }),
            Self::Result => json!({ "dingtalk_oapi_response": {
                "result": { "ding_open_errcode": number, "error_msg": words, "success": false }, "request_id": id,
            } }),
            Self::Camel => {
                json!({ "success": false, "errorCode": text, "errorMsg": words, "requestId": id })
            }
            Self::NewHost => json!({ "code": text, "message": words, "requestid": id }),
        };
        let status = if self == Self::NewHost { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        (status, body)
    }
}
