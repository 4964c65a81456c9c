//! Whether anything listens at a page's address. The phone cannot always tell by itself: where an application sets
//! `Cross-Origin-Resource-Policy` on every answer, a browser reports an answer as if there were none.

use std::time::Duration;

use axum::Json;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{Problem, Wanted};

/// A server that is developed is near.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Page {
    url: String,
}

pub async fn look(Wanted(page): Wanted<Page>) -> Result<Json<Value>, Problem> {
    let url = Url::parse(&page.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let address = url.as_ref().and_then(|url| Some((url.host_str()?, url.port_or_known_default()?)));
    let Some((host, port)) = address else {
        return Err(Problem::value("url", "must be an http:// or https:// address".to_owned()));
    };
    // Brackets around an IPv6 address belong to the URL.
    let connected = timeout(PATIENCE, TcpStream::connect((host.trim_matches(['[', ']']), port))).await;
    Ok(Json(json!({ "listens": connected.is_ok_and(|connection| connection.is_ok()) })))
}
