//! Pushes: those that come again or late, and those that are not DingTalk's.

use super::*;

#[tokio::test]
async fn the_same_event_sealed_anew_costs_nothing() {
    let sim = Sim::start(1).await;
    let _server = authorised(&sim, "memory:").await;
    let pushed =
        push(&sim, "event", json!({ "event": { "EventType": "suite_relieve", "AuthCorpId": "dingother" } }))
            .await;
    assert_eq!(pushed["answer"]["text"], "success");
    sim.clear_journal().await;
    let event = push(&sim, "authorise", json!({ "corpId": "dingcust1" })).await["event"].clone();
    let exchanged = sim.counts().await["/service/get_permanent_code"];
    for _ in 0..2 {
        push(&sim, "event", json!({ "event": event })).await;
    }
    assert_eq!(
        sim.counts().await["/service/get_permanent_code"],
        exchanged,
        "a spent code is not sent again"
    );
    push(&sim, "event", json!({ "event": { "EventType": "no_such_event", "X": 1 } })).await;
    let stranger = json!({ "event": { "EventType": "change_auth", "AuthCorpId": "dingnobody" } });
    sim.clear_journal().await;
    push(&sim, "event", stranger).await;
    assert_eq!(sim.total().await, 0, "no push makes us ask about a corporation that is not ours");
}

/// What a stranger posts.
async fn knock(
    sim: &Sim,
    server: &Server,
    path: &str,
    query: &[(&str, &str)],
    body: String,
) -> (StatusCode, String) {
    // A server that does not read a body to its end cannot keep the connection.
    let request =
        sim.http.post(format!("{}{path}", server.url)).query(query).body(body).header("connection", "close");
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn whatever_is_wrong_with_a_push_is_answered_alike() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    const PATH: &str = "/dingtalk/suites/main/callback";
    // What DingTalk would send, sealed and not sent.
    let sealed = async |more: Value| {
        let mut body =
            json!({ "event": { "EventType": "suite_ticket", "SuiteTicket": "t1" }, "send": false });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sim.post("/_sim/suites/suite1/event", body).await["sent"].clone()
    };
    let post = async |sent: &Value, path: &str| {
        let part = |name: &str| sent[name].as_str().unwrap();
        let query =
            [("signature", part("signature")), ("timestamp", part("timestamp")), ("nonce", part("nonce"))];
        knock(&sim, &server, path, &query, json!({ "encrypt": part("encrypt") }).to_string()).await
    };
    // With a letter in its signature, so that its upper case is another text.
    let mut good = sealed(json!({})).await;
    while good["signature"].as_str().unwrap().bytes().all(|b| b.is_ascii_digit()) {
        good = sealed(json!({})).await;
    }
    let with = |name: &str, value: &str| {
        let mut changed = good.clone();
        changed[name] = json!(value);
        changed
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let wrong = post(&with("signature", "0000000000000000000000000000000000000000"), PATH).await;
    assert_eq!(wrong.0, StatusCode::BAD_REQUEST, "{}", wrong.1);
    let encrypt = good["encrypt"].as_str().unwrap();
    let tampered = format!("{}{}", if encrypt.starts_with('A') { "B" } else { "A" }, &encrypt[1..]);
    let stale = (now - 20 * 60 * 1000).to_string();
    let early = (now + 20 * 60 * 1000).to_string();
    for (what, sent) in [
        ("upper case", with("signature", &good["signature"].as_str().unwrap().to_uppercase())),
        ("no signature", with("signature", "")),
        ("tampered bytes", with("encrypt", &tampered)),
        ("other timestamp", with("timestamp", &(now - 1000).to_string())),
        ("stale", sealed(json!({ "timestamp": stale })).await),
        ("from the future", sealed(json!({ "timestamp": early })).await),
        ("no time at all", sealed(json!({ "timestamp": "soon" })).await),
        ("another receiver", sealed(json!({ "receiver": "suitekey2" })).await),
        ("no receiver", sealed(json!({ "receiver": "" })).await),
        ("a test key for what is no check", {
            sealed(json!({ "receiver": "suite4xxxxxxxxxxxxxxx", "event": {
                "EventType": "suite_ticket", "SuiteTicket": "t", "TestSuiteKey": "suite4xxxxxxxxxxxxxxx" } }))
            .await
        }),
        ("without content", sealed(json!({ "event": { "EventType": "suite_ticket" } })).await),
        ("another suite's", {
            let body = json!({ "event": { "EventType": "suite_ticket", "SuiteTicket": "t" }, "send": false });
            sim.post("/_sim/suites/suite2/event", body).await["sent"].clone()
        }),
    ] {
        assert_eq!(post(&sent, PATH).await, wrong, "{what}");
    }
    assert_eq!(post(&good, "/dingtalk/suites/nobody/callback").await, wrong, "no such suite");
    let query = [("signature", "x"), ("timestamp", "1"), ("nonce", "n")];
    for (what, body) in [
        ("no JSON", "encrypt".to_owned()),
        ("no object", "[]".to_owned()),
        ("no text", json!({ "encrypt": 7 }).to_string()),
        ("nothing", String::new()),
        ("huge", json!({ "encrypt": "A".repeat(1_100_000) }).to_string()),
    ] {
        assert_eq!(knock(&sim, &server, PATH, &query, body).await, wrong, "{what}");
    }
    let twice = [("signature", "x"), ("signature", "y"), ("timestamp", "1"), ("nonce", "n")];
    assert_eq!(knock(&sim, &server, PATH, &twice, "{}".into()).await, wrong, "twice");
    assert_eq!(knock(&sim, &server, PATH, &[], "{}".into()).await, wrong, "no query");
    assert_eq!(post(&good, PATH).await.0, StatusCode::OK, "and the good one is still good");
    // Each cause once a minute.
    for (suite, reason) in [
        ("main", "signature"),
        ("main", "query"),
        ("main", "no envelope"),
        ("main", "too large or broken off"),
        ("", "no suite of that name"),
    ] {
        let line = format!("audit: refused what=\"push\" suite={suite:?} reason={reason:?} from=127.0.0.1");
        assert_eq!(server.log_with(&line, 1).await.matches(&line).count(), 1, "{line}");
    }
    assert!(!server.log().contains("panic"), "{}", server.log());
}

/// The page of the callback names the signature in either way, and WeCom's callbacks have the second.
#[tokio::test]
async fn k02_the_signature_of_a_push_is_read_under_either_name() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    for (names, wrong, status) in [
        (&["signature"][..], "", StatusCode::OK),
        (&["msg_signature"], "", StatusCode::OK),
        (&["MSG_Signature"], "", StatusCode::OK),
        (&["signature", "msg_signature"], "", StatusCode::OK),
        (&[], "", StatusCode::BAD_REQUEST),
        (&["signature"], "msg_signature", StatusCode::BAD_REQUEST),
        (&["msg_signature"], "signature", StatusCode::BAD_REQUEST),
        (&["msg_signature", "msg_signature"], "", StatusCode::BAD_REQUEST),
        (&[], "msg_signature", StatusCode::BAD_REQUEST),
    ] {
        let event = json!({ "event": { "EventType": "suite_ticket", "SuiteTicket": "t1" }, "send": false });
        let sent = sim.post("/_sim/suites/suite1/event", event).await["sent"].clone();
        let part = |name: &str| sent[name].as_str().unwrap();
        let mut query = vec![("timestamp", part("timestamp")), ("nonce", part("nonce"))];
        query.extend(names.iter().map(|name| (*name, part("signature"))));
        if !wrong.is_empty() {
            query.push((wrong, "0000000000000000000000000000000000000000"));
        }
        let body = json!({ "encrypt": part("encrypt") }).to_string();
        let answer = knock(&sim, &server, "/dingtalk/suites/main/callback", &query, body).await;
        assert_eq!(answer.0, status, "{names:?} {wrong}: {}", answer.1);
    }
}

