//! `kind = "h5"`: today's service window, an H5 app in the window's virtual organisation.

use crate::support::{Person, Server, Sim, json_of};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

pub const CORP: &str = "dingvirtual1";
pub const AGENT: &str = "223456";
const BY_CODE: &str = "/topapi/v2/user/getuserinfo";

/// Today's application beside the window.
pub fn beside(config: &mut String) {
    config.push_str(&format!(
        "[[apps]]\ncorp_id = \"{CORP}\"\nagent_id = \"{AGENT}\"\nkind = \"h5\"\n\
         client_id = \"client-of-{CORP}\"\nclient_secret = \"client-secret-of-{CORP}\"\n"
    ));
}

/// One deployment for both kinds.
async fn start() -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, beside).await;
    (sim, server)
}

async fn config(person: &Person<'_>, more: &str) -> Value {
    let path = format!("/api/config?corpid={CORP}&agentid={AGENT}{more}");
    json_of(person.send(person.request(Method::GET, &path)).await).await
}

pub async fn code(sim: &Sim, person: &str) -> String {
    let body = json!({
        "person": person, "namespace": "runtime", "corpId": CORP, "clientId": format!("client-of-{CORP}"), "url": "http://x/",
    });
    let answer = sim.post("/_sim/native/requestAuthCode", body).await;
    answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

pub async fn login(person: &Person<'_>, corp: &str, agent: &str, code: &str) -> Response {
    let body = json!({ "corpId": corp, "agentId": agent, "code": code });
    person.send(person.request(Method::POST, "/api/login").json(&body)).await
}

#[tokio::test]
async fn logs_in_with_two_calls_and_no_signature() {
    let (sim, server) = start().await;
    let person = Person::new(&sim, &server);
    let facts = config(&person, "").await;
    assert_eq!(
        (&facts["kind"], &facts["type"], &facts["clientId"]),
        (&json!("h5"), &json!(0), &json!("client-of-dingvirtual1"))
    );
    for field in ["timeStamp", "nonceStr", "signature", "url"] {
        assert_eq!(facts[field], Value::Null, "{field}");
    }
    assert_eq!(sim.total().await, 0, "nothing is signed, so nothing is asked");
    let code = code(&sim, "stranger").await;
    let answer = login(&person, CORP, AGENT, &code).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let user = json_of(answer).await["user"].clone();
    assert_eq!(user["userId"], "userid-stranger-dingvirtual1");
    assert_eq!((&user["nick"], &user["openId"]), (&json!("赵路人"), &Value::Null));
    assert!(user["unionId"].is_string(), "{user}");
    let counts = sim.counts().await;
    assert_eq!(
        (counts["/v1.0/oauth2/accessToken"], counts[BY_CODE], sim.total().await),
        (1, 1, 2),
        "{counts:?}"
    );
}

#[tokio::test]
async fn signs_when_asked() {
    let (sim, server) = start().await;
    let person = Person::new(&sim, &server);
    let page = format!("{}/?corpid={CORP}&agentid={AGENT}", server.url);
    let signed =
        config(&person, &format!("&sign=1&url={}", page.replace('&', "%26").replace('?', "%3F"))).await;
    assert_eq!(signed["url"], page);
    let verdict = sim.post("/_sim/native/requestJsApis", json!({ "url": page, "params": signed })).await;
    assert_eq!(verdict["ok"], true, "{verdict}");
}

#[tokio::test]
async fn one_kinds_code_or_cookie_is_no_good_for_the_other() {
    let (sim, server) = start().await;
    let person = Person::new(&sim, &server);
    config(&person, "").await;
    let channel_code = person.code().await;
    let crossed = login(&person, CORP, AGENT, &channel_code).await;
    assert_eq!(json_of(crossed).await["error"]["code"], "code_rejected");
    let other = Person::new(&sim, &server);
    other.config().await;
    let without_cookie = login(&other, CORP, AGENT, &code(&sim, "employee").await).await;
    assert_eq!(json_of(without_cookie).await["error"]["code"], "cross_site");
    let own = login(&person, CORP, AGENT, &code(&sim, "employee").await).await;
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn failures_of_both_hosts() {
    let (sim, server) = start().await;
    let person = Person::new(&sim, &server);
    config(&person, "").await;
    login(&person, CORP, AGENT, &code(&sim, "employee").await).await;
    sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
    let healed = login(&person, CORP, AGENT, &code(&sim, "employee").await).await;
    assert_eq!(healed.status(), StatusCode::OK, "a dead token, told as 88 with a sub code");

    for (reply, expected) in [
        (
            json!({ "status": 400, "body": { "code": "invalidClientIdOrSecret", "message": "x", "requestid": "r1" } }),
            "app_misconfigured",
        ),
        (
            json!({ "status": 403, "body": { "code": "Forbidden.AccessDenied.IpNotInWhiteList", "message": "x" } }),
            "app_misconfigured",
        ),
        (
            json!({ "status": 403, "body": { "code": "Forbidden.AccessDenied.QpsLimitForApi", "message": "x" } }),
            "platform_throttled",
        ),
        (json!({ "status": 500, "body": { "code": "systemBusy", "message": "x" } }), "platform_busy"),
        (json!({ "status": 502, "contentType": "text/html", "body": "<html>" }), "platform_bad_answer"),
    ] {
        let server = Server::start(&sim, |config| {
            *config = config
                .replace("kind = \"channel\"", "kind = \"h5\"\nclient_id = \"client-of-dingvirtual1\"")
                .replace(
                    "channel_secret = \"channel-secret-of-dingcorp1\"",
                    "client_secret = \"client-secret-of-dingvirtual1\"",
                )
                .replace("corp_secret = \"corp-secret-of-dingcorp1\"\n", "")
                .replace("corp_id = \"dingcorp1\"", "corp_id = \"dingvirtual1\"")
                .replace("agent_id = \"123456\"", "agent_id = \"223456\"");
        })
        .await;
        let person = Person::new(&sim, &server);
        config(&person, "").await;
        sim.fault(json!({ "endpoint": "/v1.0/oauth2/accessToken", "times": 3, "reply": reply })).await;
        let code = code(&sim, "employee").await;
        let refused = json_of(login(&person, CORP, AGENT, &code).await).await;
        assert_eq!(refused["error"]["code"], expected, "{refused}");
        sim.clear_faults().await;
    }
}
