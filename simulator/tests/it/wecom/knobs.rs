//! The settings: each unknown of the real platform both ways.

use std::time::{Duration, Instant};

use reqwest::header::COOKIE;
use serde_json::{Value, json};

use super::{AGENT, OTHER_AGENT, Phone, location, query};
use crate::desk::text;

async fn advance(phone: &Phone, seconds: u64) {
    phone.desk.set("clock", json!({ "advanceSeconds": seconds })).await;
}

#[tokio::test]
async fn a_second_fetch_brings_the_same_token_or_another() {
    for (rule, same, first_lives) in
        [("same", true, true), ("another", false, true), ("replaces", false, false)]
    {
        let phone = Phone::new().await;
        phone.set(json!({ "tokenOnRepeat": rule })).await;
        let (first, second) = (phone.token().await, phone.token().await);
        assert_eq!(first == second, same, "{rule}");
        assert_eq!(phone.redeem(&second, "x").await["errcode"], 40029, "{rule}");
        let of_first = if first_lives { 40029 } else { 40014 };
        assert_eq!(phone.redeem(&first, "x").await["errcode"], of_first, "{rule}");
        assert_ne!(text(&phone.gettoken(OTHER_AGENT).await["access_token"]), second);
    }
}

#[tokio::test]
async fn expires_in_counts_down_or_does_not() {
    for (rule, said, lives_on) in [("remaining", 1200, false), ("full", 7200, false), ("renewed", 7200, true)]
    {
        let phone = Phone::new().await;
        phone.set(json!({ "expiresIn": rule })).await;
        let token = phone.token().await;
        advance(&phone, 6000).await;
        let again = phone.gettoken(AGENT).await;
        assert_eq!(again["access_token"], token.as_str(), "{rule}");
        assert!(said - again["expires_in"].as_i64().unwrap() <= 1, "{rule}: {again}");
        if rule == "renewed" {
            assert_eq!(again["expires_in"], 7200);
        }
        advance(&phone, 1201).await;
        let code = phone.redeem(&token, "x").await["errcode"].clone();
        assert_eq!(code, if lives_on { 40029 } else { 42001 }, "{rule}");
    }
}

#[tokio::test]
async fn used_and_expired_codes_have_one_errcode_or_two() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    for (used, expired) in [(42022, 42003), (40163, 40029), (40078, 42003)] {
        phone.set(json!({ "usedCode": used, "expiredCode": expired, "codeLifetime": 60 })).await;
        let (one, other) = (phone.code("member").await, phone.code("member").await);
        phone.redeem(&token, &one).await;
        assert_eq!(phone.redeem(&token, &one).await["errcode"], used);
        advance(&phone, 60).await;
        assert_eq!(phone.redeem(&token, &other).await["errcode"], expired);
        assert_eq!(phone.redeem(&token, &one).await["errcode"], used, "used is the stronger word");
    }
}

#[tokio::test]
async fn a_refusal_spends_the_code_or_does_not() {
    for (spends, then) in [(false, 0), (true, 40029)] {
        let phone = Phone::new().await;
        phone.set(json!({ "refusalSpendsCode": spends })).await;
        let (token, code) = (phone.token().await, phone.code("member").await);
        assert_eq!(phone.redeem("dead", &code).await["errcode"], 40014);
        assert_eq!(phone.redeem(&token, &code).await["errcode"], then);
    }
}

#[tokio::test]
async fn tokens_can_end_early_in_two_ways() {
    for errcode in [40014, 42001] {
        let phone = Phone::new().await;
        let (token, other) = (phone.token().await, text(&phone.gettoken(OTHER_AGENT).await["access_token"]));
        phone.desk.set("wecom/revoke", json!({ "errcode": errcode, "agentId": AGENT })).await;
        assert_eq!(phone.redeem(&token, "x").await["errcode"], errcode);
        assert_eq!(phone.redeem(&other, "x").await["errcode"], 40029);
        phone.revoke(errcode).await;
        assert_eq!(phone.redeem(&other, "x").await["errcode"], errcode);
        let fresh = phone.token().await;
        assert_ne!(fresh, token);
        assert_eq!(phone.redeem(&fresh, "x").await["errcode"], 40029);
    }
    let phone = Phone::new().await;
    let token = phone.token().await;
    phone.desk.set("revoke", json!({ "what": "all", "corpId": "dingcorp1" })).await;
    assert_eq!(phone.redeem(&token, "x").await["errcode"], 40029);
    phone.desk.set("revoke", json!({ "what": "tokens", "corpId": super::CORP })).await;
    assert_eq!(phone.redeem(&token, "x").await["errcode"], 40014);
}

#[tokio::test]
async fn an_unlisted_address_has_a_token_and_nothing_else() {
    let phone = Phone::new().await;
    phone.set(json!({ "ipTrusted": false })).await;
    let token = phone.token().await;
    let refused = phone.redeem(&token, &phone.code("member").await).await;
    assert_eq!(refused["errcode"], 60020);
    assert!(text(&refused["errmsg"]).starts_with("not allow to access from your ip, hint: ["), "{refused}");
    assert_eq!(phone.user_get(&token, "absent").await["errcode"], 60020, "before the parameters");
    phone.set(json!({ "gettokenChecksIp": true })).await;
    assert_eq!(phone.gettoken(AGENT).await["errcode"], 60020);
}

