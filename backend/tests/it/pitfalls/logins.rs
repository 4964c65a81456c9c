//! S1, S2, S11 to S16, S28, S29, S32 and S33: whose login it is, and how long it holds.

use super::wire::{exchange, request};
use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

const BY_CODE: &str = "/channel/user/get_by_code";
const BY_UNIONID: &str = "/topapi/user/getbyunionid";

async fn code_of(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body = json_of(response).await;
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// A second corporation beside the first, and today's application beside both.
async fn three_apps() -> (Sim, Server) {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        config.push_str(
            "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
             channel_secret = \"channel-secret-of-dingcorp2\"\ncorp_secret = \"corp-secret-of-dingcorp2\"\n\
             [[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n\
             client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n",
        );
    })
    .await;
    (sim, server)
}

fn at_corp_2<'a>(sim: &'a Sim, server: &Server) -> Person<'a> {
    let mut person = Person::new(sim, server);
    person.corp = "dingcorp2".to_owned();
    person
}

#[tokio::test]
async fn s01_the_next_person_is_not_the_last_one() {
    let (sim, server) = start("").await;
    for round in 1..=2 {
        for name in ["employee", "partner", "stranger"] {
            let person = Person::named(name, &sim, &server);
            let user = json_of(person.login().await).await["user"].clone();
            assert_eq!(user["openId"], format!("openid-{name}-{CORP}"), "round {round}");
            let session = json_of(person.session().await).await["user"].clone();
            assert_eq!(session["openId"], user["openId"]);
        }
    }
    let people: Vec<Person<'_>> =
        (0..60).map(|n| Person::named(["employee", "partner", "stranger"][n % 3], &sim, &server)).collect();
    let logins = futures_util::future::join_all(people.iter().map(Person::login)).await;
    for (person, login) in people.iter().zip(logins) {
        let user = json_of(login).await["user"].clone();
        assert_eq!(user["openId"], format!("openid-{}-{CORP}", person.name), "all at once");
    }
    assert_eq!(sim.counts().await[BY_CODE], 66, "who somebody is is never remembered");
}

#[tokio::test]
async fn s02_no_corporation_gets_anothers_token() {
    let (sim, server) = three_apps().await;
    let people: Vec<Person<'_>> = (0..40)
        .map(|n| if n % 2 == 0 { Person::new(&sim, &server) } else { at_corp_2(&sim, &server) })
        .collect();
    let logins = futures_util::future::join_all(people.iter().map(Person::login)).await;
    for (person, login) in people.iter().zip(logins) {
        let user = json_of(login).await["user"].clone();
        assert_eq!(
            (&user["corpId"], &user["userId"]),
            (&json!(person.corp), &json!(format!("userid-employee-{}", person.corp)))
        );
    }
    let counts = sim.counts().await;
    for endpoint in ["/channel/get_channel_token", "/channel/get_channel_jsapi_ticket", "/gettoken"] {
        assert_eq!(counts[endpoint], 2, "one for each corporation: {counts:?}");
    }
}

