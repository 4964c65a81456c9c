//! qyapi: what is verified, and in which words it is refused.

use serde_json::{Value, json};

use super::{AGENT, CORP, OTHER_AGENT, Phone, query};
use crate::desk::text;

#[tokio::test]
async fn everybody_comes_with_the_ids_that_the_corporation_may_see() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    let (customer, stranger) = (format!("o-customer-{CORP}"), format!("o-stranger-{CORP}"));
    let external = format!("wm-customer-{CORP}");
    for (person, ids) in [
        ("member", json!({ "userid": "zhangsan" })),
        ("hidden", json!({ "userid": "LiSi@hr-1" })),
        ("linked", json!({ "userid": "wwfedcba9876543210/wangwu" })),
        ("customer", json!({ "openid": customer, "external_userid": external })),
        ("stranger", json!({ "openid": stranger })),
    ] {
        let mut expected = json!({ "errcode": 0, "errmsg": "ok" });
        expected.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        assert_eq!(phone.redeem(&token, &phone.code(person).await).await, expected, "{person}");
    }
}

#[tokio::test]
async fn gettoken_asks_for_the_secret_first() {
    let phone = Phone::new().await;
    for (query, code) in [
        ("".to_owned(), 41004),
        (format!("corpid={CORP}"), 41004),
        (format!("corpid={CORP}&corpsecret="), 41004),
        ("corpsecret=secret-of-1000002".to_owned(), 41002),
        ("corpid=ww1&corpsecret=secret-of-1000002".to_owned(), 40013),
        (format!("corpid={CORP}&corpsecret=secret-of-1000009"), 40001),
    ] {
        assert_eq!(phone.desk.get(&format!("/cgi-bin/gettoken?{query}")).await["errcode"], code, "{query}");
    }
    let right = phone.gettoken(AGENT).await;
    assert_eq!((&right["errcode"], &right["expires_in"]), (&json!(0), &json!(7200)));
    assert_eq!(text(&right["access_token"]).len(), 214);
    phone.app(AGENT, json!({ "secret": "another" })).await;
    assert_eq!(phone.gettoken(AGENT).await["errcode"], 40001, "a secret that was reset");
    phone.app(OTHER_AGENT, json!({ "stopped": true })).await;
    assert_eq!(phone.gettoken(OTHER_AGENT).await["errcode"], 40001, "an application that was stopped");
}

#[tokio::test]
async fn a_token_is_looked_at_before_anything_else() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    for path in ["auth/getuserinfo", "user/get"] {
        for (query, code) in
            [("", 41001), ("?access_token=", 41001), ("?access_token=x&code=y&userid=z", 40014)]
        {
            assert_eq!(
                phone.desk.get(&format!("/cgi-bin/{path}{query}")).await["errcode"],
                code,
                "{path}{query}"
            );
        }
        for (header, value) in
            [("authorization", format!("Bearer {token}")), ("x-acs-dingtalk-access-token", token.clone())]
        {
            let request = phone.http.get(phone.desk.at(&format!("/cgi-bin/{path}"))).header(header, value);
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["errcode"], 41001, "a token is only seen in the query");
        }
    }
    // DingTalk's opens nothing here, and this one nothing there.
    let dingtalk = phone.desk.corp_token().await;
    assert_eq!(phone.redeem(&dingtalk, "x").await["errcode"], 40014);
    assert_eq!(phone.desk.get(&format!("/get_jsapi_ticket?access_token={token}")).await["errcode"], 40014);
    assert_eq!(phone.redeem(&token, "").await["errcode"], 41008);
    assert_eq!(phone.user_get(&token, "").await["errcode"], 41009);
}

#[tokio::test]
async fn a_code_is_good_once_for_five_minutes_and_for_its_application() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    let other = text(&phone.gettoken(OTHER_AGENT).await["access_token"]);
    let code = phone.code("member").await;
    assert_eq!(phone.redeem(&other, &code).await["errcode"], 40029, "of another application");
    assert_eq!(phone.redeem(&token, &code).await["errcode"], 0);
    assert_eq!(phone.redeem(&token, &code).await["errcode"], 40029, "used");
    assert_eq!(phone.redeem(&token, "unknown").await["errcode"], 40029);

    let (early, late) = (phone.code("member").await, phone.code("member").await);
    phone.desk.set("clock", json!({ "advanceSeconds": 298 })).await;
    assert_eq!(phone.redeem(&token, &early).await["errcode"], 0);
    phone.desk.set("clock", json!({ "advanceSeconds": 3 })).await;
    assert_eq!(phone.redeem(&token, &late).await["errcode"], 40029, "expired");

    let any = query(&phone.back(&[("agentid", ""), ("key", "any")]).await, "code").unwrap();
    assert_eq!(phone.redeem(&other, &any).await["errcode"], 0, "a link without agentid is any application's");
}

