//! DingTalk's endpoints of one login in a classic service window, in the shapes of the simulator's answers. Nothing is
//! checked; every call is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::http::header;
use axum::routing::get;

const ANSWERS: [(&str, &str); 5] = [
    (
        "/channel/get_channel_token",
        r#"{"errcode":0,"errmsg":"ok","access_token":"0123456789abcdef0123456789abcdef","expires_in":7200}"#,
    ),
    (
        "/channel/get_channel_jsapi_ticket",
        r#"{"errcode":0,"errmsg":"ok","ticket":"mS5k98fdkdgDKxkXGEs8LORVREiweeWETE40P37wkidkfksDSKDJFD5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcKIDU8l","expires_in":7200}"#,
    ),
    (
        "/channel/user/get_by_code",
        r#"{"errcode":0,"errmsg":"ok","openid":"openid-follower-0123456789","unionid":"unionid-follower-0123456789"}"#,
    ),
    (
        "/gettoken",
        r#"{"errcode":0,"errmsg":"ok","access_token":"fedcba9876543210fedcba9876543210","expires_in":7200}"#,
    ),
    (
        "/topapi/user/getbyunionid",
        r#"{"errcode":0,"errmsg":"ok","result":{"contact_type":0,"userid":"userid-employee-0123456789"},"request_id":"0123456789ab"}"#,
    ),
];

pub fn router() -> Router {
    let calls = Arc::new(AtomicU64::new(0));
    let endpoint = |answer: &'static str| {
        let calls = Arc::clone(&calls);
        let handler = move || async move {
            calls.fetch_add(1, Ordering::Relaxed);
            ([(header::CONTENT_TYPE, "application/json")], answer)
        };
        get(handler.clone()).post(handler)
    };
    let routes =
        ANSWERS.iter().fold(Router::new(), |routes, (path, answer)| routes.route(path, endpoint(answer)));
    routes.route("/calls", get(async move || calls.load(Ordering::Relaxed).to_string()))
}
