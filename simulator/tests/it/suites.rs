//! Suites: what a maker's server asks, and what the customers' pages may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dingtalk_simulator::{Hash, sign, signed_url};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::desk::{CHANNEL_API, Desk, text};
use crate::isv::{CUSTOMER, Isv, MICRO_APP, SECRET, SUITE_KEY, WINDOW};

const PAGE: &str = "http://127.0.0.1:8080/?corpid=dingcust1";

fn assert_refused(answer: &Value, errcode: i64) {
    assert_eq!(answer["errcode"], errcode, "{answer}");
}

async fn configure(desk: &Desk, ticket: &str, agent: &str, kind: u8) -> Value {
    let params = json!({
        "corpId": CUSTOMER, "agentId": agent, "timeStamp": "1700000000", "nonceStr": "n",
        "signature": sign(Hash::Sha1, ticket, "n", "1700000000", &signed_url(PAGE)),
        "type": kind, "jsApiList": [CHANNEL_API],
    });
    desk.request_js_apis(PAGE, params).await
}

async fn code(desk: &Desk, person: &str, namespace: &str) -> Value {
    let body = json!({ "person": person, "namespace": namespace, "corpId": CUSTOMER, "url": PAGE });
    desk.post("/_sim/native/requestAuthCode", &body).await
}

#[tokio::test]
async fn a_follower_of_a_customer_s_window_logs_in() {
    let isv = Isv::open().await;
    let (suite, _, channel) = isv.authorised().await;
    let token = isv.channel_token(&suite, &channel).await;
    assert_eq!(isv.channel_token(&suite, &channel).await, token, "by ticketRule: renewed");
    let path = format!("/channel/get_channel_jsapi_ticket?access_token={token}");
    let ticket = text(&isv.desk.get(&path).await["ticket"]);
    assert_eq!(configure(&isv.desk, &ticket, WINDOW, 1).await, json!({ "ok": true }));
    let code = text(&code(&isv.desk, "employee", "channel").await["code"]);
    let who = isv.desk.by_code(&token, &code).await;
    assert_eq!(who["openid"], "openid-employee-dingcust1", "{who}");
    assert_refused(&isv.desk.by_code(&token, &code).await, 40078);
    // One kind of application is not the other, and another agentid is nobody's.
    for (agent, kind) in [(WINDOW, 0), (MICRO_APP, 1), ("3000000000002", 1)] {
        let refused = configure(&isv.desk, &ticket, agent, kind).await;
        assert!(text(&refused["errorMessage"]).starts_with("Code:52019"), "{refused}");
    }
}

#[tokio::test]
async fn an_employee_logs_in_to_a_customer_s_micro_app() {
    let isv = Isv::open().await;
    let (suite, permanent, _) = isv.authorised().await;
    let token = isv.corp_token(&suite, &permanent).await;
    let other = isv.corp_token(&suite, &permanent).await;
    assert_ne!(token, other, "a new one each time");
    for token in [&token, &other] {
        let code = code(&isv.desk, "employee", "runtime").await;
        let path = format!("/topapi/v2/user/getuserinfo?access_token={token}");
        let who = isv.desk.post(&path, &json!({ "code": code["code"] })).await;
        assert_eq!(who["result"]["userid"], "userid-employee-dingcust1", "{who}");
        let unionid = &who["result"]["unionid"];
        let path = format!("/topapi/user/getbyunionid?access_token={token}");
        let found = isv.desk.post(&path, &json!({ "unionid": unionid })).await;
        assert_eq!(found["result"]["userid"], "userid-employee-dingcust1", "{found}");
    }
    let stranger = code(&isv.desk, "stranger", "runtime").await;
    assert!(text(&stranger["errorMessage"]).contains("1002"), "{stranger}");

    let old = isv.desk.get(&format!("/get_jsapi_ticket?type=jsapi&access_token={token}")).await;
    let new = isv.desk.request("/v1.0/oauth2/jsapiTickets", &json!({}));
    let new = new.header("x-acs-dingtalk-access-token", &token).send().await.unwrap();
    let new: Value = new.json().await.unwrap();
    assert_eq!(old["ticket"], new["jsapiTicket"], "both ways lead to one ticket");
    let ticket = text(&old["ticket"]);
    assert_eq!(configure(&isv.desk, &ticket, MICRO_APP, 0).await, json!({ "ok": true }));
}

