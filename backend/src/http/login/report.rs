//! `POST /api/report`: the page tells that DingTalk refused its `dd.config`.

use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::extract::Body;
use crate::http::guard;
use crate::http::state::RENEWAL_PAUSE;
use crate::repeats::Repeats;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use miandeng_shared::SignedConfig;
use serde_json::Value;
use std::convert::Infallible;

/// The ticket cannot be read, or does not match the signature: both may mean that another one has replaced it. So may a
/// refusal without a number, because some clients tell no more.
const TICKET_ERRORS: [&str; 2] = ["52011", "52013"];

/// One line for each application and code in this time.
static WRITTEN: Repeats<(String, Option<String>)> = Repeats::new(RENEWAL_PAUSE);

pub async fn report(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    guard::refuse_foreign_origin(&state.config, &headers)?;
    let Body(mut fields) = body;
    let app = guard::app(&state, &mut fields, ["corpId", "agentId"], None).await?;
    let mut text = |name| fields.required(name, Ok::<_, Infallible>);
    let signed = SignedConfig {
        time_stamp: text("timeStamp")?,
        nonce_str: text("nonceStr")?,
        signature: text("signature")?,
        url: text("url")?,
    };
    let error = words(&fields.any("error")?);
    // Anybody can post here, so only what the ticket of today has signed counts: what an older one signed has been seen to.
    let Some(signer) = app.provider.signer().filter(|signer| signer.has_signed(&signed)) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let code = code_of(&error);
    let renewed = code.is_none_or(|code| TICKET_ERRORS.contains(&code))
        && state.ticket_renewals.is_first(app.id.to_string())
        && signer.forget_signer_of(&signed).await;
    // The page's own visitor may repeat a report at will.
    if renewed || WRITTEN.first((app.id.to_string(), code.map(str::to_owned))).is_some() {
        tracing::warn!(
            corp = %app.id.corp_id, agent = %app.id.agent_id, upstream = code, renewed, "DingTalk refused a page's dd.config"
        );
    }
    Ok(StatusCode::NO_CONTENT)
}

/// All that an error says, whatever its shape: of objects and lists the values, and what the name of a member makes a code
/// is marked as one.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(" "),
        Value::Object(members) => {
            let is_code = |name: &String| name.to_ascii_lowercase().ends_with("code");
            let said = members.iter().map(|(name, value)| {
                if is_code(name) { format!("Code:{}", words(value)) } else { words(value) }
            });
            said.collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    }
}

/// The number of DingTalk's message: one of [`TICKET_ERRORS`], else one of five digits or some more after `Code:`, else the
/// first of five that begins as those of `dd.config` do. A shorter one is the client's own. What stands in brackets is quoted
/// from the page (`nonce:[…]`, `url:[…]`), with numbers of its own.
fn code_of<'a>(text: &'a str) -> Option<&'a str> {
    let is_no_digit = |c: char| !c.is_ascii_digit();
    let mut outside = vec![];
    for (i, part) in text.split('[').enumerate() {
        outside.push(if i == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) });
    }
    let after_code = |part: &&'a str| {
        let digits = |rest: &'a str| {
            rest.trim_start().split(is_no_digit).next().filter(|digits| (5..=10).contains(&digits.len()))
        };
        part.split("Code:").skip(1).find_map(digits)
    };
    let named = outside.iter().filter_map(after_code);
    let is_ours = |digits: &&str| digits.len() == 5 && digits.starts_with("52");
    let ours = outside.iter().flat_map(|part| part.split(is_no_digit).filter(is_ours));
    let codes: Vec<&str> = named.chain(ours).collect();
    codes.iter().find(|code| TICKET_ERRORS.contains(code)).or(codes.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::{code_of, words};
    use serde_json::json;

    #[test]
    fn k19_a_number_that_the_page_brought_along_is_no_code() {
        for (text, code) in [
            ("Code:52013 - Message:签名校验失败,nonce:[12345],url:[http://localhost:33905/a]", Some("52013")),
            ("权限校验失败 52011", Some("52011")),
            ("Code: 60011 - no", Some("60011")),
            ("权限校验失败", None),
            ("权限校验失败,url:[https://h5.example.com/orders/12345]", None),
            ("权限校验失败,url:[http://127.0.0.1:52013/", None),
            ("refused at 127.0.0.1:18792, errorCode 3", None),
            ("", None),
        ] {
            assert_eq!(code_of(text), code, "{text}");
        }
    }

    #[test]
    fn k19_an_error_may_be_any_json() {
        for (error, code) in [
            (json!({ "errorCode": 52013, "errorMessage": "权限校验失败" }), Some("52013")),
            (json!({ "errorCode": "52011" }), Some("52011")),
            (json!({ "errorCode": 60011, "errorMessage": "no" }), Some("60011")),
            (json!({ "errorCode": 3, "message": "权限校验失败" }), None),
            (json!({ "errorCode": 3, "message": "Code:52019 - 无效的agentid" }), Some("52019")),
            (json!({ "errorCode": 3, "error": { "code": 52011 } }), Some("52011")),
            (json!({ "errorCode": 10001, "message": "Code:52013 - x" }), Some("52013")),
            (json!({ "errorMessage": "Code:52013", "errorCode": "10003" }), Some("52013")),
            (json!({ "message": "errorCode:11111 52013" }), Some("52013")),
            (json!({ "errorCode": 10001, "message": "Code:52019 - x" }), Some("10001")),
            (json!({ "message": "url:[http://127.0.0.1:52013/]" }), None),
            (json!(["权限校验失败", 52013]), Some("52013")),
            (json!(52013), Some("52013")),
            (json!({}), None),
            (json!(null), None),
            (json!(true), None),
        ] {
            assert_eq!(code_of(&words(&error)), code, "{error}");
        }
    }
}
