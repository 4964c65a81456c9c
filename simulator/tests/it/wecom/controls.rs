//! Faults and the journal on WeCom's side, and what the controls refuse.

use serde_json::{Value, json};

use super::{AGENT, CORP, Phone};
use crate::desk::text;

/// Every errcode of wecom's table that a call of a login can meet, beside those that the judge gives by itself.
const CODES: [i64; 58] = [
    -1, 40001, 40013, 40014, 40029, 40035, 40056, 40058, 40078, 40082, 40133, 40134, 40135, 40136, 40137,
    40138, 40139, 40140, 40141, 40163, 40209, 41001, 41002, 41004, 41008, 41009, 41011, 42001, 42003, 42009,
    42022, 43001, 45009, 45031, 45033, 48001, 48002, 48003, 48004, 48005, 48006, 50001, 50002, 50003, 60011,
    60020, 60021, 60031, 60111, 84014, 84015, 84025, 301_002, 301_007, 701_001, 701_008, 701_016, 701_099,
];

#[tokio::test]
async fn any_errcode_can_be_met_at_any_call_in_wecom_s_own_words() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    for code in CODES {
        for path in ["/cgi-bin/gettoken", "/cgi-bin/auth/getuserinfo", "/cgi-bin/user/get"] {
            phone.desk.set("faults", json!({ "endpoint": path, "errcode": code })).await;
            let answer =
                phone.http.get(phone.desk.at(&format!("{path}?access_token={token}"))).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()["error-code"], code.to_string());
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["errcode"], code, "{path}");
            let words = text(&body["errmsg"]);
            assert!(
                words.contains("from ip: 203.0.113.7") && words.ends_with(&format!("e={code}")),
                "{words}"
            );
        }
    }
    assert_eq!(phone.desk.get("/_sim/faults").await["faults"], json!([]));
    let journal = phone.desk.journal().await;
    let last = journal["calls"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["errcode"], &last["fault"], &last["kind"]),
        (&json!(CODES.last()), &json!(true), &json!("qyapi"))
    );
}

