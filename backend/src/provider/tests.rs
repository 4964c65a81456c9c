//! A third platform, to see what one has to write: an arm in each function of [`Provider`], and these two methods. Routes,
//! sessions, store and the configuration of the others know nothing of it.

use super::*;
use crate::config;
use crate::http::AppState;
use crate::http::router;
use crate::registry::RegisteredApp;
use crate::upstream::Kind;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use miandeng_shared::UserId;
use serde_json::{Value, json};
use tower::ServiceExt;

/// A platform whose codes carry the user id.
pub struct Stub;

impl Stub {
    pub fn prepare(&self) -> Result<(), Error> {
        Ok(())
    }

    pub fn redeem(&self, app: &App, code: &AuthCode) -> Result<User, Error> {
        let refused = || Error::new("stub", Kind::CodeRejected);
        let user_id = code.as_str().strip_prefix("code-of-").ok_or_else(refused)?;
        Ok(User { user_id: UserId::new(user_id).ok(), ..app.anonymous() })
    }
}

const CONFIG: &str = r#"
    public_url = "http://127.0.0.1:8080"
    [store]
    url = "memory:"
    [[apps]]
    corp_id = "corp1"
    agent_id = "7"
    kind = "h5"
    client_id = "id"
    client_secret = "secret"
"#;

async fn answer(state: &AppState, request: Request<Body>) -> Response {
    router(state.clone()).oneshot(request).await.unwrap()
}

async fn json_of(response: Response) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_new_platform_logs_people_in() {
    let mut config = config::parse(CONFIG, std::iter::empty()).config.unwrap();
    let app = config.apps.remove(0);
    let mut state = AppState::new(config).await.unwrap();
    state.insert(RegisteredApp { app, provider: Provider::Stub(Stub) });

    let page = Request::get("/api/config?corpid=corp1&agentid=7").body(Body::empty()).unwrap();
    let page = answer(&state, page).await;
    let cookie = page.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let login = |code: &str| {
        let body = json!({ "corpId": "corp1", "agentId": "7", "code": code }).to_string();
        Request::post("/api/login")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, "http://127.0.0.1:8080")
            .header(header::COOKIE, &cookie)
            .body(Body::from(body))
            .unwrap()
    };
    let logged_in = answer(&state, login("code-of-zhangsan")).await;
    assert_eq!(logged_in.status(), StatusCode::OK);
    let session =
        logged_in.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(json_of(logged_in).await["user"]["userId"], "zhangsan");
    let auth = Request::get("/auth").header(header::COOKIE, session).body(Body::empty()).unwrap();
    assert_eq!(answer(&state, auth).await.headers()["x-miandeng-user-id"], "zhangsan");

    let refused = answer(&state, login("unknown")).await;
    assert_eq!(json_of(refused).await["error"]["code"], "code_rejected");
    assert_eq!(answer(&state, login("code-of-zhangsan")).await.status(), StatusCode::CONFLICT, "used once");
}
