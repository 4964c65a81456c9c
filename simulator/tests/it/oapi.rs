//! The oapi host.

use dingtalk_simulator::Options;
use serde_json::{Value, json};

use crate::desk::{CORP, Desk, text};

fn assert_refused(answer: &Value, errcode: i64, errmsg: &str) {
    assert_eq!(
        (answer["errcode"].as_i64(), answer["errmsg"].as_str()),
        (Some(errcode), Some(errmsg)),
        "{answer}"
    );
}

#[tokio::test]
async fn a_follower_in_the_directory_is_found_step_by_step() {
    let desk = Desk::open().await;
    let (channel, corp) = (desk.channel_token().await, desk.corp_token().await);
    let code = desk.code("employee").await;

    let who = desk.by_code(&channel, &code).await;
    assert_eq!(who["openid"], "openid-employee-dingcorp1");
    assert_eq!(who["unionid"], "unionid-employee-dingcorp1");

    let openid = text(&who["openid"]);
    let more = desk.get(&format!("/channel/user/get_by_openid?access_token={channel}&openid={openid}")).await;
    assert_eq!((&more["subscribe"], &more["nickname"]), (&json!(1), &json!("王小明")));
    let portrait = desk.http.get(text(&more["avatar"])).send().await.unwrap();
    assert_eq!(portrait.headers()["content-type"], "image/svg+xml");

    let unionid = text(&who["unionid"]);
    let old = desk.get(&format!("/user/getUseridByUnionid?access_token={corp}&unionid={unionid}")).await;
    assert_eq!((&old["contactType"], &old["userid"]), (&json!(0), &json!("userid-employee-dingcorp1")));

    let path = format!("/topapi/user/getbyunionid?access_token={corp}");
    let new = desk.post(&path, &json!({ "unionid": unionid })).await;
    assert_eq!(new["result"], json!({ "contact_type": 0, "userid": "userid-employee-dingcorp1" }));
    assert!(new["request_id"].is_string());
    let form = desk.http.post(desk.at(&path)).body(format!("unionid={unionid}"));
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").send().await.unwrap();
    assert_eq!(form.json::<Value>().await.unwrap()["result"], new["result"]);
}

#[tokio::test]
async fn each_person_is_known_to_the_directory_as_the_seed_says() {
    let desk = Desk::open().await;
    let corp = desk.corp_token().await;
    let path = format!("/topapi/user/getbyunionid?access_token={corp}");
    let look_up =
        async |person| desk.post(&path, &json!({ "unionid": format!("unionid-{person}-{CORP}") })).await;
    assert_eq!(look_up("partner").await["result"]["contact_type"], 1);
    for absent in ["stranger", "unfollowed", "nobody"] {
        let answer = look_up(absent).await;
        assert_refused(&answer, 60121, "找不到该用户");
        assert!(answer["request_id"].is_string());
    }
    let old = format!("/user/getUseridByUnionid?access_token={corp}&unionid=unionid-stranger-{CORP}");
    assert_refused(&desk.get(&old).await, 60121, "找不到该用户");
}

#[tokio::test]
async fn somebody_who_left_is_no_openid_any_more() {
    let desk = Desk::open().await;
    let channel = desk.channel_token().await;
    let code = desk.code("unfollowed").await;
    assert_refused(&desk.by_code(&channel, &code).await, 40073, "不存在的openid");

    let path = format!("/channel/user/get_by_openid?access_token={channel}&openid=");
    let left = desk.get(&format!("{path}openid-unfollowed-{CORP}")).await;
    assert_eq!((&left["errcode"], &left["subscribe"]), (&json!(0), &json!(0)));
    assert_eq!(left.get("unionid"), None);
    assert_refused(&desk.get(&format!("{path}nobody")).await, 40073, "不存在的openid");
}

#[tokio::test]
async fn the_list_of_followers_comes_in_pages() {
    let desk = Desk::open().await;
    let path = format!("/channel/user/list?access_token={}", desk.channel_token().await);
    let first = desk.get(&format!("{path}&offset=0&size=2")).await;
    assert_eq!((first["userList"].as_array().unwrap().len(), &first["hasMore"]), (2, &json!(true)));
    let second = desk.get(&format!("{path}&offset=2&size=2")).await;
    assert_eq!(
        (&second["userList"][0]["openid"], &second["hasMore"]),
        (&json!("openid-stranger-dingcorp1"), &json!(false))
    );
    for bad in ["&offset=0&size=101", "&offset=-1&size=1", "&size=1"] {
        assert_eq!(desk.get(&format!("{path}{bad}")).await["errcode"], 40035, "{bad}");
    }
}

