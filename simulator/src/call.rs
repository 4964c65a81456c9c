//! A call as it came in, with its parameters wherever they were put.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

/// Which side of a platform a call came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// DingTalk's hosts.
    Oapi,
    /// The servers of DingTalk's client.
    Native,
    /// WeCom's host for servers.
    Qyapi,
    /// WeCom's links, which browsers open.
    Link,
}

pub struct Call {
    pub method: Method,
    pub path: String,
    pub query: Params,
    /// The parameters in the body: a JSON object's members or a form's fields.
    pub body: Map<String, Value>,
    /// Where the new host wants its token.
    pub header_token: Option<String>,
    pub headers: HeaderMap,
}

/// Names and values of a query, in order.
#[derive(Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// A blank value counts as absent, as it does with DingTalk ("access_token is blank").
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Call {
    pub fn new(method: Method, path: String, query: &str, headers: &HeaderMap, body: &Bytes) -> Self {
        let header_token = headers.get("x-acs-dingtalk-access-token").and_then(|value| value.to_str().ok());
        Self {
            method,
            path,
            query: Params::parse(query),
            body: body_parameters(headers, body),
            header_token: header_token.map(str::to_owned),
            headers: headers.clone(),
        }
    }

    /// A parameter of the body as text, also where JSON has it as a number.
    pub fn body_text(&self, name: &str) -> Option<String> {
        text(self.body.get(name)?)
    }
}

/// Text of a JSON scalar; `None` for blank text and for what is no scalar.
pub fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn body_parameters(headers: &HeaderMap, body: &Bytes) -> Map<String, Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return form_urlencoded::parse(body)
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect();
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