#[tokio::test]
async fn s11_a_code_of_another_corporation_is_refused() {
    let (sim, server) = three_apps().await;
    let (here, there) = (Person::new(&sim, &server), at_corp_2(&sim, &server));
    let (code, foreign) = (here.code().await, there.code().await);
    assert_eq!(code_of(here.post_code(&foreign).await).await, (401, "code_rejected".into()));
    assert_eq!(here.post_code(&code).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn s11_a_code_that_has_expired_is_refused() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let old = person.code().await;
    sim.post("/_sim/clock", json!({ "advanceSeconds": 301 })).await;
    assert_eq!(code_of(person.post_code(&old).await).await, (401, "code_rejected".into()));
    assert_eq!(person.post_code(&person.code_again().await).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn s11_a_code_of_the_other_kind_is_refused() {
    let (sim, server) = three_apps().await;
    let person = Person::new(&sim, &server);
    person.code().await;
    let micro_app = json!({
        "person": "employee", "namespace": "runtime", "corpId": "dingvirtual1", "clientId": "client-of-dingvirtual1", "url": "http://x/",
    });
    let code = sim.post("/_sim/native/requestAuthCode", micro_app).await["code"].as_str().unwrap().to_owned();
    assert_eq!(code_of(person.post_code(&code).await).await, (401, "code_rejected".into()));
}

#[tokio::test]
async fn s12_of_many_uses_of_a_code_one_succeeds() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let code = person.code().await;
    sim.settings(json!({ "latencyMs": 50 })).await;
    let answers = futures_util::future::join_all((0..30).map(|_| person.post_code(&code))).await;
    let (taken, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status() == StatusCode::OK);
    assert_eq!(taken.len(), 1);
    let refusals = futures_util::future::join_all(refused.into_iter().map(code_of)).await;
    assert_eq!(refusals, vec![(409, "code_used".to_owned()); 29]);
    assert_eq!(sim.counts().await[BY_CODE], 1);
}

#[tokio::test]
async fn s13_a_code_or_a_nonce_alone_is_nobodys_login() {
    let (sim, server) = start("").await;
    let victim = Person::new(&sim, &server);
    let config = json_of(victim.config().await).await;
    assert_eq!(victim.dd_config(&config).await["ok"], true);
    let code = victim.code_again().await;
    // A thief with the code, but another browser.
    let thief = Person::new(&sim, &server);
    assert_eq!(code_of(thief.post_code(&code).await).await, (403, "cross_site".into()));
    // What names the victim's visit gives nobody a result.
    let nonce = config["nonceStr"].as_str().unwrap();
    for path in [
        format!("/api/session?nonceStr={nonce}"),
        format!("/api/session?state={nonce}"),
        format!("/auth?state={nonce}"),
    ] {
        let answer = thief.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let answer = victim.post_code(&code).await;
    assert_eq!(answer.status(), StatusCode::OK);
    for cookie in answer.headers().get_all("set-cookie") {
        assert!(cookie.to_str().unwrap().contains("HttpOnly"), "{cookie:?}");
    }
}

#[tokio::test]
async fn s16_the_corporation_of_a_link_is_not_believed() {
    let (sim, server) = three_apps().await;
    let person = Person::new(&sim, &server);
    for (corp, agent) in
        [("dingcorp9", AGENT), (CORP, "999"), ("dingcorp2", "223456"), ("DINGCORP1", AGENT), (AGENT, CORP)]
    {
        let config = format!("/api/config?corpid={corp}&agentid={agent}&url={}/", server.url);
        let answer = person.request(Method::GET, &config).send().await.unwrap();
        assert!(!answer.headers().contains_key("set-cookie"), "{corp}/{agent}");
        assert_eq!(code_of(answer).await, (404, "unknown_app".into()));
        let body = json!({ "corpId": corp, "agentId": agent, "code": "c" });
        let login = person.request(Method::POST, "/api/login").json(&body).send().await.unwrap();
        assert_eq!(code_of(login).await, (404, "unknown_app".into()));
        let page =
            person.request(Method::GET, &format!("/?corpid={corp}&agentid={agent}")).send().await.unwrap();
        assert!(!page.headers().contains_key("set-cookie"), "{corp}/{agent}");
    }
    assert_eq!(sim.total().await, 0, "nothing of this reaches DingTalk");
    // Somebody of the first corporation, on a page that says it is the second one's.
    let (here, there) = (Person::new(&sim, &server), at_corp_2(&sim, &server));
    let code = here.code().await;
    there.code().await;
    assert_eq!(code_of(there.post_code(&code).await).await, (401, "code_rejected".into()));
    assert_eq!(there.session().await.status(), StatusCode::UNAUTHORIZED);
}

/// The next login: DingTalk says of the person what `facts` says.
async fn login_as(sim: &Sim, person: &Person<'_>, facts: Value, directory: Value) -> Value {
    let code = person.code().await;
    let ok = |mut facts: Value| {
        facts["errcode"] = json!(0);
        facts["errmsg"] = json!("ok");
        facts
    };
    sim.reply(BY_CODE, 1, ok(facts)).await;
    sim.reply(BY_UNIONID, 1, ok(json!({ "result": directory }))).await;
    let answer = person.post_code(&code).await;
    assert_eq!(answer.status(), StatusCode::OK);
    json_of(answer).await["user"].clone()
}

#[tokio::test]
async fn s28_an_address_or_a_number_makes_nobody_somebody_else() {
    let (sim, server) = start("").await;
    let (first, second) = (Person::new(&sim, &server), Person::new(&sim, &server));
    let contact =
        json!({ "email": "boss@example.com", "mobile": "13800000000", "orgEmail": "boss@example.com" });
    let facts = |id: &str| {
        let mut facts = contact.clone();
        facts["openid"] = json!(format!("o-{id}"));
        facts["unionid"] = json!(format!("u-{id}"));
        facts
    };
    let directory = |id: &str| json!({ "contact_type": 0, "userid": id, "email": "boss@example.com", "mobile": "13800000000" });
    let one = login_as(&sim, &first, facts("1"), directory("id-1")).await;
    let two = login_as(&sim, &second, facts("2"), directory("id-2")).await;
    assert_ne!(
        (&one["openId"], &one["unionId"], &one["userId"]),
        (&two["openId"], &two["unionId"], &two["userId"])
    );
    assert!(!one.to_string().contains("example.com") && !one.to_string().contains("138"), "{one}");
    second.send(second.request(Method::DELETE, "/api/session?everywhere=1")).await;
    assert_eq!(first.session().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn s29_a_userid_that_is_given_again_is_a_new_person() {
    let (sim, server) = start("").await;
    let (left, came) = (Person::new(&sim, &server), Person::new(&sim, &server));
    let facts = |id: &str| json!({ "openid": format!("o-{id}"), "unionid": format!("u-{id}") });
    let directory = json!({ "contact_type": 0, "userid": "zhangsan" });
    let old = login_as(&sim, &left, facts("old"), directory.clone()).await;
    let new = login_as(&sim, &came, facts("new"), directory).await;
    assert_eq!(old["userId"], new["userId"]);
    let subject = async |person: &Person<'_>| {
        let answer = json_of(person.request(Method::POST, "/api/token").send().await.unwrap()).await;
        let claims = answer["token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let claims =
            base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, claims).unwrap();
        serde_json::from_slice::<Value>(&claims).unwrap()["sub"].clone()
    };
    assert_ne!(subject(&left).await, subject(&came).await, "the subject is not the userid");
    // And what one of them ends stays the other's.
    came.send(came.request(Method::DELETE, "/api/session?everywhere=1")).await;
    assert_eq!(left.session().await.status(), StatusCode::OK);
}

/// What every route that looks at a session says to `cookie`.
async fn decisions(server: &Server, cookie: &str) -> Vec<Option<u16>> {
    let mut statuses = Vec::new();
    for line in ["GET /api/session", "GET /auth", "GET /auth?mode=redirect", "POST /api/token"] {
        let headers: [(&str, &[u8]); 2] = [("Cookie", cookie.as_bytes()), ("Origin", server.url.as_bytes())];
        statuses.push(exchange(&server.url, &request(line, &headers, Some(b""))).await.status);
    }
    statuses
}

#[tokio::test]
async fn s32_an_application_that_is_gone_opens_nothing() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    let cookie = person.cookie_header().unwrap();
    assert_eq!(decisions(&server, &cookie).await, [Some(200); 4]);
    let file = server.config_file();
    let config = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, config.replace("agent_id = \"123456\"", "agent_id = \"654321\"")).unwrap();
    server.kill_and_start_again().await;
    assert_eq!(
        decisions(&server, &cookie).await,
        [Some(401); 4],
        "the cookie is genuine, the application is not there"
    );
    std::fs::write(&file, config).unwrap();
    server.kill_and_start_again().await;
    assert_eq!(decisions(&server, &cookie).await, [Some(200); 4], "and it was no accident");
}

#[tokio::test]
async fn s33_a_session_that_ended_has_ended_everywhere() {
    let (sim, server) = start("").await;
    for everywhere in ["", "?everywhere=1"] {
        let person = Person::new(&sim, &server);
        assert!(person.login().await.status().is_success());
        let cookie = person.cookie_header().unwrap();
        assert_eq!(decisions(&server, &cookie).await, [Some(200); 4]);
        let ended =
            person.request(Method::DELETE, &format!("/api/session{everywhere}")).send().await.unwrap();
        assert_eq!(ended.status(), StatusCode::NO_CONTENT);
        assert_eq!(decisions(&server, &cookie).await, [Some(401); 4]);
    }
    // One that expired, too. The server's own clock decides, so it is asked until it says so.
    let server = Server::start(&sim, |config| {
        config.insert_str(config.find("[[apps]]").unwrap(), "[session]\nttl = \"1s\"\n");
    })
    .await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    let cookie = person.cookie_header().unwrap();
    until("the session's end", async || {
        let session = sim.http.get(format!("{}/api/session", server.url)).header("cookie", &cookie);
        session.send().await.unwrap().status() != 200
    })
    .await;
    assert_eq!(decisions(&server, &cookie).await, [Some(401); 4]);
}
