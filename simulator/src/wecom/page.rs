//! The pages that a browser sees of WeCom.

use axum::extract::Query;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::seed::PEOPLE;
use super::settings::Settings;
use super::visitor::Visitor;
use crate::answer::Answer;
use crate::assets::asset;
use crate::call::Call;

const HTML: &str = "text/html; charset=utf-8";
const IN_CLIENT: &str = "请在企业微信客户端打开链接";

/// Plays the client: looks at the fragment, and goes on with an identity.
pub fn client(visitor: &Visitor, settings: &Settings) -> Answer {
    let script = include_str!("../../assets/wecom.js");
    let twice = if settings.double_request { " data-twice" } else { "" };
    let body = format!(
        "<main id=\"client\" data-person=\"{}\" data-client=\"{}\"{twice}><p>企业微信 · WeCom</p></main><script>{script}</script>",
        visitor.person.id,
        visitor.client.name()
    );
    answer(&body, Some(0), None)
}

pub fn open_in_client() -> Answer {
    says(IN_CLIENT, "Open this link in WeCom or WeChat.", "open_in_client")
}

pub fn out_of_range() -> Answer {
    says("你不在应用的可见范围内", "You are outside the application’s visible range.", "out_of_range")
}

pub fn not_a_member() -> Answer {
    says("你不是该企业的成员", "You are not a member of this corporation.", "not_a_member")
}

fn says(chinese: &str, english: &str, sub_code: &str) -> Answer {
    let body = format!("<main><h1>{chinese}</h1><p lang=\"en\">{english}</p></main>");
    answer(&body, None, Some(sub_code.to_owned()))
}

/// `snsapi_privateinfo` asks the person.
pub fn consent(call: &Call) -> Answer {
    let (yes, no) = (with(call, &[("consent", "1")]), with(call, &[("consent", "0")]));
    let body = format!(
        "<main><h1>该应用申请获取你的个人信息</h1><p lang=\"en\">The application asks for your profile.</p>\
         <p><a id=\"allow\" class=\"primary\" href=\"{yes}\">允许 · Allow</a> <a id=\"decline\" href=\"{no}\">拒绝 · Decline</a></p></main>"
    );
    answer(&body, Some(0), None)
}

/// Whose phone scans the QR code.
pub fn web_login(call: &Call) -> Answer {
    let key = crate::random::alphanumeric(16);
    let members = PEOPLE.iter().filter(|person| person.user_id().is_some());
    let members: String = members
        .map(|person| {
            let href = with(call, &[("uin", person.id), ("key", &key)]);
            let (id, name) = (person.id, person.name);
            format!(
                "<li><a data-person=\"{id}\" href=\"{href}\"><img src=\"/avatars/wecom-{id}.svg\" alt=\"\">{name}</a></li>"
            )
        })
        .collect();
    let no = with(call, &[("consent", "0")]);
    let body = format!(
        "<main><h1>企业微信扫码登录</h1><p lang=\"en\">Log in with WeCom: who scans the code?</p>\
         <p class=\"code\" aria-hidden=\"true\"></p><ul>{members}</ul>\
         <p><a id=\"decline\" href=\"{no}\">拒绝 · Decline</a></p></main>"
    );
    answer(&body, Some(0), None)
}

#[derive(Deserialize)]
pub struct WrongLink {
    #[serde(default)]
    err_type: String,
    #[serde(default)]
    why: String,
}

/// `open.work.weixin.qq.com/wwopen/uriconfirm`.
pub async fn wrong_link(Query(wrong): Query<WrongLink>) -> Response {
    let says = match wrong.err_type.as_str() {
        "domain_err" => "redirect_uri需使用应用可信域名",
        _ => "链接参数错误",
    };
    let why: String = wrong.why.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').collect();
    asset(HTML, document(&format!("<main><h1>{says}</h1><p><code>{why}</code></p></main>")))
}

/// The same link, with more in its query.
fn with(call: &Call, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(call.query.iter()).extend_pairs(more);
    // Percent-encoded, so that the ampersand is all that HTML would misread.
    format!("{}?{}", call.path, query.finish().replace('&', "&amp;"))
}

fn answer(body: &str, errcode: Option<i64>, sub_code: Option<String>) -> Answer {
    let mut answer = Answer::json(&Value::Null, errcode, sub_code);
    (answer.status, answer.body) = (StatusCode::OK, document(body));
    answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    answer.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn document(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>企业微信</title>\
         <link rel=\"stylesheet\" href=\"/ui/base.css\"><link rel=\"stylesheet\" href=\"/ui/wecom.css\">\
         <body class=\"wecom\">{body}</body></html>"
    )
}
