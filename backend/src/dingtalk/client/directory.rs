//! The corporation's directory, with the token of the *other* family.
//!
//! open.dingtalk.com: "获取企业内部应用的access_token" (in the form that pairs with a channel secret), "根据unionid获取用户userid".

use super::{Client, issued};
use crate::config::Secret;
use crate::dingtalk::credential::{CorpToken, Issued, OpensDirectory};
use crate::dingtalk::error::{Error, Kind, Role};
use miandeng_shared::{CorpId, UnionId, UserId};
use serde_json::json;

/// Who a unionid is in the corporation's directory.
#[derive(Debug, Clone)]
pub struct DirectoryEntry {
    pub user_id: UserId,
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
        let answer = self.get("/gettoken", Role::Token, &query).await?;
        issued(&answer, "access_token", "expires_in")
    }

    /// `POST /topapi/user/getbyunionid`; `None` for a person whom the directory does not know.
    pub async fn user_by_unionid(
        &self,
        token: &impl OpensDirectory,
        id: &UnionId,
    ) -> Result<Option<DirectoryEntry>, Error> {
        let result = match self
            .post("/topapi/user/getbyunionid", Role::Call, token, json!({ "unionid": id.as_str() }))
            .await
        {
            Ok(answer) => answer.result()?,
            Err(error) if error.kind == Kind::UserUnknown => return Ok(None),
            Err(error) => return Err(error),
        };
        let contact_type = result.number("contact_type").and_then(|n| u8::try_from(n).ok());
        Ok(Some(DirectoryEntry { user_id: result.id("userid", UserId::new)?, contact_type }))
    }
}
