//! What ends a person's sessions: they leave, or the application is taken away, by pushes and without.

use super::*;

#[tokio::test]
async fn k02_a_person_who_leaves_the_directory_is_logged_out() {
    let sim = Sim::start(1).await;
    let server = start(&sim, "memory:").await;
    sync(&sim, json!([{ "what": "ticket" }])).await;
    sync(&sim, about("auth")).await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    let leave = |data: Value, item: Value, seq: u64| {
        json!({ "priority": "medium", "items": [
            { "what": "user_leave", "corpId": CORP, "seq": seq, "data": data, "item": item },
        ] })
    };
    let leave = async |data, item, seq| {
        let verdict = sim.post("/_sim/suites/suite1/sync", leave(data, item, seq)).await;
        assert_eq!(verdict["ok"], true, "{verdict}");
    };
    // The id is the item's, or in the data, in several spellings, or that of the person across applications.
    for (seq, data, item) in [
        (10, json!({}), json!({})),
        (20, json!({ "userId": "userid-employee-dingcust1" }), json!({ "biz_id": "1663-35567" })),
        (30, json!({ "userid": "userid-employee-dingcust1" }), json!({ "biz_id": null })),
        (40, json!({ "unionid": "unionid-employee-dingcust1", "userId": "someone-else" }), json!({})),
        (50, json!({ "userIds": ["someone", "userid-employee-dingcust1"] }), json!({ "biz_id": "7001" })),
        (60, json!({ "userIdList": "[\"userid-employee-dingcust1\"]" }), json!({ "biz_id": "7001" })),
        (
            70,
            json!({ "unionEmpExt": { "corpId": CORP, "staffId": "userid-employee-dingcust1" } }),
            json!({ "biz_id": "7001" }),
        ),
        (80, json!({ "syncAction": "User_Leave_Org" }), json!({ "biz_type": 13.0 })),
    ] {
        log_in(&sim, &employee).await;
        log_in(&sim, &follower).await;
        leave(data.clone(), item.clone(), seq).await;
        assert!(!is_in(&employee).await && !is_in(&follower).await, "{data} {item}");
        log_in(&sim, &employee).await;
        leave(data.clone(), item, seq).await;
        assert!(is_in(&employee).await, "the same number again: {data}");
    }
    leave(json!({ "userId": "userid-partner-dingcust1" }), json!({}), 90).await;
    let elsewhere = json!({ "corpId": "dingother", "staffId": "userid-employee-dingcust1" });
    leave(json!({ "unionid": "someone", "unionEmpExt": elsewhere }), json!({}), 100).await;
    sync(&sim, about("user_modify")).await;
    assert!(is_in(&employee).await, "another person");
    let held = json_of(sim.http.get(format!("{}/_sim/suites/suite1", sim.url)).send().await.unwrap()).await;
    let (suite, customer) = (&held, &held["customers"][0]);
    for secret in [&suite["suiteTicket"], &customer["permanentCode"], &customer["chPermanentCode"]] {
        assert!(!server.log().contains(secret.as_str().unwrap()), "{secret} is in the log");
    }
}

/// A penetration test's finding 8, by the classic events and by pushes.
#[tokio::test]
async fn p08_an_application_that_is_taken_away_ends_its_sessions() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    log_in(&sim, &employee).await;
    log_in(&sim, &follower).await;
    for (gone, stays, left) in [
        (&follower, &employee, json!({ "corpId": CORP, "window": false, "microApp": true })),
        (&employee, &follower, json!({ "corpId": CORP, "window": true, "microApp": false })),
    ] {
        log_in(&sim, gone).await;
        push(&sim, "change_auth", left).await;
        assert!(!is_in(gone).await && is_in(stays).await, "{}", gone.agent);
        let token = gone.send(gone.request(Method::POST, "/api/token")).await;
        assert_eq!(token.status(), StatusCode::UNAUTHORIZED);
        push(&sim, "change_auth", json!({ "corpId": CORP, "window": true, "microApp": true })).await;
        assert!(!is_in(gone).await, "for good");
        log_in(&sim, gone).await;
    }
}

/// Nor does it take a push: what a visitor's question brings to light counts as well.
#[tokio::test]
async fn p08_an_application_that_is_found_to_be_gone_ends_its_sessions() {
    let sim = Sim::start(1).await;
    let server = authorised(&sim, "memory:").await;
    let (employee, follower) = (person(&sim, &server, MICRO_APP), person(&sim, &server, WINDOW));
    log_in(&sim, &employee).await;
    log_in(&sim, &follower).await;
    sim.put("/_sim/suites/suite1", json!({ "callbackUrl": null })).await;
    sim.post("/_sim/suites/suite1/change_auth", json!({ "corpId": CORP, "window": false, "microApp": true }))
        .await;
    assert!(is_in(&follower).await, "nothing has been heard");
    assert_unknown(&person(&sim, &server, "77")).await;
    assert!(!is_in(&follower).await && is_in(&employee).await);
}

#[tokio::test]
async fn p08_an_application_that_leaves_the_configuration_opens_nothing() {
    let sim = Sim::start(2).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    assert!(is_in(&person).await);
    server.kill();
    let config = std::fs::read_to_string(server.config_file()).unwrap();
    std::fs::write(server.config_file(), config.replace("dingcorp1", "dingcorp2")).unwrap();
    server.start_again().await;
    assert!(!is_in(&person).await);
    let token = person.send(person.request(Method::POST, "/api/token")).await;
    assert_eq!(token.status(), StatusCode::UNAUTHORIZED);
}