#[tokio::test]
async fn the_domain_must_be_trusted_by_the_application_of_the_token() {
    let phone = Phone::new().await;
    let (token, code) = (phone.token().await, phone.code("member").await);
    phone.app(AGENT, json!({ "trustedDomain": "h5.example" })).await;
    assert_eq!(phone.redeem(&token, &code).await["errcode"], 50001);
    let by_other = query(&phone.back(&[("agentid", ""), ("key", "2")]).await, "code").unwrap();
    assert_eq!(phone.redeem(&token, &by_other).await["errcode"], 50001);
    let other = text(&phone.gettoken(OTHER_AGENT).await["access_token"]);
    assert_eq!(phone.redeem(&other, &by_other).await["errcode"], 0, "a refusal did not spend it");
}

#[tokio::test]
async fn user_get_tells_who_is_in_the_visible_range() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    for user in ["zhangsan", "ZhangSan"] {
        let found = phone.user_get(&token, user).await;
        assert_eq!(
            (&found["errcode"], &found["name"], &found["userid"]),
            (&json!(0), &json!("张三"), &json!("zhangsan"))
        );
        assert!(found.get("mobile").is_none() && found.get("avatar").is_none());
    }
    for (user, code) in
        [("LiSi@hr-1", 60011), ("lisi@HR-1", 60011), ("absent", 60111), ("wwfedcba9876543210/wangwu", 60111)]
    {
        assert_eq!(phone.user_get(&token, user).await["errcode"], code, "{user}");
    }
    phone.set(json!({ "outOfRange": 60111 })).await;
    assert_eq!(phone.user_get(&token, "LiSi@hr-1").await["errcode"], 60111);
}

#[tokio::test]
async fn a_refusal_says_where_it_was_asked_from() {
    let phone = Phone::new().await;
    let get = async |path: &str| phone.http.get(phone.desk.at(path)).send().await.unwrap();
    let answer = get("/cgi-bin/auth/getuserinfo?access_token=x&code=y").await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let (code, message) = (header("error-code"), header("error-msg"));
    let body: Value = answer.json().await.unwrap();
    let words = text(&body["errmsg"]);
    assert_eq!((code.as_str(), message.as_str()), ("40014", words.as_str()));
    let (hint, rest) = words.strip_prefix("invalid access_token, hint: [").unwrap().split_once(']').unwrap();
    assert!(hint.len() == 25 && hint.bytes().all(|b| b.is_ascii_digit()), "{hint}");
    assert_eq!(
        rest,
        ", from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=40014"
    );

    phone.set(json!({ "fromIp": "2001:db8::7" })).await;
    let words = text(&phone.desk.get("/cgi-bin/gettoken").await["errmsg"]);
    assert!(words.contains("from ip: 2001:db8::7,"), "{words}");
    phone.set(json!({ "hint": false })).await;
    let bare = phone.desk.get("/cgi-bin/gettoken").await;
    assert_eq!(
        bare,
        json!({ "errcode": 41004, "errmsg": "corpsecret missing", "access_token": "", "expires_in": 0 })
    );
    phone.set(json!({ "emptyFields": false })).await;
    assert_eq!(
        phone.desk.get("/cgi-bin/gettoken").await,
        json!({ "errcode": 41004, "errmsg": "corpsecret missing" })
    );
}

#[tokio::test]
async fn an_unknown_path_is_a_404_without_a_word() {
    let phone = Phone::new().await;
    for path in ["/cgi-bin/user/getuserinfo", "/cgi-bin/", "/cgi-bin/gettoken/"] {
        let answer = phone.http.get(phone.desk.at(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.text().await.unwrap(), "", "{path}");
    }
    let answer = phone.http.post(phone.desk.at("/cgi-bin/gettoken")).body("{}").send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["errcode"], 43001);
}
