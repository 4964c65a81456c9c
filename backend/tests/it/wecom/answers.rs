//! What qyapi, or what stands before it, may answer, and what a callback may carry: nothing of it logs in the wrong person,
//! goes round in a circle, or costs more calls than it has to.

use super::*;

const BAD: Option<&str> = Some("platform_bad_answer");

/// One login where `endpoint` says so, so many times: the error on the page, or who it is.
async fn login(
    sim: &Sim,
    server: &Server,
    endpoint: &str,
    times: u32,
    reply: Value,
) -> (Option<String>, Option<String>) {
    sim.clear_faults().await;
    sim.fault(json!({ "endpoint": endpoint, "times": times, "reply": reply })).await;
    let visitor = Visitor::new(sim, server, "member");
    let end = visitor.open(&visitor.menu()).await;
    assert_eq!(end.status, StatusCode::OK, "{reply}: {:?}", end.way);
    (error_in(&end.at), visitor.who().await)
}

/// As from DingTalk: asked again no sooner than the answer says.
#[tokio::test]
async fn a_named_pause_is_waited_for() {
    for (status, body) in [(429, json!("")), (503, json!("<html>")), (200, json!({ "errcode": -1 }))] {
        let (sim, server) = start("").await;
        let reply = json!({ "status": status, "headers": { "retry-after": "3" }, "body": body });
        let started = std::time::Instant::now();
        let met = login(&sim, &server, TOKEN, 1, reply.clone()).await;
        assert_eq!(met, (None, Some("zhangsan".to_owned())), "{reply}");
        assert!(started.elapsed().as_secs() >= 3, "{reply}: {:?}", started.elapsed());
        assert_eq!(count(&sim, TOKEN).await, 2, "{reply}");
    }
}

#[tokio::test]
async fn who_it_is_has_to_be_said_plainly() {
    let (sim, server) = start("audience = \"anyone\"").await;
    let ok = |more: Value| {
        let mut body = json!({ "errcode": 0, "errmsg": "ok" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "body": body })
    };
    let text = |body: &str| json!({ "body": body });
    let long = "x".repeat(300);
    let huge = format!("{{\"errcode\":0,\"userid\":\"lisi\",\"x\":\"{}\"}}", "x".repeat(100_000));
    let bom = "\u{feff}{\"errcode\":0,\"errmsg\":\"ok\",\"userid\":\"lisi\"}\r\n";
    for (reply, error, who) in [
        (ok(json!({ "userid": "lisi", "user_ticket": "t" })), None, Some("lisi")),
        (ok(json!({ "userid": "lisi", "openid": "o1" })), None, Some("lisi")),
        (ok(json!({ "userid": "", "openid": "o1" })), None, Some("o1")),
        (ok(json!({ "userid": null, "openid": "o1", "external_userid": "" })), None, Some("o1")),
        (json!({ "body": { "errcode": "0", "userid": "lisi" } }), None, Some("lisi")),
        (json!({ "body": { "errcode": 0.0, "userid": "lisi" } }), None, Some("lisi")),
        (text(bom), None, Some("lisi")),
        (json!({ "status": 201, "contentType": "text/plain", "body": bom }), None, Some("lisi")),
        // The spelling is the old endpoint's.
        (ok(json!({ "UserId": "lisi", "DeviceId": "d" })), BAD, None),
        (ok(json!({ "OpenId": "o1" })), BAD, None),
        (ok(json!({ "external_userid": "wm1" })), BAD, None),
        (ok(json!({})), BAD, None),
        (ok(json!({ "userid": 7.5, "openid": "o1" })), BAD, None),
        (ok(json!({ "userid": ["lisi"], "openid": "o1", "external_userid": "wm1" })), BAD, None),
        (ok(json!({ "userid": &long, "openid": "o1" })), BAD, None),
        (ok(json!({ "userid": 7.5 })), BAD, None),
        (ok(json!({ "userid": true })), BAD, None),
        (ok(json!({ "userid": ["lisi"] })), BAD, None),
        (ok(json!({ "userid": "li\nsi" })), BAD, None),
        (ok(json!({ "userid": &long })), BAD, None),
        (ok(json!({ "openid": &long })), BAD, None),
        // An id may be a number, as from DingTalk, and success may come without its code.
        (ok(json!({ "userid": 12345 })), None, Some("12345")),
        (ok(json!({ "openid": 99 })), None, Some("99")),
        (ok(json!({ "openid": "o1", "external_userid": 5 })), None, Some("o1")),
        (json!({ "body": { "userid": "lisi" } }), None, Some("lisi")),
        (json!({ "body": { "errcode": null, "userid": "lisi" } }), None, Some("lisi")),
        (json!({ "body": { "openid": "o1" } }), None, Some("o1")),
        // But not with the status of a failure, and not without anybody in it.
        (json!({ "status": 500, "body": { "errcode": 0, "userid": "lisi" } }), BAD, None),
        (json!({ "status": 403, "body": { "userid": "lisi" } }), BAD, None),
        (json!({ "body": { "message": "blocked by policy" } }), BAD, None),
        (json!({ "body": { "errcode": true, "userid": "lisi" } }), BAD, None),
        (json!({ "body": { "errcode": 1e300, "userid": "lisi" } }), BAD, None),
        (json!({ "body": { "errcode": "", "userid": "lisi" } }), BAD, None),
        (json!({ "body": [{ "errcode": 0, "userid": "lisi" }] }), BAD, None),
        (text("null"), BAD, None),
        (text("{\"errcode\":0,\"userid\":\"lisi\""), BAD, None),
        (text("<html>{\"errcode\":0,\"userid\":\"lisi\"}</html>"), BAD, None),
        (text(&huge), BAD, None),
        (json!({ "status": 302, "headers": { "location": "https://evil.example/" }, "body": "" }), BAD, None),
        // A refusal that carries the fields of a success is a refusal.
        (json!({ "body": { "errcode": 60020, "userid": "lisi" } }), Some("app_misconfigured"), None),
        (json!({ "body": { "errcode": "48005", "errmsg": 1 } }), Some("api_retired"), None),
        (json!({ "body": { "errcode": -1.0, "errmsg": ["x"] } }), Some("platform_busy"), None),
        (json!({ "body": { "errcode": 999_999 } }), Some("platform_refused"), None),
    ] {
        let met = login(&sim, &server, CODE, 2, reply.clone()).await;
        assert_eq!((met.0.as_deref(), met.1.as_deref()), (error, who), "{:.200}", reply.to_string());
    }
    assert_eq!(count(&sim, TOKEN).await, 1, "none of it concerns the token");
    // Refused as text or as 40029.0, a code is replaced all the same.
    for errcode in [json!("40029"), json!(40029.0), json!(" 42003 ")] {
        let met = login(&sim, &server, CODE, 1, json!({ "body": { "errcode": errcode } })).await;
        assert_eq!(met, (None, Some("zhangsan".to_owned())), "{errcode}");
    }
}