#[tokio::test]
async fn general_faults_are_for_wecom_too() {
    let phone = Phone::new().await;
    let (token, code) = (phone.token().await, phone.code("member").await);
    let path = "/cgi-bin/auth/getuserinfo";
    let at = phone.desk.at(&format!("{path}?access_token={token}&code={code}"));
    let get = async || phone.http.get(&at).send().await;

    phone.desk.set("faults", json!({ "endpoint": path, "reply": { "status": 404, "body": "" } })).await;
    let answer = get().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (404, ""));
    phone.desk.set("faults", json!({ "endpoint": "/cgi-bin/*", "drop": true })).await;
    assert!(get().await.is_err());
    phone.desk.set("faults", json!({ "endpoint": "/cgi-bin/*", "errcode": -1, "after": true })).await;
    assert_eq!(get().await.unwrap().json::<Value>().await.unwrap()["errcode"], -1);
    assert_eq!(phone.redeem(&token, &code).await["errcode"], 40029, "spent, although no answer said so");

    // A browser's link has faults as well, and those of one platform are none of the other.
    for all in ["*", "native/*"] {
        phone.desk.set("faults", json!({ "endpoint": all, "drop": true })).await;
    }
    let page = json!({ "status": 502, "contentType": "text/html", "body": "<h1>502</h1>" });
    phone.desk.set("faults", json!({ "endpoint": "/connect/oauth2/authorize", "reply": page })).await;
    assert_eq!(phone.open(phone.link(&[])).await.status(), 502);
    assert_eq!(phone.open(phone.link(&[])).await.status(), 200);
    phone.desk.set("faults", json!({ "endpoint": "/wwlogin/sso/login", "drop": true })).await;
    assert!(phone.http.get(phone.desk.at("/wwlogin/sso/login")).send().await.is_err());
    assert_eq!(phone.desk.get("/_sim/faults").await["faults"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_journal_has_links_and_calls_and_keeps_secrets() {
    let phone = Phone::new().await;
    let (token, code) = (phone.token().await, phone.code("customer").await);
    phone.redeem(&token, &code).await;
    phone.user_get(&token, "zhangsan").await;
    let journal = phone.desk.journal().await;
    let counted = json!({ "/cgi-bin/gettoken": 1, "/cgi-bin/auth/getuserinfo": 1, "/cgi-bin/user/get": 1 });
    assert_eq!((&journal["qyapiCounts"], &journal["counts"]), (&counted, &json!({})));
    assert_eq!(journal["linkCounts"], json!({ "/connect/oauth2/authorize": 1 }));
    for call in journal["calls"].as_array().unwrap() {
        assert_eq!((&call["corpId"], &call["errcode"]), (&json!(CORP), &json!(0)), "{call}");
    }
    let link = &journal["calls"][1];
    assert_eq!((&link["kind"], &link["status"]), (&json!("link"), &json!(302)));
    assert_eq!((&link["params"]["uin"], &link["params"]["agentid"]), (&json!("customer"), &json!(AGENT)));
    assert_eq!(journal["calls"][3]["params"]["userid"], "zhangsan");
    let all = journal.to_string();
    for secret in [token.as_str(), code.as_str(), "secret-of-", "abc123"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

#[tokio::test]
async fn bad_input_is_told_by_field() {
    let phone = Phone::new().await;
    for (method, control, body, field) in [
        ("PUT", "wecom/settings", json!({ "tokenLife": 1 }), "tokenLife"),
        ("PUT", "wecom/settings", json!({ "tokenLifetime": 0 }), "tokenLifetime"),
        ("PUT", "wecom/settings", json!({ "codeLifetime": "1" }), "codeLifetime"),
        ("PUT", "wecom/settings", json!({ "codeLength": 513 }), "codeLength"),
        ("PUT", "wecom/settings", json!({ "tokenLength": 3 }), "tokenLength"),
        ("PUT", "wecom/settings", json!({ "person": "boss" }), "person"),
        ("PUT", "wecom/settings", json!({ "person": null }), "person"),
        ("PUT", "wecom/settings", json!({ "client": "fax" }), "client"),
        ("PUT", "wecom/settings", json!({ "tokenOnRepeat": "never" }), "tokenOnRepeat"),
        ("PUT", "wecom/settings", json!({ "expiresIn": 1 }), "expiresIn"),
        ("PUT", "wecom/settings", json!({ "usedCode": 1 }), "usedCode"),
        ("PUT", "wecom/settings", json!({ "expiredCode": 42022 }), "expiredCode"),
        ("PUT", "wecom/settings", json!({ "outOfRange": 60121 }), "outOfRange"),
        ("PUT", "wecom/settings", json!({ "fromIp": "here" }), "fromIp"),
        ("PUT", "wecom/settings", json!({ "banSeconds": 86_401 }), "banSeconds"),
        ("PUT", "wecom/settings", json!({ "failedFetchesBeforeBan": 0 }), "failedFetchesBeforeBan"),
        ("PUT", "wecom/apps/1000002", json!({ "trustedDomain": "https://h5.example" }), "trustedDomain"),
        ("PUT", "wecom/apps/1000002", json!({ "trustedDomain": "h5.example/" }), "trustedDomain"),
        ("PUT", "wecom/apps/1000002", json!({ "trustedDomain": "" }), "trustedDomain"),
        ("PUT", "wecom/apps/1000002", json!({ "domain": "x" }), "domain"),
        ("POST", "wecom/revoke", json!({}), "errcode"),
        ("POST", "wecom/revoke", json!({ "errcode": 40029 }), "errcode"),
        ("POST", "faults", json!({ "endpoint": "/cgi-bin/gettoken", "errcode": 12345 }), "errcode"),
        ("POST", "faults", json!({ "endpoint": "/gettoken", "errcode": -1 }), "errcode"),
        ("POST", "faults", json!({ "endpoint": "/connect/oauth2/authorize", "errcode": -1 }), "errcode"),
        ("POST", "faults", json!({ "endpoint": "/cgi-bin/gettoken", "errcode": -1, "reply": {} }), "errcode"),
        ("POST", "faults", json!({ "endpoint": "/cgi-bin/gettoken", "errcode": -1, "drop": true }), "reply"),
        ("POST", "faults", json!({ "endpoint": "/cgi-bin/nothing", "drop": true }), "endpoint"),
    ] {
        let request = phone.http.request(method.parse().unwrap(), phone.desk.at(&format!("/_sim/{control}")));
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{control} {body}");
        let error = answer.json::<Value>().await.unwrap()["error"].clone();
        assert_eq!(error["field"], field, "{body}: {error}");
    }
    let unknown = phone.http.put(phone.desk.at("/_sim/wecom/apps/7")).body("{}").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(phone.desk.get("/_sim/wecom").await["settings"]["tokenLifetime"], 7200);
}

#[tokio::test]
async fn people_can_be_asked_for_and_have_portraits() {
    let phone = Phone::new().await;
    let seed = phone.desk.get("/_sim/wecom").await;
    let people = seed["people"].as_array().unwrap();
    let names: Vec<_> = people.iter().map(|one| one["person"].clone()).collect();
    assert_eq!(names, ["member", "hidden", "linked", "customer", "stranger"]);
    assert_eq!(
        (&seed["corpId"], &seed["apps"][0]["trustedDomain"]),
        (&json!(CORP), &json!("127.0.0.1:8080"))
    );
    for one in people {
        let portrait = phone.http.get(text(&one["avatar"])).send().await.unwrap();
        assert_eq!(portrait.headers()["content-type"], "image/svg+xml", "{one}");
    }
}
