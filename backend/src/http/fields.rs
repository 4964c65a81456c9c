//! The fields of a request, from its query or its JSON body, looked at one by one so that an error can name the field.

use super::error::ApiError;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use miandeng_shared::ErrorCode;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// A login fits into one packet; whoever takes longer than this after its head has a broken line, or means to hold us.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Named texts: every field of the API is one.
#[derive(Debug, Default)]
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// A field that has to be there, checked by `read`.
    pub fn required<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<T, ApiError> {
        let Some(value) = self.0.remove(name) else { return Err(ApiError::invalid(name, "is missing")) };
        read(value).map_err(|rule| ApiError::invalid(name, rule))
    }

    /// A field that may be missing.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Whether every field has been taken: what is left are names that nobody knows.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The query of a request.
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut fields = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            // Two values for one name could be read differently by a proxy in front of us.
            if fields.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(ApiError::invalid(short(&name), "is given twice"));
            }
        }
        Ok(Query(Fields(fields)))
    }
}

/// The JSON object in the body of a request; its values are texts or null.
pub struct Body(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(ErrorCode::UnsupportedMediaType.into());
        }
        let bytes: Bytes = tokio::time::timeout(BODY_TIMEOUT, request.extract())
            .await
            .map_err(|_| ErrorCode::SlowRequest)?
            .map_err(|_| ErrorCode::PayloadTooLarge)?;
        let Ok(Value::Object(object)) = serde_json::from_slice(&bytes) else {
            return Err(ApiError::invalid("body", "must be a JSON object"));
        };
        let mut fields = HashMap::new();
        for (name, value) in object {
            match value {
                Value::String(text) => {
                    fields.insert(name, text);
                }
                Value::Null => {}
                _ => return Err(ApiError::invalid(short(&name), "must be a string")),
            }
        }
        Ok(Body(Fields(fields)))
    }
}

/// A field's name in an error is the sender's text: as much of it as any real name has, and only plain characters.
fn short(name: &str) -> &str {
    let plain =
        (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { name } else { "a field" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, "application/json")
            .body(axum::body::Body::from_stream(never))
            .unwrap();
        let since = tokio::time::Instant::now();
        let refused = Body::from_request(request, &()).await.err().unwrap();
        assert_eq!(refused.code, ErrorCode::SlowRequest);
        assert!(since.elapsed() < BODY_TIMEOUT * 2);
    }
}
