//! What goes back to the caller, and what the journal notes of it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub errcode: Option<i64>,
    pub sub_code: Option<String>,
}

impl Answer {
    /// A JSON answer whose error code, if any, stands in it where the oapi host puts it.
    pub fn oapi(body: &Value) -> Self {
        Self::json(body, body["errcode"].as_i64(), body["sub_code"].as_str().map(str::to_owned))
    }

    pub fn json(body: &Value, errcode: Option<i64>, sub_code: Option<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { status: StatusCode::OK, headers, body: body.to_string(), errcode, sub_code }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, Body::from(self.body)).into_response()
    }
}
