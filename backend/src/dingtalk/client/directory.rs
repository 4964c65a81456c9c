//! The corporation's directory, with the token of the *other* family.
//!
//! open.dingtalk.com: "获取企业内部应用的access_token" (in the form that pairs with a channel secret), "根据unionid获取用户userid".

use super::{Client, access_token};
use crate::config::Secret;
use crate::dingtalk::answer::Answer;
use crate::dingtalk::tokens::{CorpToken, OpensDirectory};
use crate::upstream::{Error, Issued, Kind, Role};
use miandeng_shared::{CorpId, UnionId, UserId};
use serde_json::json;

/// Who a unionid is in the corporation's directory.
#[derive(Debug, Clone, Default)]
pub struct DirectoryEntry {
    pub user_id: Option<UserId>,
    pub contact_type: Option<u8>,
}

impl Client {
    /// `GET /gettoken`: with the corporation's own secret, the form that pairs with a channel secret, or with key and
    /// secret of one of its applications, the form of today.
    pub async fn corp_token(
        &self,
        corp: &CorpId,
        app_key: Option<&str>,
        secret: &Secret,
    ) -> Result<Issued<CorpToken>, Error> {
        let query = match app_key {
            None => [("corpid", corp.as_str()), ("corpsecret", secret.expose())],
            Some(app_key) => [("appkey", app_key), ("appsecret", secret.expose())],
        };
        self.call("/gettoken", Role::Token, |path| self.get(path, &query), access_token).await
    }

    /// `POST /topapi/user/getbyunionid`; nothing is known of a person whom the directory does not have.
    pub async fn user_by_unionid(
        &self,
        token: &impl OpensDirectory,
        id: &UnionId,
    ) -> Result<DirectoryEntry, Error> {
        let body = json!({ "unionid": id.as_str() });
        let query = [("access_token", token.secret().expose())];
        let request = |path: &str| self.post(path, &query, &body);
        match self.call("/topapi/user/getbyunionid", Role::Call, request, entry).await {
            Err(error) if error.kind == Kind::UserUnknown => Ok(DirectoryEntry::default()),
            other => other,
        }
    }
}

fn entry(answer: Answer) -> Result<DirectoryEntry, Error> {
    let answer = answer.result()?;
    let contact_type = answer.number("contact_type").and_then(|n| u8::try_from(n).ok());
    Ok(DirectoryEntry { user_id: answer.optional_id("userid", UserId::new), contact_type })
}
