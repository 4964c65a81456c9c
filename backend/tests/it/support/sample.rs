//! The application that the enterprise already has. It knows nothing of DingTalk: it tells what it received, and who that
//! makes its visitor, by the header and by the signed identity, which it verifies with the published keys.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Whose identities the application accepts.
#[derive(Clone)]
pub struct Trust {
    pub jwks_url: String,
    pub issuer: String,
    pub audience: String,
}

pub struct Sample {
    /// Host and port.
    pub address: String,
    task: tokio::task::JoinHandle<()>,
}

impl Sample {
    pub async fn start(trust: Trust) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::serve(listener, Router::new(), trust)
    }

    /// The backend of a front end, which is `page` at `/`.
    pub fn with_front_end(listener: TcpListener, page: String, trust: Trust) -> Self {
        let router = Router::new().route("/", get(|| async { Html(page) }));
        Self::serve(listener, router, trust)
    }

    fn serve(listener: TcpListener, router: Router<Trust>, trust: Trust) -> Self {
        let router = router.fallback(echo).with_state(trust);
        let address = listener.local_addr().unwrap().to_string();
        Self { address, task: tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }) }
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(State(trust): State<Trust>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let headers: Vec<_> =
        parts.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect();
    let verified = match token(&parts.headers) {
        Some(token) => trust.verify(token).await,
        None => Err("no token".into()),
    };
    let user = text(&parts.headers, "x-miandeng-user-id").unwrap_or_default().to_owned();
    let uri = parts.uri.to_string();
    if text(&parts.headers, "accept").is_some_and(|accept| accept.contains("text/html")) {
        let sub = verified.as_ref().map_or_else(Clone::clone, |claims| claims["sub"].to_string());
        let page = format!("<p id=user>{user}</p><p id=sub>{sub}</p><p id=uri>{uri}</p>");
        return Html(page).into_response();
    }
    let (claims, refused) = match verified {
        Ok(claims) => (claims, Value::Null),
        Err(error) => (Value::Null, error.into()),
    };
    Json(json!({
        "method": parts.method.as_str(), "uri": uri, "headers": headers, "body": String::from_utf8_lossy(&body),
        "claims": claims, "refused": refused,
    }))
    .into_response()
}

/// From the proxy, or from a front end of another origin.
fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = text(headers, header::AUTHORIZATION.as_str()).and_then(|v| v.strip_prefix("Bearer "));
    bearer.or_else(|| text(headers, "x-miandeng-jwt"))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Trust {
    async fn verify(&self, token: &str) -> Result<Value, String> {
        let keys = reqwest::get(&self.jwks_url).await.map_err(|e| e.to_string())?;
        let keys: JwkSet = keys.json().await.map_err(|e| e.to_string())?;
        let kid = decode_header(token).map_err(|e| e.to_string())?.kid.ok_or("no kid")?;
        let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("unknown kid")?).map_err(|e| e.to_string())?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        decode::<Value>(token, &key, &validation).map(|data| data.claims).map_err(|e| e.to_string())
    }
}