#[tokio::test]
async fn too_many_refused_fetches_ban_the_address() {
    let phone = Phone::new().await;
    phone.set(json!({ "failedFetchesBeforeBan": 3 })).await;
    let fetch = async |secret: &str| {
        let path = format!("/cgi-bin/gettoken?corpid={}&corpsecret={secret}", super::CORP);
        phone.desk.get(&path).await["errcode"].as_i64().unwrap()
    };
    let right = "secret-of-1000002";
    assert_eq!((fetch("a").await, fetch("b").await, fetch(right).await), (40001, 40001, 0));
    advance(&phone, 3601).await;
    assert_eq!((fetch("a").await, fetch("b").await), (40001, 40001), "an hour later they count anew");
    assert_eq!((fetch("c").await, fetch(right).await), (40001, 45009));
    advance(&phone, 3599).await;
    assert_eq!(fetch(right).await, 45009);
    advance(&phone, 2).await;
    assert_eq!(fetch(right).await, 0);
}

#[tokio::test]
async fn a_stopped_application_s_token_is_refused() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    phone.app(AGENT, json!({ "stopped": true })).await;
    assert_eq!(phone.redeem(&token, "x").await["errcode"], 50003);
}

#[tokio::test]
async fn a_member_in_ordinary_wechat_has_a_userid_or_an_openid() {
    let phone = Phone::new().await;
    let token = phone.token().await;
    for (rule, client, field) in
        [("userid", "wechat", "userid"), ("openid", "wechat", "openid"), ("openid", "wecom", "userid")]
    {
        phone.set(json!({ "memberInWechat": rule })).await;
        let link = phone.link(&[("key", &format!("{rule}{client}"))]);
        let answer = phone.http.get(link).header(COOKIE, format!("wecom-sim=member:{client}"));
        let code = query(&location(&answer.send().await.unwrap()), "code").unwrap();
        let who = phone.redeem(&token, &code).await;
        assert!(who[field].is_string() && who.as_object().unwrap().len() == 3, "{rule} {client}: {who}");
    }
}

#[tokio::test]
async fn lengths_go_up_to_the_documented_ones() {
    let phone = Phone::new().await;
    phone.set(json!({ "codeLength": 512, "tokenLength": 512 })).await;
    let (token, code) = (phone.token().await, phone.code("stranger").await);
    assert_eq!((token.len(), code.len()), (512, 512));
    assert_eq!(phone.redeem(&token, &code).await["errcode"], 0);
}

#[tokio::test]
async fn the_client_declines_drops_cookies_or_asks_twice() {
    let phone = Phone::new().await;
    phone.set(json!({ "dropCookies": true })).await;
    let cookies = "miandeng_wecom_1a=x; theme=dark; wecom-sim=member:wecom";
    let answer = phone.http.get(phone.link(&[("key", "k")])).header(COOKIE, cookies).send().await.unwrap();
    assert!(query(&location(&answer), "code").is_some());
    let set: Vec<_> = answer.headers().get_all("set-cookie").iter().collect();
    assert_eq!(set, ["miandeng_wecom_1a=; Max-Age=0; Path=/"]);

    phone.set(json!({ "decline": true })).await;
    let back = phone.back(&[]).await;
    assert_eq!((query(&back, "code"), query(&back, "state").as_deref()), (None, Some("abc123")));

    phone.set(json!({ "decline": false, "doubleRequest": true })).await;
    let page = phone.open(phone.link(&[])).await.text().await.unwrap();
    assert!(page.contains(" data-twice"), "{page}");
    let (token, code) = (phone.token().await, phone.code("member").await);
    let started = Instant::now();
    phone.redeem(&token, &code).await;
    assert!(started.elapsed() >= Duration::from_millis(300), "still open when the second one comes");
}

#[tokio::test]
async fn reset_returns_to_the_seed() {
    let phone = Phone::new().await;
    let before = phone.desk.get("/_sim/wecom").await;
    let token = phone.token().await;
    phone.set(json!({ "decline": true, "person": "linked", "client": "wecom-pc", "tokenLifetime": 9 })).await;
    phone.app(AGENT, json!({ "stopped": true, "secret": "s", "trustedDomain": "x.example" })).await;
    let changed = phone.desk.get("/_sim/wecom").await;
    assert_eq!(changed["settings"]["client"], "wecom-pc");
    assert_eq!(
        changed["apps"][0],
        json!({ "agentId": AGENT, "secret": "s", "trustedDomain": "x.example", "stopped": true })
    );
    phone.desk.set("reset", json!({})).await;
    assert_eq!(phone.desk.get("/_sim/wecom").await, before);
    assert_eq!(phone.redeem(&token, "x").await["errcode"], 40014);
    assert_ne!(before, Value::Null);
}
