//! What DingTalk answers in forms that its documentation has, or that were met: envelopes of errors, lifetimes, and facts
//! about people.

use crate::h5;
use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_CODE: &str = "/channel/user/get_by_code";
const BY_OPENID: &str = "/channel/user/get_by_openid";
const BY_UNIONID: &str = "/topapi/user/getbyunionid";

#[tokio::test]
async fn k10_a_lifetime_of_nothing_is_not_a_fetch_for_every_visitor() {
    let sim = Sim::start(1).await;
    for expires_in in [json!(0), json!("0"), json!(-1), json!("-7200"), json!(null)] {
        let server = Server::start(&sim, |_| {}).await;
        let ok = |field: &str| json!({ "errcode": 0, "errmsg": "ok", field: "t", "expires_in": expires_in });
        sim.reply(TOKEN, 1000, ok("access_token")).await;
        sim.reply(TICKET, 1000, ok("ticket")).await;
        let person = Person::new(&sim, &server);
        for _ in 0..20 {
            assert_eq!(person.config().await.status(), StatusCode::OK);
        }
        let counts = sim.counts().await;
        assert_eq!((counts[TOKEN], counts[TICKET]), (1, 1), "{expires_in}: {counts:?}");
        sim.post("/_sim/reset", json!({})).await;
    }
}

async fn error(response: Response) -> (u16, Value, Value) {
    let (status, retry_after) = (response.status().as_u16(), response.headers().get("retry-after").cloned());
    let body = json_of(response).await;
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    (status, body["error"].clone(), json!(retry_after))
}

#[tokio::test]
async fn k11_every_envelope_of_the_old_host_says_the_same() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.login().await;
    for envelope in ["usual", "text", "wrapped", "inMessage", "gateway", "result", "camel", "newHost"] {
        sim.settings(json!({ "errorEnvelope": envelope })).await;
        let (status, refused, _) = error(person.post_code(&format!("no-such-code-{envelope}")).await).await;
        assert_eq!((status, &refused["code"]), (401, &json!("code_rejected")), "{envelope}: {refused}");
        let said = &refused["upstream"];
        assert!(said["code"] == "40078" || said["subCode"] == "40078", "{envelope}: {said}");

        sim.post("/_sim/revoke", json!({ "what": "tokens" })).await;
        let healed = person.post_code(&person.code_again().await).await;
        assert_eq!(healed.status(), StatusCode::OK, "{envelope}: dead tokens are replaced");
        let stranger = Person::named("stranger", &sim, &server).login().await;
        assert_eq!(stranger.status(), StatusCode::OK, "{envelope}: 60121 is no user");
    }
}

#[tokio::test]
async fn k11_a_limit_keeps_its_class_and_its_pause_in_every_envelope() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.login().await;
    let gateway = |code: Value, sub_code: &str, sub_msg: &str| {
        json!({ "error_response": {
        "code": code, "msg": "x", "sub_code": sub_code, "sub_msg": sub_msg, "request_id": "r1",
    } })
    };
    for (status, body, expected, pause) in [
        (200, json!({ "errcode": 90018, "errmsg": "x" }), "platform_throttled", "1"),
        (200, json!({ "errcode": 90019, "errmsg": "x" }), "platform_throttled", "1"),
        (
            200,
            json!({ "errcode": 88, "errmsg": "ding talk error[subcode=90002,submsg=x]" }),
            "platform_throttled",
            "1",
        ),
        (200, gateway(json!(15), "90018", "x"), "platform_throttled", "1"),
        (
            200,
            gateway(
                json!(7),
                "accesscontrol.limited-by-api-access-count",
                "This ban will last for 9 more seconds",
            ),
            "platform_throttled",
            "9",
        ),
        (200, gateway(json!(15), "isp.http-read-timeout", "x"), "platform_busy", "1"),
        (200, gateway(json!("15"), "45009", "x"), "platform_throttled", "60"),
        (
            200,
            json!({ "dingtalk_oapi_x_response": { "result": { "ding_open_errcode": -1, "success": false } } }),
            "platform_busy",
            "1",
        ),
        (
            403,
            json!({ "code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x" }),
            "platform_throttled",
            "1",
        ),
        (500, json!({ "code": "InternalFailure", "message": "x" }), "platform_busy", "1"),
        (429, json!(""), "platform_throttled", "1"),
        (200, json!("<html>{ \"status\": 1111, \"punish\": \"deny\" }</html>"), "platform_banned", "300"),
    ] {
        let reply = json!({ "status": status, "body": body });
        sim.fault(json!({ "endpoint": BY_CODE, "reply": reply })).await;
        let (status, refused, retry_after) = error(person.post_code(&person.code_again().await).await).await;
        assert_eq!(
            (status, &refused["code"], &retry_after),
            (503, &json!(expected), &json!(pause)),
            "{body}: {refused}"
        );
    }
}