#[tokio::test]
async fn the_suite_token_is_for_the_newest_ticket() {
    let isv = Isv::open().await;
    let ask = async |key: &str, secret: &str, ticket: &str| {
        let body = json!({ "suite_key": key, "suite_secret": secret, "suite_ticket": ticket });
        isv.desk.post("/service/get_suite_token", &body).await
    };
    assert_refused(&ask(SUITE_KEY, SECRET, "none was pushed").await, 40085);
    let old = text(&isv.push("ticket", json!({})).await["SuiteTicket"]);
    let new = text(&isv.push("ticket", json!({})).await["SuiteTicket"]);
    for (key, secret, ticket, errcode) in [
        ("nobody", SECRET, new.as_str(), 40083),
        (SUITE_KEY, "wrong", &new, 40080),
        (SUITE_KEY, SECRET, &old, 40085),
        (SUITE_KEY, SECRET, &new, 0),
        ("", SECRET, &new, 41021),
        (SUITE_KEY, SECRET, "", 41023),
        (SUITE_KEY, "", &new, 41024),
    ] {
        assert_refused(&ask(key, secret, ticket).await, errcode);
    }
}

#[tokio::test]
async fn a_temporary_code_is_traded_once_and_by_its_own_suite() {
    let isv = Isv::open().await;
    let suite = isv.suite_token().await;
    let code = text(&isv.push("authorise", json!({ "corpId": CUSTOMER })).await["AuthCode"]);
    let ticket = isv.desk.set("suites/suite2/ticket", json!({})).await["event"]["SuiteTicket"].clone();
    let body = json!({
        "suite_key": "suitekey2", "suite_secret": "suite-secret-of-suitekey2", "suite_ticket": ticket,
    });
    let other = text(&isv.desk.post("/service/get_suite_token", &body).await["suite_access_token"]);
    let trade = async |token: &str, code: &str| {
        isv.service(token, "get_permanent_code", json!({ "tmp_auth_code": code })).await
    };
    assert_refused(&trade(&other, &code).await, 40078);
    assert_refused(&trade(&suite, "").await, 41026);
    let first = trade(&suite, &code).await;
    assert!(first["ch_permanent_code"].is_string(), "{first}");
    assert_refused(&trade(&suite, &code).await, 40078);
    // A suite without a window has no second code.
    let report = isv.desk.set("suites/suite2/authorise", json!({ "corpId": CUSTOMER })).await;
    let second = trade(&other, &text(&report["event"]["AuthCode"])).await;
    assert!(second["permanent_code"].is_string() && second.get("ch_permanent_code").is_none(), "{second}");
    let again = isv.push("authorise", json!({ "corpId": CUSTOMER })).await["AuthCode"].clone();
    assert_eq!(trade(&suite, &text(&again)).await["permanent_code"], first["permanent_code"]);
}

#[tokio::test]
async fn the_authorisation_lists_windows_and_micro_apps() {
    let isv = Isv::open().await;
    let (suite, ..) = isv.authorised().await;
    let ask = async || {
        let body = json!({ "suite_key": SUITE_KEY, "auth_corpid": CUSTOMER });
        isv.service(&suite, "get_auth_info", body).await
    };
    let info = ask().await;
    assert_eq!(info["auth_corp_info"]["corpid"], CUSTOMER);
    assert_eq!(info["channel_auth_info"]["channelAgent"][0]["agentid"], 3_000_000_000_001_u64, "{info}");
    assert_eq!(info["auth_info"]["agent"][0]["agentid"], 700_001, "numbers here: {info}");
    isv.push("change_auth", json!({ "corpId": CUSTOMER, "window": false })).await;
    let info = ask().await;
    assert_eq!(info["channel_auth_info"]["channelAgent"], json!([]));
    assert_eq!(info["auth_info"]["agent"][0]["agentid"], 700_001);
    let stopped = configure(&isv.desk, "t", WINDOW, 1).await;
    assert!(text(&stopped["errorMessage"]).starts_with("Code:52023"), "{stopped}");
}

