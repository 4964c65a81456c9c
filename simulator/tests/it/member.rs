//! Today's applications: the H5 app of a virtual organisation.

use serde_json::{Value, json};

use crate::desk::{Desk, text};

const VIRTUAL: &str = "dingvirtual1";

async fn app_token(desk: &Desk) -> String {
    let body = json!({ "appKey": "client-of-dingvirtual1", "appSecret": "client-secret-of-dingvirtual1" });
    let answer = desk.post("/v1.0/oauth2/accessToken", &body).await;
    assert_eq!(answer["expireIn"], 7200, "{answer}");
    text(&answer["accessToken"]).to_owned()
}

async fn code(desk: &Desk, person: &str, client_id: Option<&str>) -> Value {
    let body = json!({
        "person": person, "namespace": "runtime", "corpId": VIRTUAL, "clientId": client_id,
        "url": "http://127.0.0.1:8080/",
    });
    desk.post("/_sim/native/requestAuthCode", &body).await
}

#[tokio::test]
async fn every_follower_is_a_member() {
    let desk = Desk::open().await;
    let token = app_token(&desk).await;
    assert_eq!(app_token(&desk).await, token, "the same one, renewed");
    let path = format!("/topapi/v2/user/getuserinfo?access_token={token}");
    for (person, client_id) in [("employee", None), ("stranger", Some("client-of-dingvirtual1"))] {
        let code = code(&desk, person, client_id).await;
        let who = desk.post(&path, &json!({ "code": code["code"] })).await;
        assert_eq!(who["result"]["userid"], format!("userid-{person}-dingvirtual1"), "{who}");
        assert!(who["result"]["unionid"].is_string() && who["result"]["name"].is_string());
        let again = desk.post(&path, &json!({ "code": code["code"] })).await;
        assert_eq!(again["errcode"], 40078);
    }
    assert_eq!(code(&desk, "unfollowed", None).await["errorCode"], 3);
    assert_eq!(code(&desk, "employee", Some("client-of-another")).await["errorCode"], 3);
}

#[tokio::test]
async fn the_new_host_refuses_in_words_of_its_own() {
    let desk = Desk::open().await;
    let post = async |path: &str, token: Option<&str>, body: Value| {
        let mut request = desk.http.post(desk.at(path)).json(&body);
        if let Some(token) = token {
            request = request.header("x-acs-dingtalk-access-token", token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, text(&answer.json::<Value>().await.unwrap()["code"]).to_owned())
    };
    let wrong = json!({ "appKey": "client-of-dingvirtual1", "appSecret": "wrong" });
    let tickets = "/v1.0/oauth2/jsapiTickets";
    for (path, token, body, status, code) in [
        ("/v1.0/oauth2/accessToken", None, wrong, 400, "invalidClientIdOrSecret"),
        (tickets, None, json!({}), 400, "AuthenticationFailed.MissingParameter"),
        (tickets, Some("no-token"), json!({}), 400, "InvalidAuthentication"),
        ("/v1.0/nothing", None, json!({}), 404, "InvalidAction.NotFound"),
    ] {
        assert_eq!(post(path, token, body).await, (status, code.to_owned()), "{path}");
    }
    let channel = desk.channel_token().await;
    assert_eq!(post(tickets, Some(&channel), json!({})).await.1, "InvalidAuthentication", "the other family");
}