/// The id of a customer counts as one, too, where it is a number.
#[tokio::test]
async fn k21_a_customer_is_one_by_an_id_of_any_type() {
    let (sim, server) = start("audience = \"customers\"").await;
    for (external, error) in [
        (json!("wm1"), None),
        (json!(5), None),
        (json!(18_446_744_073_709_551_615_u64), None),
        (json!(""), Some("not_permitted")),
        (json!(5.5), Some("not_permitted")),
        (json!([5]), Some("not_permitted")),
    ] {
        let reply = json!({ "body": { "errcode": 0, "openid": "oX", "external_userid": external } });
        let met = login(&sim, &server, CODE, 1, reply).await;
        assert_eq!(met.0.as_deref(), error, "{external}");
        assert_eq!(met.1.as_deref(), error.is_none().then_some("oX"), "{external}");
    }
}

/// Whether a member is in range is asked for its answer: JSON of a gateway on the way is none.
#[tokio::test]
async fn what_is_no_answer_lets_nobody_into_the_range() {
    let (sim, server) = start("visible_only = true").await;
    for body in
        [json!({ "message": "blocked by policy" }), json!({}), json!({ "errcode": null, "name": "x" })]
    {
        let met = login(&sim, &server, RANGE, 1000, json!({ "body": body })).await;
        assert_eq!(met, (BAD.map(str::to_owned), None), "{body}");
    }
}

