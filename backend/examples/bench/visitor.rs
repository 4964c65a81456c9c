//! One browser's worth of HTTP: enough to log in many times.

use anyhow::{Context, Result, ensure};
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder};
use serde_json::json;

use crate::stage::{AGENT, Server, client};

pub struct Visitor<'a> {
    server: &'a Server,
    http: Client,
}

impl<'a> Visitor<'a> {
    pub fn to(server: &'a Server) -> Result<Self> {
        Ok(Self { server, http: client()? })
    }

    /// The cookie that `url` sets.
    pub async fn cookie_of(&self, url: &str) -> Result<String> {
        cookie(self.http.get(url)).await
    }

    /// Opens the page of `corp`: its signature, and the login cookie.
    pub async fn login_cookie(&self, corp: &str) -> Result<String> {
        self.cookie_of(&format!("{}{}", self.server.origin(), self.server.config_path(corp))).await
    }

    /// A whole login; gives the session's cookie.
    pub async fn log_in(&self, corp: &str, code: &str) -> Result<String> {
        let login = self.login_cookie(corp).await?;
        let origin = self.server.origin();
        let request = self.http.post(format!("{origin}/api/login")).header(COOKIE, login);
        let body = json!({ "corpId": corp, "agentId": AGENT, "code": code });
        cookie(request.header(ORIGIN, origin).json(&body)).await
    }
}

/// Sends a request, whose answer has to be a 200 with a cookie, and gives that as a browser would send it.
async fn cookie(request: RequestBuilder) -> Result<String> {
    let answer = request.send().await?;
    let (status, url) = (answer.status(), answer.url().clone());
    let value = answer.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
    let value = value.and_then(|value| value.split(';').next()).map(str::to_owned);
    // Reads it to its end, which frees the connection for the next request.
    let body = answer.text().await?;
    ensure!(status == 200, "{url}: {status}: {body}");
    value.with_context(|| format!("{url}: the answer sets no cookie"))
}
