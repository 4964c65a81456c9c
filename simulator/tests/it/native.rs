//! The native side: who may configure, and who gets a code.

use dingtalk_simulator::Hash;
use serde_json::{Value, json};

use crate::desk::{CHANNEL_API, CORP, Desk, PAGE, text};

fn with(params: &Value, name: &str, value: Value) -> Value {
    let mut changed = params.clone();
    changed[name] = value;
    changed
}

fn assert_refused(answer: &Value, code: u32, words: &str) {
    assert_eq!(answer["errorCode"], 3, "{answer}");
    let message = text(&answer["errorMessage"]);
    assert!(message.starts_with(&format!("Code:{code} - Message:{words}")), "{message}");
}

#[tokio::test]
async fn either_hash_is_accepted() {
    let desk = Desk::open().await;
    for hash in [Hash::Sha1, Hash::Sha256] {
        let params = desk.config(hash, PAGE).await;
        assert_eq!(desk.request_js_apis(&format!("{PAGE}#next=/x"), params).await, json!({ "ok": true }));
    }
}

#[tokio::test]
async fn each_wrong_parameter_has_its_own_code() {
    let desk = Desk::open().await;
    let right = desk.config(Hash::Sha1, PAGE).await;
    let cases = [
        ("corpId", json!("dingcorp9"), 52010, "无效的corpid"),
        ("corpId", Value::Null, 52010, "无效的corpid"),
        ("agentId", json!("654321"), 52019, "无效的agentid"),
        ("agentId", Value::Null, 52019, "无效的agentid"),
        ("type", Value::Null, 52019, "无效的agentid"),
        ("type", json!(-1), 52019, "无效的agentid"),
        ("type", json!(0), 52019, "无效的agentid"),
        ("type", json!(7), 52022, "无效的jsapi类型"),
        ("type", json!("channel"), 52022, "无效的jsapi类型"),
        ("nonceStr", json!(""), 52015, "无效的随机字符串"),
        ("timeStamp", json!("soon"), 52018, "无效的时间戳"),
        ("timeStamp", Value::Null, 52018, "无效的时间戳"),
        ("signature", Value::Null, 52016, "无效的签名"),
        ("jsApiList", json!("all"), 52017, "无效的jsapi列表"),
        ("jsApiList", json!([1]), 52017, "无效的jsapi列表"),
        ("nonceStr", json!("another"), 52013, "签名校验失败"),
        ("signature", json!("00"), 52013, "签名校验失败"),
    ];
    for (name, value, code, words) in cases {
        let answer = desk.request_js_apis(PAGE, with(&right, name, value.clone())).await;
        println!("{name} = {value}: {answer}");
        assert_refused(&answer, code, words);
    }
    assert_refused(&desk.request_js_apis("", right.clone()).await, 52014, "无效的url");
    // Numbers pass for their digits, as a page may send them so.
    let numbers = with(&with(&right, "agentId", json!(123_456)), "timeStamp", json!(1_700_000_000));
    assert_eq!(desk.request_js_apis(PAGE, numbers).await["ok"], true);
}

#[tokio::test]
async fn the_signature_is_held_against_the_address_the_phone_shows() {
    let desk = Desk::open().await;
    let params = desk.config(Hash::Sha1, PAGE).await;
    for other in ["http://127.0.0.1:8080/", "http://localhost:8080/?corpid=dingcorp1&agentid=123456"] {
        let answer = desk.request_js_apis(other, params.clone()).await;
        let said =
            format!("签名校验失败,nonce:[a-nonce],timestamp:[1700000000],url:[{other}],ticketList:[****]");
        assert_refused(&answer, 52013, &said);
    }
    let encoded = "http://127.0.0.1:8080/?q=%E4%B8%AD&u=a%2Fb";
    let params = desk.config(Hash::Sha1, encoded).await;
    assert_eq!(desk.request_js_apis(encoded, params.clone()).await["ok"], true);
    // iOS hands it over encoded, Android decoded: to the platform that is one address.
    assert_eq!(desk.request_js_apis("http://127.0.0.1:8080/?q=中&u=a/b", params).await["ok"], true);
}

#[tokio::test]
async fn without_a_live_ticket_nothing_can_be_verified() {
    let desk = Desk::open().await;
    let params = desk.config(Hash::Sha1, PAGE).await;
    desk.set("clock", json!({ "advanceSeconds": 7200 })).await;
    assert_refused(&desk.request_js_apis(PAGE, params).await, 52011, "jsapi ticket 读取失败");

    let params = desk.config(Hash::Sha1, PAGE).await;
    desk.set("revoke", json!({ "corpId": CORP, "what": "tickets" })).await;
    assert_refused(&desk.request_js_apis(PAGE, params).await, 52011, "jsapi ticket 读取失败");
}

