//! The corporation's directory, with the token of the *other* family.
//!
//! open.dingtalk.com: "获取企业内部应用的access_token" (in the form that pairs with a channel secret), "根据unionid获取用户userid".

use super::{Client, access_token};
use crate::dingtalk::answer::Answer;
use crate::dingtalk::tokens::{CorpToken, OpensDirectory};
use crate::secret::Secret;
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
        match self.call("/topapi/user/getbyunionid", Role::Call, request, |answer| Ok(entry(answer))).await {
            Err(error) if error.kind == Kind::UserUnknown => Ok(DirectoryEntry::default()),
            other => other,
        }
    }
}

/// Both facts may be missing. The older `/user/getUseridByUnionid` has them flat, and `contactType` for `contact_type`.
fn entry(answer: Answer) -> DirectoryEntry {
    let answer = answer.result();
    let contact_type = ["contact_type", "contactType"].iter().find_map(|name| answer.number(name));
    let contact_type = contact_type.and_then(|n| u8::try_from(n).ok());
    DirectoryEntry { user_id: answer.optional_id("userid", UserId::new), contact_type }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Reply;

    #[test]
    fn k21_what_the_directory_does_not_say_is_no_failure() {
        let person = (Some("u1"), Some(1));
        for (body, expected) in [
            (r#""result":{"userid":"u1","contact_type":1}"#, person),
            (r#""result":{"userid":"u1","contactType":"1"}"#, person),
            (r#""result":"{\"userid\":\"u1\",\"contact_type\":1}""#, person),
            (r#""userid":"u1","contactType":1"#, person),
            (r#""userid":"u1","contact_type":1.0,"result":null"#, person),
            (r#""userid":"u2","result":{"userid":"u1","contact_type":1}"#, person),
            (r#""result":{"userid":"u1","contact_type":"new"}"#, (Some("u1"), None)),
            (r#""errmsg":"ok""#, (None, None)),
            (r#""result":null"#, (None, None)),
            (r#""result":[]"#, (None, None)),
            (r#""result":[{"userid":"u1"}]"#, (None, None)),
            (r#""result":"u1""#, (None, None)),
            (r#""result":"{""#, (None, None)),
            (r#""result":true"#, (None, None)),
            (r#""result":{}"#, (None, None)),
        ] {
            let reply = format!(r#"{{"errcode":0,{body}}}"#).into_bytes();
            let reply = Reply { status: 200, body: reply, ..Reply::default() };
            let entry = entry(Answer::read("/topapi/user/getbyunionid", Role::Call, &reply).unwrap());
            let DirectoryEntry { user_id, contact_type } = entry;
            assert_eq!((user_id.as_ref().map(UserId::as_str), contact_type), expected, "{body}");
        }
    }
}
