//! The classic service window: `/channel/*`.
//!
//! These endpoints have no page in today's documentation; names and parameters are those of ydhl/yding (PHP) and
//! 007gzs/dingtalk-sdk (Python).

use super::{Client, access_token, issued};
use crate::dingtalk::answer::Answer;
use crate::dingtalk::tokens::{ChannelToken, JsapiTicket};
use crate::secret::Secret;
use crate::upstream::{Error, Issued, Kind, Role, Token};
use miandeng_shared::{AuthCode, CorpId, OpenId, UnionId};
use serde_json::Value;

/// Who a code belongs to.
#[derive(Debug, Clone)]
pub struct Follower {
    pub open_id: OpenId,
    pub union_id: Option<UnionId>,
    pub nick: Option<String>,
    pub avatar: Option<String>,
}

impl Client {
    /// `GET /channel/get_channel_token`.
    pub async fn channel_token(&self, corp: &CorpId, secret: &Secret) -> Result<Issued<ChannelToken>, Error> {
        let query = [("corpid", corp.as_str()), ("channel_secret", secret.expose())];
        let request = |path: &str| self.get(path, &query);
        self.call("/channel/get_channel_token", Role::Token, request, access_token).await
    }

    /// `GET /channel/get_channel_jsapi_ticket`.
    pub async fn channel_ticket(&self, token: &ChannelToken) -> Result<Issued<JsapiTicket>, Error> {
        let query = [("access_token", token.secret().expose())];
        let request = |path: &str| self.get(path, &query);
        let read = |answer: Answer| issued(&answer, "ticket", "expires_in");
        self.call("/channel/get_channel_jsapi_ticket", Role::Call, request, read).await
    }

    /// `GET /channel/user/get_by_code`: spends the code. The call has been admitted.
    pub async fn follower_by_code(&self, token: &ChannelToken, code: &AuthCode) -> Result<Follower, Error> {
        let query = [("access_token", token.secret().expose()), ("code", code.as_str())];
        let read = |answer: Answer| Ok(follower(answer.id("openid", OpenId::new)?, &answer));
        self.call("/channel/user/get_by_code", Role::Redeem, |path| self.get(path, &query), read).await
    }

    /// `GET /channel/user/get_by_openid`, for a unionid that `get_by_code` did not give.
    pub async fn follower_by_openid(
        &self,
        token: &ChannelToken,
        open_id: &OpenId,
    ) -> Result<Follower, Error> {
        let query = [("access_token", token.secret().expose()), ("openid", open_id.as_str())];
        let read = |answer: Answer| {
            // 0: no longer following, and the other fields are then empty.
            if answer.number("subscribe") == Some(0) || answer.value("subscribe") == Some(&Value::Bool(false))
            {
                return Err(answer.error(Kind::NotFollowing));
            }
            match answer.optional_id("openid", OpenId::new) {
                // What is said of another person is not this one's.
                Some(other) if other != *open_id => {
                    Ok(Follower { open_id: open_id.clone(), union_id: None, nick: None, avatar: None })
                }
                _ => Ok(follower(open_id.clone(), &answer)),
            }
        };
        self.call("/channel/user/get_by_openid", Role::Call, |path| self.get(path, &query), read).await
    }
}

fn follower(open_id: OpenId, answer: &Answer) -> Follower {
    Follower {
        open_id,
        union_id: answer.optional_id("unionid", UnionId::new),
        nick: answer.optional_text("nickname"),
        avatar: answer.optional_text("avatar"),
    }
}
