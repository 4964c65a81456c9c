//! The calls to DingTalk: one function per endpoint, one private `call`.
//!
//! The classic channel endpoints have no page in today's documentation; names and parameters are those of ydhl/yding
//! (PHP) and 007gzs/dingtalk-sdk (Python), the corp side is open.dingtalk.com. On this host a token travels in the
//! query, and failures come with HTTP 200.

use super::answer::Answer;
use super::error::{Error, Kind, Role};
use crate::config::Secret;
use miandeng_shared::{AuthCode, CorpId, OpenId, UnionId, UserId};
use reqwest::{Method, redirect};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// DingTalk's answers on these endpoints are a few hundred bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// The documented lifetime of tokens and tickets, for an answer that does not name one.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(7200);
/// A host that does not take a connection by then is not reached at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Something secret that DingTalk hands out for a while.
pub trait Credential: Clone + PartialEq + Send + Sync + 'static {
    fn from_secret(secret: Secret) -> Self;
    /// For the store.
    fn secret(&self) -> &Secret;
}

macro_rules! credential {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name(Secret);

        impl Credential for $name {
            fn from_secret(secret: Secret) -> Self {
                Self(secret)
            }
            fn secret(&self) -> &Secret {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

credential!(
    /// Follower side: from the channel secret. Good for `/channel/*` only.
    ChannelToken
);
credential!(
    /// Directory side: from the corp secret. The mission's classic mistake is to use a [`ChannelToken`] here.
    CorpToken
);
credential!(
    /// Signs pages of a service window. Never leaves the server.
    ChannelTicket
);

/// A credential with the lifetime that DingTalk gave it.
#[derive(Debug, Clone)]
pub struct Issued<T> {
    pub value: T,
    pub lifetime: Duration,
}

/// Who a code belongs to.
#[derive(Debug, Clone)]
pub struct Follower {
    pub open_id: OpenId,
    pub union_id: Option<UnionId>,
    pub nick: Option<String>,
    pub avatar: Option<String>,
}

/// Who a unionid is in the corporation's directory.
#[derive(Debug, Clone)]
pub struct DirectoryEntry {
    pub user_id: UserId,
    pub contact_type: Option<u8>,
}

/// A client of the `oapi` host.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    oapi: Url,
}

impl Client {
    /// A client for DingTalk at `oapi`, which gives up on a call after `timeout`.
    ///
    /// # Errors
    /// Where the TLS backend cannot be set up.
    pub fn new(oapi: Url, timeout: Duration) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout))
            .build()?;
        Ok(Self { http, oapi })
    }

    /// `GET /channel/get_channel_token`.
    pub async fn channel_token(&self, corp: &CorpId, secret: &Secret) -> Result<Issued<ChannelToken>, Error> {
        let query = [("corpid", corp.as_str()), ("channel_secret", secret.expose())];
        let answer = self.get("/channel/get_channel_token", Role::Token, &query).await?;
        issued(&answer, "access_token", ChannelToken)
    }

    /// `GET /channel/get_channel_jsapi_ticket`.
    pub async fn channel_ticket(&self, token: &ChannelToken) -> Result<Issued<ChannelTicket>, Error> {
        let query = [("access_token", token.0.expose())];
        let answer = self.get("/channel/get_channel_jsapi_ticket", Role::Call, &query).await?;
        issued(&answer, "ticket", ChannelTicket)
    }

    /// `GET /channel/user/get_by_code`: spends the code.
    pub async fn follower_by_code(&self, token: &ChannelToken, code: &AuthCode) -> Result<Follower, Error> {
        let query = [("access_token", token.0.expose()), ("code", code.as_str())];
        follower(&self.get("/channel/user/get_by_code", Role::Call, &query).await?)
    }

    /// `GET /channel/user/get_by_openid`, for a unionid that `get_by_code` did not give.
    pub async fn follower_by_openid(
        &self,
        token: &ChannelToken,
        open_id: &OpenId,
    ) -> Result<Follower, Error> {
        let query = [("access_token", token.0.expose()), ("openid", open_id.as_str())];
        let answer = self.get("/channel/user/get_by_openid", Role::Call, &query).await?;
        // 0: no longer following, and the other fields are then empty.
        if answer.number("subscribe") == Some(0) {
            return Err(Error::new("/channel/user/get_by_openid", Kind::NotFollowing));
        }
        follower(&answer)
    }

    /// `GET /gettoken`, in the form that pairs with a channel secret.
    pub async fn corp_token(&self, corp: &CorpId, secret: &Secret) -> Result<Issued<CorpToken>, Error> {
        let query = [("corpid", corp.as_str()), ("corpsecret", secret.expose())];
        let answer = self.get("/gettoken", Role::Token, &query).await?;
        issued(&answer, "access_token", CorpToken)
    }

    /// `POST /topapi/user/getbyunionid`; `None` for a person whom the directory does not know.
    pub async fn user_by_unionid(
        &self,
        token: &CorpToken,
        id: &UnionId,
    ) -> Result<Option<DirectoryEntry>, Error> {
        let query = [("access_token", token.0.expose())];
        let endpoint = "/topapi/user/getbyunionid";
        let body = json!({ "unionid": id.as_str() });
        let result = match self.call(Method::POST, endpoint, Role::Call, &query, Some(body)).await {
            Ok(answer) => answer.result()?,
            Err(error) if error.kind == Kind::UserUnknown => return Ok(None),
            Err(error) => return Err(error),
        };
        let user_id =
            UserId::new(result.text("userid")?).map_err(|_| Error::new(endpoint, Kind::BadAnswer))?;
        let contact_type = result.number("contact_type").and_then(|n| u8::try_from(n).ok());
        Ok(Some(DirectoryEntry { user_id, contact_type }))
    }

    async fn get(&self, endpoint: &'static str, role: Role, query: &[(&str, &str)]) -> Result<Answer, Error> {
        self.call(Method::GET, endpoint, role, query, None).await
    }

    /// Every call goes through here: measured, limited in time and size, and read by [`Answer`].
    async fn call(
        &self,
        method: Method,
        endpoint: &'static str,
        role: Role,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Answer, Error> {
        let started = Instant::now();
        let outcome = match self.exchange(method, endpoint, query, body).await {
            Ok((http_ok, bytes)) => Answer::read(endpoint, role, http_ok, &bytes),
            Err(kind) => Err(Error::new(endpoint, kind)),
        };
        let label = outcome.as_ref().err().map_or("ok", |error| error.kind.label());
        crate::telemetry::upstream(endpoint, label, started.elapsed());
        outcome
    }

    async fn exchange(
        &self,
        method: Method,
        endpoint: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<(bool, Vec<u8>), Kind> {
        let mut url = self.oapi.clone();
        url.set_path(endpoint);
        let mut request = self.http.request(method, url).query(query);
        if let Some(body) = body {
            request = request.json(&body);
        }
        // The errors of reqwest carry the URL, and the URL carries secrets: only their kind goes on.
        let failed = |e: reqwest::Error| if e.is_timeout() { Kind::Timeout } else { Kind::Unreachable };
        let mut response = request.send().await.map_err(failed)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_ANSWER {
                return Err(Kind::BadAnswer);
            }
        }
        Ok((response.status().is_success(), bytes))
    }
}

fn issued<T>(answer: &Answer, field: &str, wrap: impl Fn(Secret) -> T) -> Result<Issued<T>, Error> {
    let value = wrap(Secret::new(answer.text(field)?));
    let lifetime = answer.number("expires_in").and_then(|s| u64::try_from(s).ok());
    Ok(Issued { value, lifetime: lifetime.map_or(DEFAULT_LIFETIME, Duration::from_secs) })
}

fn follower(answer: &Answer) -> Result<Follower, Error> {
    let bad = |_| Error::new("/channel/user", Kind::BadAnswer);
    Ok(Follower {
        open_id: OpenId::new(answer.text("openid")?).map_err(bad)?,
        union_id: answer.optional_text("unionid").map(UnionId::new).transpose().map_err(bad)?,
        nick: answer.optional_text("nickname"),
        avatar: answer.optional_text("avatar"),
    })
}