#[tokio::test]
async fn each_token_opens_what_its_family_opens() {
    let isv = Isv::open().await;
    let (suite, permanent, channel) = isv.authorised().await;
    let (corp, window) =
        (isv.corp_token(&suite, &permanent).await, isv.channel_token(&suite, &channel).await);
    for wrong in [&suite, &corp] {
        assert_refused(&isv.desk.by_code(wrong, "x").await, 40014);
    }
    for wrong in [&suite, &window] {
        let path = format!("/topapi/v2/user/getuserinfo?access_token={wrong}");
        let answer = isv.desk.post(&path, &json!({ "code": "x" })).await;
        assert_eq!((&answer["errcode"], &answer["sub_code"]), (&json!(88), &json!("40014")), "{answer}");
        let path = format!("/get_jsapi_ticket?access_token={wrong}");
        assert_refused(&isv.desk.get(&path).await, 40014);
    }
    for wrong in [&corp, &window] {
        assert_refused(&isv.service(wrong, "get_auth_info", json!({})).await, 40082);
    }
    assert_refused(&isv.desk.post("/service/get_auth_info", &json!({})).await, 41022);
    isv.desk.set("clock", json!({ "advanceSeconds": 7200 })).await;
    assert_refused(&isv.service(&suite, "get_auth_info", json!({})).await, 42009);
    assert_refused(&isv.desk.by_code(&window, "x").await, 42001);
}

#[tokio::test]
async fn a_permanent_code_is_one_kind_of_one_enterprise() {
    let isv = Isv::open().await;
    let (suite, permanent, channel) = isv.authorised().await;
    let ask = async |name: &str, corp: &str, code: &str| {
        let body = json!({
            "suite_key": SUITE_KEY, "auth_corpid": corp, "permanent_code": code, "ch_permanent_code": code,
        });
        isv.service(&suite, name, body).await
    };
    for (name, right, wrong) in [
        ("activate_suite", &permanent, &channel),
        ("get_corp_token", &permanent, &channel),
        ("get_channel_corp_token", &channel, &permanent),
    ] {
        assert_refused(&ask(name, CUSTOMER, right).await, 0);
        assert_refused(&ask(name, CUSTOMER, wrong).await, 40084);
        assert_refused(&ask(name, CUSTOMER, "").await, 41025);
        assert_refused(&ask(name, "dingcust2", right).await, 41030);
    }
    isv.push("authorise", json!({ "corpId": "dingcust2" })).await;
    assert_refused(&ask("get_corp_token", "dingcust2", &permanent).await, 41031);
}

#[tokio::test]
async fn until_the_suite_is_activated_no_page_works() {
    let isv = Isv::open().await;
    let suite = isv.suite_token().await;
    let page =
        async |agent: &str, kind: u8| text(&configure(&isv.desk, "t", agent, kind).await["errorMessage"]);
    let assert_closed = async || {
        assert!(page(WINDOW, 1).await.starts_with("Code:52020"));
        assert!(page(MICRO_APP, 0).await.starts_with("Code:52021"));
        let refused = code(&isv.desk, "employee", "runtime").await;
        assert_eq!(refused["errorMessage"], "对应企业没有127.0.0.1:8080域名微应用");
    };
    assert_closed().await;
    let code = isv.push("authorise", json!({ "corpId": CUSTOMER })).await["AuthCode"].clone();
    isv.service(&suite, "get_permanent_code", json!({ "tmp_auth_code": code })).await;
    assert_closed().await;
}

#[tokio::test]
async fn a_relieved_enterprise_is_gone_at_once() {
    let isv = Isv::open().await;
    let (suite, permanent, channel) = isv.authorised().await;
    let (corp, window) =
        (isv.corp_token(&suite, &permanent).await, isv.channel_token(&suite, &channel).await);
    isv.push("relieve", json!({ "corpId": CUSTOMER })).await;
    assert_refused(&isv.desk.by_code(&window, "x").await, 40014);
    assert_refused(&isv.desk.get(&format!("/get_jsapi_ticket?access_token={corp}")).await, 40014);
    let body = json!({ "suite_key": SUITE_KEY, "auth_corpid": CUSTOMER, "permanent_code": permanent });
    for name in ["get_corp_token", "get_auth_info", "activate_suite"] {
        assert_refused(&isv.service(&suite, name, body.clone()).await, 41030);
    }
    let refused = configure(&isv.desk, "t", WINDOW, 1).await;
    assert!(text(&refused["errorMessage"]).starts_with("Code:52020"), "{refused}");
    // What it authorises anew has new codes.
    assert_ne!(isv.authorised().await.1, permanent);
    let twice = json!({ "corpId": "dingcust2" });
    let status = isv.desk.request("/_sim/suites/suite1/relieve", &twice).send().await.unwrap().status();
    assert_eq!(status, 422, "it never authorised");
}

