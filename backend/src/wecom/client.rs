//! The calls to qyapi: token, who a code belongs to, and whether a member is in the application's range.

use super::errcodes::{MEMBER, classify};
use crate::apps::App;
use crate::secret::Secret;
use crate::upstream::{
    Error, Issued, Kind, Reply, Role, Token, Upstream, json, number, seconds, text, token,
};
use miandeng_shared::{AuthCode, CorpId, ExternalUserId, OpenId, UpstreamError, UserId};
use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value};
use std::sync::Arc;
use url::Url;

token!(
    /// One application's: from corpid and its secret. It redeems the codes of no other.
    WeComToken
);

/// Who a code belongs to.
#[derive(Debug)]
pub enum Visitor {
    /// Also a member whom the application is not visible to.
    Member(UserId),
    Outsider {
        open_id: OpenId,
        external_user_id: Option<ExternalUserId>,
    },
}

/// A client of WeCom.
#[derive(Debug, Clone)]
pub struct Client {
    upstream: Upstream,
    qyapi: Arc<Url>,
}

impl Client {
    pub fn new(upstream: Upstream, qyapi: &Url) -> Self {
        Self { upstream, qyapi: Arc::new(qyapi.clone()) }
    }

    /// The same client, with its calls charged to `app`.
    pub fn paid_by(&self, app: &App) -> Self {
        Self { upstream: self.upstream.paid_by(app), ..self.clone() }
    }

    /// Asks for the call that redeems a code, before the code counts as used.
    pub fn admit_redemption(&self) -> Result<(), Error> {
        self.upstream.admit("login code")
    }

    /// `GET /cgi-bin/gettoken`.
    pub async fn token(&self, corp: &CorpId, secret: &Secret) -> Result<Issued<WeComToken>, Error> {
        const PATH: &str = "/cgi-bin/gettoken";
        let query = [("corpid", corp.as_str()), ("corpsecret", secret.expose())];
        let read =
            |answer: Answer| Ok(Issued::new(answer.required("access_token")?, answer.seconds("expires_in")));
        self.call(PATH, Role::Token, &query, read).await
    }

    /// `GET /cgi-bin/auth/getuserinfo`: spends the code. The call has been admitted.
    pub async fn visitor(&self, token: &WeComToken, code: &AuthCode) -> Result<Visitor, Error> {
        const PATH: &str = "/cgi-bin/auth/getuserinfo";
        let query = [("access_token", token.secret().expose()), ("code", code.as_str())];
        let read = |answer: Answer| {
            if answer.says("userid") {
                let user_id =
                    answer.id("userid", UserId::new).ok_or_else(|| Error::new(PATH, Kind::BadAnswer))?;
                return Ok(Visitor::Member(user_id));
            }
            let open_id =
                answer.id("openid", OpenId::new).ok_or_else(|| Error::new(PATH, Kind::BadAnswer))?;
            Ok(Visitor::Outsider {
                open_id,
                external_user_id: answer.id("external_userid", ExternalUserId::new),
            })
        };
        self.call(PATH, Role::Redeem, &query, read).await
    }

    /// `GET /cgi-bin/user/get`: the name of a member, whom the application has to be visible to.
    pub async fn member(&self, token: &WeComToken, user_id: &UserId) -> Result<Option<String>, Error> {
        let query = [("access_token", token.secret().expose()), ("userid", user_id.as_str())];
        let read = |answer: Answer| match answer.number("errcode") {
            // There is nothing else in it to know an answer by.
            Some(0) => Ok(answer.text("name")),
            _ => Err(Error::new(MEMBER, Kind::BadAnswer)),
        };
        self.call(MEMBER, Role::Call, &query, read).await
    }

    /// Everything travels in the query, tokens and secrets too.
    async fn call<T>(
        &self,
        path: &'static str,
        role: Role,
        query: &[(&str, &str)],
        read: impl Fn(Answer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let request =
            || -> RequestBuilder { self.upstream.request(Method::GET, &self.qyapi, path).query(query) };
        self.upstream.call(path, role, request, |reply| Answer::read(path, role, reply).and_then(&read)).await
    }
}

/// A successful answer.
struct Answer {
    path: &'static str,
    fields: Map<String, Value>,
}

impl Answer {
    /// Errors are HTTP 200 and JSON, with the number in `errcode`; an unknown path is a 404 without a body. What stands
    /// before WeCom answers with a status of its own.
    fn read(path: &'static str, role: Role, reply: &Reply) -> Result<Self, Error> {
        let outcome = match json(&reply.body) {
            Some(Value::Object(fields)) => Self { path, fields }.success(role, reply),
            _ => Err(Error::new(path, Kind::BadAnswer.of_status(reply.status))),
        };
        outcome.map_err(|error| reply.with_pause(error))
    }

    fn success(self, role: Role, reply: &Reply) -> Result<Self, Error> {
        match self.fields.get("errcode").filter(|code| !code.is_null()).map(number) {
            Some(Some(code)) if code != 0 => Err(self.refusal(code, role, reply.status)),
            // Success may come without a code; one that cannot be read is no sign of it.
            None | Some(Some(_)) if reply.is_success() => Ok(self),
            _ => Err(Error::new(self.path, Kind::BadAnswer.of_status(reply.status))),
        }
    }

    /// The words name our address, and are for the log only.
    fn refusal(&self, code: i64, role: Role, status: u16) -> Error {
        const ENOUGH: usize = 200;
        let error = Error::new(self.path, classify(code, role, self.path).of_status(status));
        let words = self.text("errmsg").filter(|_| error.kind.policy().logs_words);
        let said = UpstreamError { code: code.to_string(), ..UpstreamError::default() };
        Error {
            said: Some(Box::new(said)),
            words: words.map(|words| words.chars().take(ENOUGH).collect()),
            ..error
        }
    }

    fn number(&self, field: &str) -> Option<i64> {
        number(self.fields.get(field)?)
    }

    fn seconds(&self, field: &str) -> Option<i64> {
        seconds(self.fields.get(field)?)
    }

    fn text(&self, field: &str) -> Option<String> {
        text(self.fields.get(field)?)
    }

    /// A text that has to be there: no token is a number.
    fn required(&self, field: &str) -> Result<String, Error> {
        let text = self.fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| Error::new(self.path, Kind::BadAnswer))
    }

    /// Whether there is anything, readable or not.
    fn says(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    }

    fn id<T, E>(&self, field: &str, new: impl FnOnce(String) -> Result<T, E>) -> Option<T> {
        new(self.text(field)?).ok()
    }
}

#[cfg(test)]
mod tests;
