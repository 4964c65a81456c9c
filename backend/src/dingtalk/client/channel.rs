//! The classic service window: `/channel/*`.
//!
//! These endpoints have no page in today's documentation; names and parameters are those of ydhl/yding (PHP) and
//! 007gzs/dingtalk-sdk (Python).

use super::{Client, issued};
use crate::config::Secret;
use crate::dingtalk::answer::Answer;
use crate::dingtalk::credential::{ChannelTicket, ChannelToken, Credential, Issued};
use crate::dingtalk::error::{Error, Kind, Role};
use miandeng_shared::{AuthCode, CorpId, OpenId, UnionId};

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
        let answer = self.get("/channel/get_channel_token", Role::Token, &query).await?;
        issued(&answer, "access_token", "expires_in")
    }

    /// `GET /channel/get_channel_jsapi_ticket`.
    pub async fn channel_ticket(&self, token: &ChannelToken) -> Result<Issued<ChannelTicket>, Error> {
        let query = [("access_token", token.secret().expose())];
        let answer = self.get("/channel/get_channel_jsapi_ticket", Role::Call, &query).await?;
        issued(&answer, "ticket", "expires_in")
    }

    /// `GET /channel/user/get_by_code`: spends the code. The call has been admitted.
    pub async fn follower_by_code(&self, token: &ChannelToken, code: &AuthCode) -> Result<Follower, Error> {
        let query = [("access_token", token.secret().expose()), ("code", code.as_str())];
        follower(&self.get("/channel/user/get_by_code", Role::Redeem, &query).await?)
    }

    /// `GET /channel/user/get_by_openid`, for a unionid that `get_by_code` did not give.
    pub async fn follower_by_openid(
        &self,
        token: &ChannelToken,
        open_id: &OpenId,
    ) -> Result<Follower, Error> {
        let query = [("access_token", token.secret().expose()), ("openid", open_id.as_str())];
        let answer = self.get("/channel/user/get_by_openid", Role::Call, &query).await?;
        // 0: no longer following, and the other fields are then empty.
        if answer.number("subscribe") == Some(0) {
            return Err(answer.error(Kind::NotFollowing));
        }
        follower(&answer)
    }
}

fn follower(answer: &Answer) -> Result<Follower, Error> {
    Ok(Follower {
        open_id: answer.id("openid", OpenId::new)?,
        union_id: answer.optional_id("unionid", UnionId::new)?,
        nick: answer.optional_text("nickname"),
        avatar: answer.optional_text("avatar"),
    })
}
