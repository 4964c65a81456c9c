//! Who comes in, and as whom.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const PEOPLE: [&str; 5] = ["member", "hidden", "linked", "customer", "stranger"];

/// The error that each of `PEOPLE` meets at an application; None: logged in.
async fn outcomes(sim: &Sim, extra: &str) -> Vec<Option<String>> {
    let server = server(sim, extra).await;
    let mut outcomes = Vec::new();
    for person in PEOPLE {
        let visitor = Visitor::new(sim, &server, person);
        let end = visitor.open(&visitor.menu()).await;
        assert_eq!(end.status, StatusCode::OK, "{person}: {:?}", end.way);
        let error = error_in(&end.at);
        assert_eq!(visitor.who().await.is_none(), error.is_some(), "{person}: {:?}", end.way);
        outcomes.push(error);
    }
    outcomes
}

#[tokio::test]
async fn an_application_is_for_its_audience() {
    let sim = Sim::start(1).await;
    let (in_, out) = (None, Some("not_permitted".to_owned()));
    for (audience, expected) in [
        ("", [&in_, &in_, &out, &out, &out]),
        ("audience = \"members\"", [&in_, &in_, &out, &out, &out]),
        ("audience = \"customers\"", [&in_, &in_, &out, &in_, &out]),
        ("audience = \"anyone\"", [&in_, &in_, &in_, &in_, &in_]),
    ] {
        sim.clear_journal().await;
        assert_eq!(outcomes(&sim, audience).await.iter().collect::<Vec<_>>(), expected, "{audience}");
        assert_eq!(count(&sim, RANGE).await, 0, "{audience}");
        for number in [60011, 60111] {
            sim.wecom(json!({ "outOfRange": number })).await;
            let mut visible = expected;
            visible[1] = &out;
            let extra = format!("{audience}\nvisible_only = true");
            assert_eq!(outcomes(&sim, &extra).await.iter().collect::<Vec<_>>(), visible, "{extra} {number}");
        }
        assert_eq!(count(&sim, RANGE).await, 4, "members of this corporation are looked up, {audience}");
    }
}

/// A session, the headers for an application, and the claims.
async fn told(visitor: &Visitor<'_>) -> (Value, BTreeMap<String, String>, Value) {
    let (_, session) = visitor.session().await;
    let auth = format!("{}/auth?corpid={CORP}&agentid={AGENT}", visitor.url);
    let auth = visitor.request(Method::GET, &auth).send().await.unwrap();
    assert_eq!(auth.status(), StatusCode::OK);
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().strip_prefix("x-miandeng-")?.to_owned(), value.to_str().unwrap().to_owned()))
    };
    let headers: BTreeMap<_, _> = auth.headers().iter().filter_map(header).collect();
    let claims = headers["jwt"].split('.').nth(1).unwrap();
    let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    (session["user"].clone(), headers, claims)
}

#[tokio::test]
async fn session_headers_and_claims_name_the_same_person() {
    let (sim, server) = start("audience = \"anyone\"").await;
    let linked = "wwfedcba9876543210/wangwu";
    let (open, stranger) = ("o-customer-ww0123456789abcdef", "o-stranger-ww0123456789abcdef");
    let external = "wm-customer-ww0123456789abcdef";
    for (person, user_id, open_id, external_id, contact_type, sub) in [
        ("member", Some("zhangsan"), None, None, json!(0), "user:zhangsan"),
        ("hidden", Some("LiSi@hr-1"), None, None, json!(0), "user:lisi@hr-1"),
        ("linked", Some(linked), None, None, Value::Null, "user:wwfedcba9876543210/wangwu"),
        ("customer", None, Some(open), Some(external), json!(1), open),
        ("stranger", None, Some(stranger), None, Value::Null, stranger),
    ] {
        let visitor = Visitor::new(&sim, &server, person);
        visitor.open(&visitor.menu()).await;
        let (user, headers, claims) = told(&visitor).await;
        assert_eq!(user["contactType"], contact_type, "{user}");
        let ids = [("userId", "user-id", user_id), ("openId", "open-id", open_id)];
        for (field, header, id) in ids
            .into_iter()
            .chain([("externalUserId", "external-user-id", external_id), ("unionId", "union-id", None)])
        {
            assert_eq!(user[field], json!(id), "{person} {field}");
            assert_eq!(headers[header], id.unwrap_or_default(), "{person} {header}");
            // The signed identity leaves out what is not known, or has null.
            assert_eq!(claims[field], json!(id), "{person} {field}: {claims}");
        }
        assert_eq!((headers["corp"].as_str(), headers["agent"].as_str()), (CORP, AGENT));
        assert_eq!(claims["sub"].as_str().unwrap(), format!("{CORP}:{sub}"), "{person}");
        assert_eq!(claims["aud"], format!("{CORP}/{AGENT}"));
    }
}

