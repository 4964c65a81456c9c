//! Today's applications: the H5 app of a service window's virtual organisation, and the employee micro-app.
//!
//! open.dingtalk.com: "获取企业内部应用的accessToken", "创建jsapi_ticket", "通过免登码获取用户信息".

use super::{Client, issued};
use crate::dingtalk::answer::Answer;
use crate::dingtalk::tokens::{AppToken, JsapiTicket, OpensApp};
use crate::secret::Secret;
use crate::upstream::{Error, Issued, Kind, Role};
use miandeng_shared::{AuthCode, UnionId, UserId};
use serde_json::json;

/// Who a code belongs to, in the application's own organisation. One of the two identifiers is there.
#[derive(Debug, Clone)]
pub struct Employee {
    pub user_id: Option<UserId>,
    pub union_id: Option<UnionId>,
    pub name: Option<String>,
}

impl Client {
    /// `POST /v1.0/oauth2/accessToken`, the one that the service window's own documentation names.
    pub async fn app_token(&self, client_id: &str, secret: &Secret) -> Result<Issued<AppToken>, Error> {
        let body = json!({ "appKey": client_id, "appSecret": secret.expose() });
        let read = |answer: Answer| issued(&answer, "accessToken", "expireIn");
        let request = |path: &str| self.post_api(path, None, &body);
        self.call("/v1.0/oauth2/accessToken", Role::Token, request, read).await
    }

    /// `POST /v1.0/oauth2/jsapiTickets`.
    pub async fn app_ticket(&self, token: &impl OpensApp) -> Result<Issued<JsapiTicket>, Error> {
        let read = |answer: Answer| issued(&answer, "jsapiTicket", "expireIn");
        let request = |path: &str| self.post_api(path, Some(token.secret()), &json!({}));
        self.call("/v1.0/oauth2/jsapiTickets", Role::Call, request, read).await
    }

    /// `POST /topapi/v2/user/getuserinfo`: spends the code. The call has been admitted.
    pub async fn employee_by_code(&self, token: &impl OpensApp, code: &AuthCode) -> Result<Employee, Error> {
        let body = json!({ "code": code.as_str() });
        let query = [("access_token", token.secret().expose())];
        let request = |path: &str| self.post(path, &query, &body);
        self.call("/topapi/v2/user/getuserinfo", Role::Redeem, request, employee).await
    }
}

fn employee(answer: Answer) -> Result<Employee, Error> {
    let answer = answer.result();
    let user_id = answer.optional_id("userid", UserId::new);
    let union_id = answer.optional_id("unionid", UnionId::new);
    if user_id.is_none() && union_id.is_none() {
        return Err(answer.error(Kind::BadAnswer));
    }
    Ok(Employee { user_id, union_id, name: answer.optional_text("name") })
}