/// A login of which DingTalk says what these replies say.
async fn login(sim: &Sim, person: &Person<'_>, replies: &[(&str, Value)]) -> Response {
    let code = person.code().await;
    for (endpoint, facts) in replies {
        let mut reply = facts.clone();
        reply["errcode"] = json!(0);
        sim.reply(endpoint, 1, reply).await;
    }
    let answer = person.post_code(&code).await;
    sim.clear_faults().await;
    answer
}

/// Values that are no identifier, and no text either.
fn odd() -> Vec<Value> {
    vec![
        json!(null),
        json!(""),
        json!("  "),
        json!(true),
        json!(false),
        json!([]),
        json!(["u"]),
        json!({ "id": "u" }),
        json!(1.5),
        json!("a\nb"),
        json!("a\u{0}b"),
        json!("x".repeat(300)),
    ]
}

#[tokio::test]
async fn k21_an_odd_fact_costs_that_fact_alone() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let directory = |id: Value, kind: Value| json!({ "result": { "userid": id, "contact_type": kind } });
    for value in odd() {
        // The unionid of the code is odd, and so is the one that is then asked for.
        let facts = json!({ "openid": "o-1", "unionid": value, "nickname": "王", "avatar": "https://a.example/1.png" });
        let asked = json!({ "openid": "o-1", "unionid": value, "subscribe": 1 });
        let answer = login(&sim, &person, &[(BY_CODE, facts), (BY_OPENID, asked)]).await;
        let (status, body) = (answer.status(), json_of(answer).await);
        assert_eq!(status, StatusCode::OK, "{value}: {body}");
        let user = &body["user"];
        assert_eq!(
            (&user["openId"], &user["unionId"], &user["nick"]),
            (&json!("o-1"), &json!(null), &json!("王")),
            "{value}"
        );

        let facts = json!({ "openid": "o-2", "unionid": "u-2", "nickname": value, "avatar": value });
        let entry = directory(value.clone(), json!(0));
        let answer = login(&sim, &person, &[(BY_CODE, facts), (BY_UNIONID, entry)]).await;
        let (status, body) = (answer.status(), json_of(answer).await);
        assert_eq!(status, StatusCode::OK, "{value}: {body}");
        let user = &body["user"];
        assert_eq!(
            (&user["unionId"], &user["userId"], &user["contactType"]),
            (&json!("u-2"), &json!(null), &json!(0)),
            "{value}"
        );
        assert_eq!(person.session().await.status(), StatusCode::OK);
    }
    for kind in [
        json!(null),
        json!(""),
        json!("employee"),
        json!(true),
        json!(-1),
        json!(256),
        json!(0.5),
        json!({}),
        json!([1]),
    ] {
        let facts = json!({ "openid": "o-3", "unionid": "u-3" });
        let answer =
            login(&sim, &person, &[(BY_CODE, facts), (BY_UNIONID, directory(json!("id-3"), kind.clone()))])
                .await;
        let user = json_of(answer).await["user"].clone();
        assert_eq!((&user["userId"], &user["contactType"]), (&json!("id-3"), &json!(null)), "{kind}: {user}");
    }
    // What is required is not made up, whatever else is there.
    for value in odd() {
        let facts = json!({ "openid": value, "unionid": "u-4" });
        assert_eq!(
            login(&sim, &person, &[(BY_CODE, facts)]).await.status(),
            StatusCode::BAD_GATEWAY,
            "{value}"
        );
    }
}

