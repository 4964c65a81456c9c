//! Bad control input, answered with the field that is wrong.

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// Far more than the longest fault needs.
const LARGEST_BODY: usize = 1024 * 1024;

#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    field: Option<String>,
    message: String,
}

impl Problem {
    /// The input is JSON, but this field's value will not do.
    pub fn value(field: &str, message: String) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, field: Some(field.to_owned()), message }
    }

    pub fn not_found(message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, field: None, message: message.to_owned() }
    }

    fn syntax(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, field: None, message }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({ "error": { "field": self.field, "message": self.message } });
        (self.status, Json(body)).into_response()
    }
}

/// A JSON body of this type. Axum's own extractor would insist on a content type and answer in plain text.
pub struct Wanted<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Wanted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&read(request).await?).map(Self)
    }
}

/// As `Wanted`, and no body at all is `{}`.
pub struct WantedOrNothing<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for WantedOrNothing<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = read(request).await?;
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        parse(&body).map(Self)
    }
}

async fn read(request: Request) -> Result<Bytes, Problem> {
    to_bytes(request.into_body(), LARGEST_BODY)
        .await
        .map_err(|_| Problem::syntax("the body could not be read, or is too large".to_owned()))
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    // Parsed twice, so that broken JSON (400) is told from JSON with a wrong value in it (422).
    let value: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| Problem::syntax(format!("the body is not JSON: {error}")))?;
    from_json(value)
}

/// JSON that was read, as this type, or the field that is wrong.
pub fn from_json<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        // Unknown and missing fields are named by the message; the path then ends at their parent.
        let field = message.split('`').nth(1).filter(|_| message.contains("field `")).unwrap_or(&path);
        Problem::value(field, message.clone())
    })
}