#[tokio::test]
async fn the_callback_lives_under_the_base_path() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        without_apps(config);
        *config = config.replacen("[dingtalk]", "base_path = \"/_miandeng\"\n\n[dingtalk]", 1);
    })
    .await;
    let callback = format!("{}/_miandeng/dingtalk/suites/main/callback", server.url);
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": callback })).await;
    push(&sim, "check", json!({})).await;
    let get = sim.http.get(&callback).send().await.unwrap();
    assert_eq!(error_of(get).await, (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn a_ticket_is_never_replaced_by_an_older_one() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    let old = push(&sim, "ticket", json!({})).await["event"].clone();
    push(&sim, "ticket", json!({})).await;
    // The old event arrives once more, sealed anew: it is answered, and the newer ticket stays.
    push(&sim, "event", json!({ "event": old })).await;
    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_end_that_is_played_back_undoes_nothing() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    push(&sim, "relieve", json!({ "corpId": CORP })).await;
    push(&sim, "authorise", json!({ "corpId": CORP })).await;
    let follower = person(&sim, &server, WINDOW);
    assert_eq!(follower.login().await.status(), StatusCode::OK);
    push(&sim, "repeat", json!({ "event": "suite_relieve" })).await;
    assert_eq!(follower.session().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_end_that_comes_late_undoes_nothing() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let late =
        json!({ "EventType": "suite_relieve", "AuthCorpId": CORP, "TimeStamp": (now - 120_000).to_string() });
    push(&sim, "event", json!({ "event": late })).await;
    assert_eq!(person(&sim, &server, WINDOW).login().await.status(), StatusCode::OK);
}