#[tokio::test]
async fn unionid_can_be_withheld() {
    let desk = Desk::open().await;
    desk.set("settings", json!({ "unionidInGetByCode": false })).await;
    let (channel, code) = (desk.channel_token().await, desk.code("employee").await);
    let who = desk.by_code(&channel, &code).await;
    assert_eq!((who["errcode"].as_i64(), who.get("unionid")), (Some(0), None));
}

#[tokio::test]
async fn wrong_secrets_are_refused_in_each_familys_words() {
    let desk = Desk::open().await;
    let cases = [
        ("/gettoken", 40035, "缺少参数 corpid or appkey"),
        ("/gettoken?corpid=dingcorp1", 40035, "缺少参数 corpsecret or appsecret"),
        ("/gettoken?corpid=dingcorp1&corpsecret=no", 40089, "不合法的corpId或corpSecret"),
        ("/gettoken?corpid=no&corpsecret=corp-secret-of-dingcorp1", 40089, "不合法的corpId或corpSecret"),
        (
            "/gettoken?corpid=dingcorp1&corpsecret=channel-secret-of-dingcorp1",
            40089,
            "不合法的corpId或corpSecret",
        ),
        ("/gettoken?appkey=no&appsecret=no", 40096, "不合法的appKey或appSecret"),
        ("/channel/get_channel_token", 40035, "缺少参数 corpid"),
        ("/channel/get_channel_token?corpid=dingcorp1", 40035, "缺少参数 channel_secret"),
        ("/channel/get_channel_token?corpid=no&channel_secret=x", 40013, "不合法的corpid"),
        (
            "/channel/get_channel_token?corpid=dingcorp1&channel_secret=corp-secret-of-dingcorp1",
            40001,
            "获取access_token时Secret错误,或者access_token无效",
        ),
    ];
    for (path, errcode, errmsg) in cases {
        assert_refused(&desk.get(path).await, errcode, errmsg);
    }
}