#[tokio::test]
async fn a_signed_call_needs_no_suite_token() {
    let isv = Isv::open().await;
    isv.authorised().await;
    let ticket = text(&isv.desk.get("/_sim/suites/suite1").await["suiteTicket"]);
    let now = isv.desk.get("/_sim/clock").await["nowMs"].as_u64().unwrap();
    let ask = async |key: &str, time: u64, ticket: &str, secret: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}\n{ticket}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let time = time.to_string();
        let query = [("accessKey", key), ("timestamp", &time), ("suiteTicket", ticket)];
        let request = isv.desk.request("/service/get_corp_token", &json!({ "auth_corpid": CUSTOMER }));
        let request = request.query(&query).query(&[("signature", signature)]);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let token = ask(SUITE_KEY, now, &ticket, SECRET).await;
    assert!(token["access_token"].is_string(), "{token}");
    assert_refused(&ask(SUITE_KEY, now / 1000, &ticket, SECRET).await, 853_001);
    assert_refused(&ask(SUITE_KEY, now + 3_600_000, &ticket, SECRET).await, 853_002);
    assert_refused(&ask("nobody", now, &ticket, SECRET).await, 853_003);
    assert_refused(&ask(SUITE_KEY, now, &ticket, "wrong").await, 853_004);
    assert_refused(&ask(SUITE_KEY, now, "old", SECRET).await, 853_005);
}

#[tokio::test]
async fn the_new_host_sells_a_customer_s_token_too() {
    let isv = Isv::open().await;
    isv.authorised().await;
    let ticket = text(&isv.desk.get("/_sim/suites/suite1").await["suiteTicket"]);
    let ask = async |secret: &str, ticket: &str, corp: &str| {
        let body = json!({
            "suiteKey": SUITE_KEY, "suiteSecret": secret, "suiteTicket": ticket, "authCorpId": corp,
        });
        let answer = isv.desk.request("/v1.0/oauth2/corpAccessToken", &body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, first) = ask(SECRET, &ticket, CUSTOMER).await;
    assert_eq!((status, &first["expireIn"]), (200, &json!(7200)), "{first}");
    let (_, second) = ask(SECRET, &ticket, CUSTOMER).await;
    assert_ne!(first["accessToken"], second["accessToken"]);
    let path = format!("/get_jsapi_ticket?access_token={}", text(&first["accessToken"]));
    assert_refused(&isv.desk.get(&path).await, 0);
    for (secret, ticket, corp, code) in [
        ("wrong", ticket.as_str(), CUSTOMER, "invalidSuiteKey"),
        (SECRET, "old", CUSTOMER, "invalidSuiteTicket"),
        (SECRET, &ticket, "dingcust2", "invalidAuthInfo"),
    ] {
        let (status, answer) = ask(secret, ticket, corp).await;
        assert_eq!((status, &answer["code"]), (400, &json!(code)), "{answer}");
    }
}

#[tokio::test]
async fn only_customers_authorise() {
    let isv = Isv::open().await;
    for control in ["authorise", "change_auth", "relieve"] {
        for nobody in ["dingcorp1", "dingcust3", "dingcust01", "dingcust0"] {
            let request =
                isv.desk.request(&format!("/_sim/suites/suite1/{control}"), &json!({ "corpId": nobody }));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 422, "{control} {nobody}");
            assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], "corpId");
        }
    }
    let answer = isv.desk.request("/_sim/suites/suite9/ticket", &json!({})).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let suites = isv.desk.get("/_sim/suites").await;
    assert_eq!(suites["suites"][0]["customers"][1]["window"]["agentId"], "3000000000002", "{suites}");
    assert_eq!(suites["suites"][1]["customers"][0]["window"], Value::Null);
}
