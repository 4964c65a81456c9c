//! The bare handlers: no configuration, no checks, no sessions, no memory, no metrics, no log.

use anyhow::ensure;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub async fn router(upstream: Url, config: Url) -> anyhow::Result<Router> {
    let http = Client::new();
    let config = Repeated::from(&http, config).await?;
    let dingtalk = DingTalk {
        by_code: upstream.join("/channel/user/get_by_code")?,
        by_union_id: upstream.join("/topapi/user/getbyunionid")?,
        http,
    };
    Ok(Router::new()
        .route("/api/config", get(async move || config.clone().answer()))
        .route("/api/login", post(login).with_state(dingtalk)))
}

/// An answer of the server, to be given again.
#[derive(Clone)]
struct Repeated {
    headers: HeaderMap,
    body: Bytes,
}

impl Repeated {
    async fn from(http: &Client, url: Url) -> anyhow::Result<Self> {
        let answer = http.get(url).send().await?;
        ensure!(answer.status() == StatusCode::OK, "the server answers {}", answer.status());
        let mut headers = answer.headers().clone();
        // hyper writes its own.
        for header in [header::DATE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(header);
        }
        Ok(Self { headers, body: answer.bytes().await? })
    }

    fn answer(self) -> (HeaderMap, Bytes) {
        (self.headers, self.body)
    }
}

#[derive(Clone)]
struct DingTalk {
    http: Client,
    by_code: Url,
    by_union_id: Url,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    corp_id: String,
    agent_id: String,
    code: String,
}

/// What the server answers, out of the same two answers of DingTalk.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User {
    corp_id: String,
    agent_id: String,
    open_id: String,
    union_id: String,
    user_id: String,
    contact_type: u8,
}

#[derive(Deserialize)]
struct Follower {
    openid: String,
    unionid: String,
}

#[derive(Deserialize)]
struct Entry {
    result: EntryResult,
}

#[derive(Deserialize)]
struct EntryResult {
    userid: String,
    contact_type: u8,
}

async fn login(State(dingtalk): State<DingTalk>, Json(login): Json<Login>) -> Result<Json<User>, StatusCode> {
    let DingTalk { http, by_code, by_union_id } = dingtalk;
    let call = async {
        let query = [("access_token", "0123456789abcdef0123456789abcdef"), ("code", &login.code)];
        let follower: Follower = http.get(by_code).query(&query).send().await?.json().await?;
        let query = [("access_token", "fedcba9876543210fedcba9876543210")];
        let body = json!({ "unionid": follower.unionid });
        let entry: Entry = http.post(by_union_id).query(&query).json(&body).send().await?.json().await?;
        Ok::<_, reqwest::Error>((follower, entry.result))
    };
    let (follower, entry) = call.await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(Json(User {
        corp_id: login.corp_id,
        agent_id: login.agent_id,
        open_id: follower.openid,
        union_id: follower.unionid,
        user_id: entry.userid,
        contact_type: entry.contact_type,
    }))
}
