//! Today's applications: the H5 app of a service window's virtual organisation, and the employee micro-app.
//!
//! open.dingtalk.com: "获取企业内部应用的accessToken", "创建jsapi_ticket", "通过免登码获取用户信息".

use super::{Client, issued};
use crate::config::Secret;
use crate::dingtalk::credential::{AppTicket, AppToken, Issued, OpensApp};
use crate::dingtalk::error::{Error, Role};
use miandeng_shared::{AuthCode, UnionId, UserId};
use serde_json::json;

/// Who a code belongs to, in the application's own organisation.
#[derive(Debug, Clone)]
pub struct Employee {
    pub user_id: UserId,
    pub union_id: Option<UnionId>,
    pub name: Option<String>,
}

impl Client {
    /// `POST /v1.0/oauth2/accessToken`, the one that the service window's own documentation names.
    pub async fn app_token(&self, client_id: &str, secret: &Secret) -> Result<Issued<AppToken>, Error> {
        let body = json!({ "appKey": client_id, "appSecret": secret.expose() });
        let answer = self.post_api("/v1.0/oauth2/accessToken", None, body).await?;
        issued(&answer, "accessToken", "expireIn")
    }

    /// `POST /v1.0/oauth2/jsapiTickets`.
    pub async fn app_ticket(&self, token: &impl OpensApp) -> Result<Issued<AppTicket>, Error> {
        let answer = self.post_api("/v1.0/oauth2/jsapiTickets", Some(token.secret()), json!({})).await?;
        issued(&answer, "jsapiTicket", "expireIn")
    }

    /// `POST /topapi/v2/user/getuserinfo`: spends the code. The call has been admitted.
    pub async fn employee_by_code(&self, token: &impl OpensApp, code: &AuthCode) -> Result<Employee, Error> {
        let answer = self
            .post("/topapi/v2/user/getuserinfo", Role::Redeem, token, json!({ "code": code.as_str() }))
            .await?
            .result()?;
        Ok(Employee {
            user_id: answer.id("userid", UserId::new)?,
            union_id: answer.optional_id("unionid", UnionId::new)?,
            name: answer.optional_text("name"),
        })
    }
}