#[tokio::test]
async fn a_member_in_wechat_may_come_without_a_userid() {
    let (sim, server) = start("").await;
    for (comes_as, error) in [("userid", None), ("openid", Some("not_permitted"))] {
        sim.wecom(json!({ "memberInWechat": comes_as, "client": "wechat" })).await;
        let visitor = Visitor::new(&sim, &server, "member").with(WECHAT);
        let end = visitor.open(&visitor.menu()).await;
        // The visitor's link is opened without a User-Agent of its own, so the setting says the client.
        assert_eq!(error_in(&end.at).as_deref(), error, "{comes_as}: {:?}", end.way);
    }
}

#[tokio::test]
async fn the_longest_codes_and_tokens_are_taken() {
    let (sim, server) = start("").await;
    sim.wecom(json!({ "codeLength": 512, "tokenLength": 512 })).await;
    let visitor = Visitor::new(&sim, &server, "member");
    visitor.open(&visitor.menu()).await;
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
}

/// "Unique ignoring case": an administrator may write a userid otherwise, and the person stays.
#[tokio::test]
async fn one_member_is_one_person_however_the_id_is_written() {
    let (sim, server) = start("audience = \"anyone\"").await;
    let logged_in = async |user_id: &str| {
        sim.reply(CODE, 1, json!({ "errcode": 0, "errmsg": "ok", "userid": user_id })).await;
        let visitor = Visitor::new(&sim, &server, "member");
        visitor.open(&visitor.menu()).await;
        let (user, headers, claims) = told(&visitor).await;
        assert_eq!((user["userId"].as_str(), headers["user-id"].as_str()), (Some(user_id), user_id));
        (visitor, claims["sub"].as_str().unwrap().to_owned())
    };
    for (ids, same) in [
        (["LiSi@hr-1", "lisi@HR-1"], true),
        // The other corporation's id may be a ciphertext.
        (["wwAbc/LiSi", "wwAbc/lisi"], true),
        (["wwAbc/LiSi", "wwabc/LiSi"], false),
        (["LiSi", "LiSi2"], false),
    ] {
        let ((one, its_sub), (other, other_sub)) = (logged_in(ids[0]).await, logged_in(ids[1]).await);
        assert_eq!(its_sub == other_sub, same, "{ids:?}: {its_sub} {other_sub}");
        let end = one.request(Method::DELETE, &format!("{}/api/session?everywhere=1", one.url));
        assert_eq!(end.header("origin", &one.url).send().await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!((one.who().await, other.who().await.is_none()), (None, same), "{ids:?}");
    }
}

#[tokio::test]
async fn one_logout_everywhere_ends_every_session_of_a_member() {
    let (sim, server) = start("").await;
    let (one, two) = (Visitor::new(&sim, &server, "hidden"), Visitor::new(&sim, &server, "hidden"));
    let third = Visitor::new(&sim, &server, "member");
    for visitor in [&one, &two, &third] {
        visitor.open(&visitor.menu()).await;
    }
    let end = one.request(Method::DELETE, &format!("{}/api/session?everywhere=1", one.url));
    assert_eq!(end.header("origin", &one.url).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!((one.who().await, two.who().await), (None, None));
    assert_eq!(third.who().await.as_deref(), Some("zhangsan"));
}
