//! What the journal tells, and what it keeps to itself.

use dingtalk_simulator::Hash;
use serde_json::json;

use crate::desk::{CORP, Desk, PAGE};

#[tokio::test]
async fn calls_are_counted_by_endpoint_and_kind() {
    let desk = Desk::open().await;
    let params = desk.config(Hash::Sha1, PAGE).await;
    desk.request_js_apis(PAGE, params).await;
    desk.channel_token().await;
    desk.get("/nowhere").await;
    let journal = desk.journal().await;
    let counted =
        json!({ "/channel/get_channel_token": 2, "/channel/get_channel_jsapi_ticket": 1, "/nowhere": 1 });
    assert_eq!(journal["counts"], counted);
    assert_eq!(journal["nativeCounts"], json!({ "native/requestJsApis": 1 }));

    let only = desk.get("/_sim/journal?endpoint=/channel/get_channel_token").await;
    assert_eq!(only["calls"].as_array().unwrap().len(), 2);
    assert_eq!(only["counts"], counted);
    let latest = desk.get("/_sim/journal?limit=1").await;
    assert_eq!(
        (latest["calls"].as_array().unwrap().len(), &latest["calls"][0]["endpoint"]),
        (1, &json!("/nowhere"))
    );
    assert_eq!(desk.http.get(desk.at("/_sim/journal?limit=few")).send().await.unwrap().status(), 422);

    desk.http.delete(desk.at("/_sim/journal")).send().await.unwrap();
    let empty = desk.journal().await;
    assert_eq!((&empty["calls"], &empty["counts"]), (&json!([]), &json!({})));
}

#[tokio::test]
async fn an_entry_says_what_happened() {
    let desk = Desk::open().await;
    let channel = desk.channel_token().await;
    desk.post(&format!("/topapi/user/getbyunionid?access_token={channel}"), &json!({ "unionid": "u" })).await;
    desk.request_js_apis(PAGE, json!({ "corpId": CORP })).await;
    let journal = desk.journal().await;
    let (top, native) = (&journal["calls"][1], &journal["calls"][2]);
    assert_eq!((&top["seq"], &top["kind"], &top["method"]), (&json!(2), &json!("oapi"), &json!("POST")));
    assert_eq!((&top["corpId"], &top["status"]), (&json!(CORP), &json!(200)));
    assert_eq!(
        (&top["errcode"], &top["subCode"], &top["fault"]),
        (&json!(88), &json!("40014"), &json!(false))
    );
    assert!(top["atMs"].is_u64() && top["tookMs"].is_u64());
    assert_eq!(
        (&native["kind"], &native["errcode"], &native["corpId"]),
        (&json!("native"), &json!(52019), &json!(CORP))
    );
}

#[tokio::test]
async fn secrets_are_cut() {
    let desk = Desk::open().await;
    let (channel, code) = (desk.channel_token().await, desk.code("employee").await);
    desk.by_code(&channel, &code).await;
    let params = desk.config(Hash::Sha256, PAGE).await;
    desk.request_js_apis(PAGE, params.clone()).await;
    desk.get("/gettoken?corpid=dingcorp1&corpsecret=short&anything=else-that-is-secret").await;

    let journal = desk.journal().await;
    let calls = journal["calls"].as_array().unwrap();
    assert_eq!(calls[0]["params"], json!({ "corpid": CORP, "channel_secret": "chan…" }));
    let cut = |text: &str| format!("{}…", &text[..4]);
    assert_eq!(calls[2]["params"], json!({ "access_token": cut(&channel), "code": cut(&code) }));
    assert_eq!(calls.last().unwrap()["params"]["corpsecret"], "…");
    let all = journal.to_string();
    for secret in [channel.as_str(), code.as_str(), params["signature"].as_str().unwrap(), "else-that"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
    // What has to be read when a signature fails is not secret.
    assert!(all.contains(PAGE) && all.contains("a-nonce"));
}

#[tokio::test]
async fn the_journal_forgets_calls_but_not_how_many_there_were() {
    let desk = Desk::open().await;
    for _ in 0..10_100 {
        desk.get("/gettoken").await;
    }
    let journal = desk.journal().await;
    assert_eq!(journal["calls"].as_array().unwrap().len(), 10_000);
    assert_eq!(journal["counts"]["/gettoken"], 10_100);
}