#[tokio::test]
async fn a_channel_code_needs_an_accepted_config_of_this_page() {
    let desk = Desk::open().await;
    assert_eq!(desk.request_auth_code("employee", "channel").await["errorCode"], 7);

    let without = with(&desk.config(Hash::Sha1, PAGE).await, "jsApiList", json!(["biz.util.ut"]));
    desk.request_js_apis(PAGE, without).await;
    assert_eq!(desk.request_auth_code("employee", "channel").await["errorCode"], 7);

    let params = desk.config(Hash::Sha1, PAGE).await;
    desk.request_js_apis(PAGE, params.clone()).await;
    assert!(desk.request_auth_code("employee", "channel").await["code"].is_string());
    // Another phone, another address and another load are not configured by that.
    assert_eq!(desk.request_auth_code("partner", "channel").await["errorCode"], 7);
    let elsewhere = json!({ "namespace": "channel", "corpId": CORP, "url": "http://127.0.0.1:8080/" });
    assert_eq!(desk.post("/_sim/native/requestAuthCode", &elsewhere).await["errorCode"], 7);
    let reloaded = json!({ "namespace": "channel", "corpId": CORP, "url": PAGE, "page": "2" });
    assert_eq!(desk.post("/_sim/native/requestAuthCode", &reloaded).await["errorCode"], 7);

    desk.set("settings", json!({ "codeNeedsConfig": false })).await;
    assert!(desk.request_auth_code("partner", "channel").await["code"].is_string());
}

#[tokio::test]
async fn the_runtime_namespace_is_for_employees() {
    let desk = Desk::open().await;
    assert!(desk.request_auth_code("employee", "runtime").await["code"].is_string());
    for other in ["partner", "stranger", "unfollowed"] {
        let answer = desk.request_auth_code(other, "runtime").await;
        let said = "1002,err msg uid is not in employee for orgid";
        assert_eq!(answer, json!({ "errorCode": 3, "errorMessage": said }));
    }
    let unknown = json!({ "namespace": "runtime", "corpId": "$CORPID$", "url": PAGE });
    assert_eq!(
        desk.post("/_sim/native/requestAuthCode", &unknown).await["errorMessage"],
        "1002,corpId不合法"
    );
}

#[tokio::test]
async fn the_settings_say_who_holds_the_phone() {
    let desk = Desk::open().await;
    let ask = json!({ "namespace": "runtime", "corpId": CORP, "url": PAGE });
    assert!(desk.post("/_sim/native/requestAuthCode", &ask).await["code"].is_string());
    desk.set("settings", json!({ "person": "stranger" })).await;
    assert_eq!(desk.post("/_sim/native/requestAuthCode", &ask).await["errorCode"], 3);
    assert_eq!(desk.request_auth_code("nobody", "runtime").await["errorCode"], 2);
    let other = json!({ "namespace": "device", "corpId": CORP, "url": PAGE });
    assert_eq!(desk.post("/_sim/native/requestAuthCode", &other).await["errorCode"], 1);
    assert_eq!(desk.post("/_sim/native/vibrate", &json!({})).await["errorCode"], 1);
}

#[tokio::test]
async fn any_page_may_ask_the_native_side_and_no_page_the_controls() {
    let desk = Desk::open().await;
    let origin = "http://127.0.0.1:8080";
    let native = desk.request("/_sim/native/requestJsApis", &json!({})).header("Origin", origin);
    assert_eq!(native.send().await.unwrap().headers()["access-control-allow-origin"], "*");
    let control = desk.http.get(desk.at("/_sim/settings")).header("Origin", origin);
    assert!(!control.send().await.unwrap().headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn the_scripts_are_served() {
    let desk = Desk::open().await;
    let script = async |path: &str| {
        let answer = desk.http.get(desk.at(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (_, native) = script("/native.js?platform=android").await;
    assert!(native.contains(&format!("'{}'", desk.origin)) && native.contains("'android'"));
    assert_eq!(script("/native.js?platform=symbian").await.0, 422);
    assert!(script("/jsapi/dingtalk.js").await.1.contains("window.__dd"));
    // The API that pages configure is the one that codes are asked from.
    assert_eq!(CHANNEL_API, "channel.permission.requestAuthCode");
}