#[tokio::test]
async fn every_endpoint_refuses_no_token_the_wrong_family_and_an_expired_one() {
    let desk = Desk::open().await;
    let (channel, corp) = (desk.channel_token().await, desk.corp_token().await);
    let gets = [
        ("/channel/get_channel_jsapi_ticket?", &channel, &corp),
        ("/channel/user/get_by_code?code=x&", &channel, &corp),
        ("/channel/user/get_by_openid?openid=x&", &channel, &corp),
        ("/channel/user/list?offset=0&size=1&", &channel, &corp),
        ("/user/getUseridByUnionid?unionid=x&", &corp, &channel),
    ];
    for (path, _, wrong) in gets {
        assert_refused(&desk.get(path).await, 41001, "缺少access_token参数");
        for token in [wrong.as_str(), "nonsense"] {
            assert_refused(
                &desk.get(&format!("{path}access_token={token}")).await,
                40014,
                "不合法的access_token",
            );
        }
    }
    let top = "/topapi/user/getbyunionid?access_token=";
    let asked = json!({ "unionid": "x" });
    let refused = desk.post(&format!("{top}{channel}"), &asked).await;
    assert_refused(&refused, 88, "ding talk error[subcode=40014,submsg=不合法的access_token]");
    assert_eq!(refused["sub_code"], "40014");
    let blank = desk.post(top, &asked).await;
    assert_eq!((&blank["errcode"], &blank["sub_code"]), (&json!(88), &json!("40000")));
    assert_eq!(blank["sub_msg"], "access_token is blank");

    desk.set("clock", json!({ "advanceSeconds": 7200 })).await;
    for (path, right, _) in gets {
        assert_refused(&desk.get(&format!("{path}access_token={right}")).await, 42001, "access_token超时");
    }
    let expired = desk.post(&format!("{top}{corp}"), &asked).await;
    assert_eq!((&expired["errcode"], &expired["sub_code"]), (&json!(88), &json!("42001")));
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist() {
    let desk = Desk::open().await;
    assert_refused(&desk.get("/channel/user/getuserinfo").await, 404, "请求的URI地址不存在");
    assert_eq!(desk.post("/topapi/user/nothing", &json!({})).await["errcode"], 22);
    assert_refused(&desk.post("/gettoken", &json!({})).await, 43001, "需要GET请求");
    assert_refused(&desk.get("/topapi/user/getbyunionid").await, 43002, "需要POST请求");
}

#[tokio::test]
async fn a_code_works_once() {
    let desk = Desk::open().await;
    let (channel, code) = (desk.channel_token().await, desk.code("stranger").await);
    // A refused token does not use the code up.
    assert_eq!(desk.by_code("nonsense", &code).await["errcode"], 40014);
    assert_eq!(desk.by_code(&channel, &code).await["errcode"], 0);
    assert_refused(&desk.by_code(&channel, &code).await, 40078, "不存在的临时授权码");
}

#[tokio::test]
async fn a_code_lives_five_minutes() {
    let desk = Desk::open().await;
    let channel = desk.channel_token().await;
    let (early, late) = (desk.code("employee").await, desk.code("employee").await);
    desk.set("clock", json!({ "advanceSeconds": 298 })).await;
    assert_eq!(desk.by_code(&channel, &early).await["errcode"], 0);
    desk.set("clock", json!({ "advanceSeconds": 2 })).await;
    assert_eq!(desk.by_code(&channel, &late).await["errcode"], 40078);
}

#[tokio::test]
async fn a_code_is_bound_to_its_enterprise_and_namespace() {
    let desk = Desk::with(Options { corps: 2, ..Options::default() }).await;
    let (one, two) = (desk.channel_token().await, desk.channel_token_of("dingcorp2").await);
    let code = desk.code("employee").await;
    assert_eq!(desk.by_code(&two, &code).await["errcode"], 40078);
    assert_eq!(desk.by_code(&one, &code).await["errcode"], 0);
    let runtime = text(&desk.request_auth_code("employee", "runtime").await["code"]);
    assert_eq!(desk.by_code(&one, &runtime).await["errcode"], 40078);
}

#[tokio::test]
async fn by_one_rule_a_second_request_renews() {
    let desk = Desk::open().await;
    let (token, ticket) = (desk.channel_token().await, desk.ticket().await);
    desk.set("clock", json!({ "advanceSeconds": 7000 })).await;
    assert_eq!((desk.channel_token().await, desk.ticket().await), (token.clone(), ticket));
    desk.set("clock", json!({ "advanceSeconds": 7000 })).await;
    assert_eq!(desk.by_code(&token, "x").await["errcode"], 40078);
}

#[tokio::test]
async fn by_the_other_rule_a_second_request_replaces() {
    let desk = Desk::open().await;
    desk.set("settings", json!({ "ticketRule": "replaces" })).await;
    let page = "http://127.0.0.1:8080/";
    let (token, config) =
        (desk.channel_token().await, desk.config(dingtalk_simulator::Hash::Sha1, page).await);
    assert_ne!(desk.channel_token().await, token);
    assert_eq!(desk.by_code(&token, "x").await["errcode"], 40014);
    desk.ticket().await;
    let refused = desk.request_js_apis(page, config).await;
    assert!(text(&refused["errorMessage"]).starts_with("Code:52013"), "{refused}");
    // Of the corp token it is documented that it stays.
    assert_eq!(desk.corp_token().await, desk.corp_token().await);
}

#[tokio::test]
async fn a_renewed_ticket_ends_a_day_after_it_was_made() {
    let desk = Desk::open().await;
    let first = desk.ticket().await;
    for _ in 0..13 {
        desk.set("clock", json!({ "advanceSeconds": 6600 })).await;
        assert_eq!(desk.ticket().await, first);
    }
    let token = desk.channel_token().await;
    let last = desk.get(&format!("/channel/get_channel_jsapi_ticket?access_token={token}")).await;
    assert!(last["expires_in"].as_u64().unwrap() <= 600, "{last}");
    desk.set("clock", json!({ "advanceSeconds": 601 })).await;
    assert_ne!(desk.ticket().await, first);
}

#[tokio::test]
async fn refusals_come_in_the_envelope_that_is_asked_for() {
    let desk = Desk::open().await;
    let (path, code) = ("/channel/user/get_by_code?access_token=no&code=x", "40014");
    for (envelope, pointer, expected) in [
        ("usual", "/errcode", json!(40014)),
        ("text", "/errcode", json!(code)),
        ("wrapped", "/sub_code", json!(code)),
        ("inMessage", "/errmsg", json!("ding talk error[subcode=40014,submsg=不合法的access_token]")),
        ("gateway", "/error_response/sub_code", json!(code)),
        ("result", "/dingtalk_oapi_response/result/ding_open_errcode", json!(40014)),
        ("camel", "/errorCode", json!(code)),
        ("newHost", "/code", json!(code)),
    ] {
        desk.set("settings", json!({ "errorEnvelope": envelope })).await;
        let refused: Value = desk.http.get(desk.at(path)).send().await.unwrap().json().await.unwrap();
        assert_eq!(refused.pointer(pointer), Some(&expected), "{envelope}: {refused}");
        assert!(desk.channel_token().await.len() > 10, "{envelope}: success has no envelope");
    }
    let journal = desk.get("/_sim/journal").await;
    let noted: Vec<_> = journal["calls"].as_array().unwrap().iter().map(|call| &call["errcode"]).collect();
    assert_eq!(noted.iter().filter(|errcode| ***errcode == json!(40014)).count(), 8, "{journal}");
}