/// Whatever is said of its life, a token is fetched once for the visitors of a moment, and one that is none is not kept.
#[tokio::test]
async fn a_token_is_not_fetched_for_every_visitor() {
    for expires_in in [
        json!(null),
        json!(0),
        json!(-7200),
        json!("7200"),
        json!(1e18),
        json!(i64::MAX),
        json!("x"),
        json!(0.5),
        json!(60),
    ] {
        let (sim, server) = start("").await;
        let mut token = json!({ "errcode": 0, "errmsg": "ok", "access_token": "T".repeat(512) });
        token["expires_in"] = expires_in.clone();
        sim.reply(TOKEN, 1000, token).await;
        sim.reply(CODE, 1000, json!({ "errcode": 0, "userid": "lisi" })).await;
        for _ in 0..5 {
            let visitor = Visitor::new(&sim, &server, "member");
            visitor.open(&visitor.menu()).await;
            assert_eq!(visitor.who().await.as_deref(), Some("lisi"), "{expires_in}");
        }
        assert_eq!(count(&sim, TOKEN).await, 1, "{expires_in}");
    }
    let (sim, server) = start("").await;
    for token in [json!(""), json!(null), json!(7), json!({})] {
        let reply =
            json!({ "body": { "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 } });
        // Asked once more, WeCom has another.
        let met = login(&sim, &server, TOKEN, 1, reply).await;
        assert_eq!(met, (None, Some("zhangsan".to_owned())), "{token}");
        sim.post("/_sim/wecom/revoke", json!({ "errcode": 40014, "agentId": AGENT })).await;
    }
}

/// No parameter of a callback makes a session by itself, and none of them is an error of the server's.
#[tokio::test]
async fn a_callback_that_nobody_would_send() {
    let (sim, server) = start("").await;
    let long = "a".repeat(600);
    for query in [
        "",
        "?",
        "?code",
        "?state",
        "?code=&state=",
        "?code=x&state=%00%ff",
        "?state=0&code=%0d%0aset-cookie:x",
        "?code=x&state=../../x",
        "?code=x&state=%E4%B8%AD",
        &format!("?code=x&state={long}"),
        &format!("?code=x&state={}0", "F".repeat(40)),
        &format!("?code={long}&state={long}"),
        "?auth_code=x&state=x",
        "?error=access_denied&state=x",
    ] {
        let visitor = Visitor::new(&sim, &server, "member");
        let answer = visitor.step(&format!("{}/wecom/callback{query}", server.url)).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{query}");
        assert_eq!(joined(&server.url, &answer), format!("{}/#", server.url), "{query}");
        assert!(visitor.cookie_names("").is_empty(), "{query}");
    }
    assert!(sim.wecom_counts().await.is_empty());
    // With the attempt of this browser: what is no code is not sent, and a code among others is one code.
    for (code, ends, calls) in [
        (format!("code={long}"), Some("code_rejected"), 0),
        ("code=a%20b".to_owned(), Some("code_rejected"), 0),
        ("code=a%0Ab".to_owned(), Some("code_rejected"), 0),
        ("Code=x".to_owned(), Some("cancelled"), 0),
        ("auth_code=x".to_owned(), Some("cancelled"), 0),
    ] {
        let visitor = Visitor::new(&sim, &server, "member");
        let mut at = visitor.menu();
        // A refused code restarts the login once.
        for _ in 0..2 {
            let link = visitor.redirected(&at).await;
            if !link.contains("/connect/oauth2/") {
                at = link;
                break;
            }
            let state = parameter(&link, "state").unwrap();
            at = format!("{}/wecom/callback?{code}&state={state}", server.url);
        }
        if error_in(&at).is_none() {
            at = visitor.redirected(&at).await;
        }
        assert_eq!(error_in(&at).as_deref(), ends, "{code:.40}: {at}");
        assert_eq!((count(&sim, CODE).await, visitor.has_session()), (calls, false), "{code:.40}");
    }
}

/// A phone's model may stand in the User-Agent in any encoding.
#[tokio::test]
async fn a_client_is_known_beside_letters_that_are_not_ascii() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    for (client, is_inside) in
        [("wxwork/5.0.6 MicroMessenger/7.0.1", true), ("MicroMessenger/8.0.50", true), ("", false)]
    {
        for model in ["小米".as_bytes(), b"\xd0\xa1\xc3\xd7"] {
            let agent = [b"Mozilla/5.0 (Linux; Android 14; ", model, b" wv) ", client.as_bytes()].concat();
            let agent = reqwest::header::HeaderValue::from_bytes(&agent).unwrap();
            let request = visitor.http.get(visitor.menu()).header("user-agent", agent);
            let answer = request.header("sec-fetch-mode", "navigate").send().await.unwrap();
            assert_eq!(answer.status() == StatusCode::FOUND, is_inside, "{client}");
        }
    }
}
