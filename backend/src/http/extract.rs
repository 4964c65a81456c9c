//! The fields of a request, from its query or its JSON body, looked at one by one so that an error can name the field.

use super::error::ApiError;
use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use miandeng_shared::{ErrorCode, parameter};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

/// A login fits into one packet; a client that takes longer than this after its head has a broken line, or means to hold us.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Named values: every field of the API is a text, but for what a client of DingTalk's said.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, Value>);

impl Fields {
    /// A field that has to be there, checked by `read`.
    pub fn required<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<T, ApiError> {
        self.if_given(name, read)?.ok_or_else(|| ApiError::invalid(name, "is missing"))
    }

    /// A field that may be missing, checked by `read` where it is there.
    pub fn if_given<T, E: fmt::Display>(
        &mut self,
        name: &str,
        read: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => read(text).map(Some).map_err(|rule| ApiError::invalid(name, rule)),
            Some(_) => Err(ApiError::invalid(name, "must be a string")),
        }
    }

    /// A field that may be missing, and does not count where it is no text.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.if_given(name, Ok::<_, Infallible>).ok().flatten()
    }

    /// A field of any type that has to be there.
    pub fn any(&mut self, name: &str) -> Result<Value, ApiError> {
        self.0.remove(name).ok_or_else(|| ApiError::invalid(name, "is missing"))
    }

    /// Whether every field has been taken: what is left are unknown names.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The query of a request, under names in small letters.
pub struct Query(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            // As the page reads it: `corpId` that is no `corpid` would ask about every application.
            let name = match name.bytes().all(|byte| byte.is_ascii_lowercase()) {
                true => name.into_owned(),
                false => parameter(&name),
            };
            // Two values for one name could be read differently by a proxy in front of us.
            if fields.insert(name.clone(), value.into_owned().into()).is_some() {
                return Err(ApiError::invalid(short(&name), "is given twice"));
            }
        }
        Ok(Query(Fields(fields)))
    }
}

/// The JSON object in the body of a request.
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
        let Ok(Members(members)) = serde_json::from_slice(&bytes) else {
            return Err(ApiError::invalid("body", "must be a JSON object"));
        };
        let mut fields = BTreeMap::new();
        for (name, value) in members {
            // As in a query: of two values a proxy might have read the other.
            if fields.insert(name.clone(), value).is_some() {
                return Err(ApiError::invalid(short(&name), "is given twice"));
            }
        }
        Ok(Body(Fields(fields)))
    }
}

/// A JSON object as it was written: a map would keep the last of two members with one name and not tell.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
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