#[tokio::test]
async fn k21_a_second_answer_makes_no_other_person() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    for value in [json!("o-other"), json!(null), json!(7), json!({})] {
        let (facts, asked) =
            (json!({ "openid": "o-1" }), json!({ "openid": value, "unionid": "u-1", "nickname": "王" }));
        let entry = json!({ "result": { "userid": "id-1", "contact_type": 0 } });
        let answer = login(&sim, &person, &[(BY_CODE, facts), (BY_OPENID, asked), (BY_UNIONID, entry)]).await;
        let user = json_of(answer).await["user"].clone();
        let is_other = value.is_string() || value.is_number();
        let expected = if is_other { (json!(null), json!(null)) } else { (json!("u-1"), json!("id-1")) };
        assert_eq!(
            (user["openId"].clone(), (user["unionId"].clone(), user["userId"].clone())),
            (json!("o-1"), expected),
            "{value}"
        );
    }
    for gone in [json!(0), json!("0"), json!(false)] {
        let (facts, asked) =
            (json!({ "openid": "o-1" }), json!({ "openid": "o-1", "unionid": "u-1", "subscribe": gone }));
        let answer = login(&sim, &person, &[(BY_CODE, facts), (BY_OPENID, asked)]).await;
        assert_eq!(json_of(answer).await["error"]["code"], "not_following", "{gone}");
    }
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn k21_ids_of_any_script_are_whole_in_json_and_encoded_in_headers() {
    let (sim, server) = start("").await;
    for (given, id, header) in [
        (json!("王小明"), "王小明", "%E7%8E%8B%E5%B0%8F%E6%98%8E"),
        (json!(1234567890123456789_u64), "1234567890123456789", "1234567890123456789"),
        (json!("$:LWCP_v1:$ab+c/d=="), "$:LWCP_v1:$ab+c/d==", "$:LWCP_v1:$ab+c/d=="),
        (json!("a b"), "a b", "a%20b"),
        (json!(" ends "), " ends ", "%20ends%20"),
        (json!("100%25"), "100%25", "100%2525"),
        (json!("😀\"\\é"), "😀\"\\é", "%F0%9F%98%80\"\\%C3%A9"),
        (json!("企".repeat(64)), &"企".repeat(64), &"%E4%BC%81".repeat(64)),
    ] {
        let person = Person::new(&sim, &server);
        let facts = json!({ "openid": given, "unionid": given });
        let entry = json!({ "result": { "userid": given, "contact_type": "1" } });
        let answer = login(&sim, &person, &[(BY_CODE, facts), (BY_UNIONID, entry)]).await;
        let (status, body) = (answer.status(), json_of(answer).await);
        assert_eq!(status, StatusCode::OK, "{id}: {body}");
        let session = json_of(person.session().await).await["user"].clone();
        assert_eq!(session, body["user"], "the cookie keeps it");
        let token = json_of(person.send(person.request(Method::POST, "/api/token")).await).await;
        let claims = claims(token["token"].as_str().unwrap());
        for (field, name) in [
            ("openId", "x-miandeng-open-id"),
            ("unionId", "x-miandeng-union-id"),
            ("userId", "x-miandeng-user-id"),
        ] {
            assert_eq!((&session[field], &claims[field]), (&json!(id), &json!(id)), "{field}");
            let auth = person
                .send(person.request(Method::GET, &format!("/auth?corpid={CORP}&agentid={AGENT}")))
                .await;
            assert_eq!(auth.headers()[name], header, "{field}");
        }
        assert_eq!(claims["sub"], format!("{CORP}:{id}"));
    }
}

#[tokio::test]
async fn k21_no_person_has_the_subject_of_another() {
    let (sim, server) = start("").await;
    let subject = async |open_id: &str| {
        let person = Person::new(&sim, &server);
        let facts = json!({ "openid": open_id, "unionid": "u-1" });
        let entry = json!({ "result": { "userid": "x", "contact_type": 0 } });
        login(&sim, &person, &[(BY_CODE, facts), (BY_UNIONID, entry)]).await;
        let token = json_of(person.send(person.request(Method::POST, "/api/token")).await).await;
        claims(token["token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned()
    };
    // `corpId:user:…` belongs to those who have a userid alone.
    for marked in ["user:x", "session:x", "id:x", "id:user:x"] {
        assert_eq!(subject(marked).await, format!("{CORP}:id:{marked}"));
    }
    for plain in ["x:user:y", "users:x", ":"] {
        assert_eq!(subject(plain).await, format!("{CORP}:{plain}"));
    }
}

#[tokio::test]
async fn k21_one_identifier_is_enough_in_an_h5_application() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, h5::beside).await;
    let person = Person::new(&sim, &server);
    let config = format!("/api/config?corpid={}&agentid={}", h5::CORP, h5::AGENT);
    person.send(person.request(Method::GET, &config)).await;
    for (facts, expected) in [
        (json!({ "userid": "王小明", "unionid": null, "name": "王" }), Some((json!("王小明"), json!(null)))),
        (json!({ "userid": 42, "unionid": { "a": 1 }, "name": ["x"] }), Some((json!("42"), json!(null)))),
        (json!({ "userid": true, "unionid": "u-1" }), Some((json!(null), json!("u-1")))),
        (json!({ "unionid": 7 }), Some((json!(null), json!("7")))),
        (json!({ "userid": "", "unionid": [] }), None),
        (json!({ "name": "王" }), None),
    ] {
        let reply = json!({ "errcode": 0, "result": facts });
        sim.reply("/topapi/v2/user/getuserinfo", 1, reply).await;
        let answer = h5::login(&person, h5::CORP, h5::AGENT, &h5::code(&sim, "employee").await).await;
        let (status, body) = (answer.status(), json_of(answer).await);
        let (user, is_known) = (&body["user"], expected.is_some());
        let ids = expected.unwrap_or_default();
        assert_eq!((&user["userId"], &user["unionId"]), (&ids.0, &ids.1), "{facts}: {body}");
        if status != StatusCode::OK {
            assert_eq!(body["error"]["code"], "platform_bad_answer", "{facts}");
        }
        assert_eq!(status == StatusCode::OK, is_known, "{facts}");
    }
}
