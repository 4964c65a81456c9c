//! What WeCom refuses, and what people meet then: always the page, never a loop.

use super::*;

/// The address of the simulator's hints.
const OUR_ADDRESS: &str = "203.0.113.7";

/// One login where `endpoint` answers so, as often as it is asked.
async fn with_fault(sim: &Sim, server: &Server, endpoint: &str, fault: Value) -> (Option<String>, End) {
    sim.clear_faults().await;
    sim.clear_journal().await;
    let mut fault = fault;
    fault["endpoint"] = json!(endpoint);
    if fault["times"].is_null() {
        fault["times"] = json!(1000);
    }
    sim.fault(fault).await;
    let visitor = Visitor::new(sim, server, "member");
    let end = visitor.open(&format!("{}&next=/api/session", visitor.menu())).await;
    let error = error_in(&end.at);
    assert_eq!(visitor.who().await.is_none(), error.is_some(), "{:?}", end.way);
    assert_eq!(end.status, StatusCode::OK, "{:?}", end.way);
    if error.is_some() {
        assert!(end.at.starts_with(&visitor.menu()), "{}", end.at);
        assert_eq!(
            parameter(&end.at, "next"),
            Some(miandeng_shared::encode_next("/api/session")),
            "{}",
            end.at
        );
    }
    let shown = format!("{:?} {}", end.way, end.text);
    assert!(!shown.contains(OUR_ADDRESS) && !shown.contains("hint: ["), "{shown}");
    (error, end)
}

fn errcode(code: i64) -> Value {
    json!({ "errcode": code })
}

/// How often the way leads to the link.
fn links(end: &End) -> usize {
    end.way.iter().filter(|at| at.contains("/connect/oauth2/")).count()
}

#[tokio::test]
async fn a_refused_code_restarts_the_login_once() {
    let (sim, server) = start("").await;
    for code in [40029, 40078, 40163, 42003, 42022] {
        let once = json!({ "errcode": code, "times": 1 });
        let (error, end) = with_fault(&sim, &server, CODE, once).await;
        assert_eq!((error, links(&end), count(&sim, CODE).await), (None, 2, 2), "{code}: {:?}", end.way);
        let (error, end) = with_fault(&sim, &server, CODE, errcode(code)).await;
        assert_eq!(error.as_deref(), Some("code_rejected"), "{code}");
        assert_eq!((links(&end), count(&sim, CODE).await), (2, 2), "{code}: {:?}", end.way);
    }
}

#[tokio::test]
async fn a_code_that_expired_on_the_way_is_replaced() {
    let (sim, server) = start("").await;
    for expired in [40029, 42003] {
        sim.wecom(json!({ "expiredCode": expired })).await;
        let visitor = Visitor::new(&sim, &server, "member");
        let callback = visitor.callback_of(&format!("{}&next=/api/session", visitor.menu())).await;
        sim.post("/_sim/clock", json!({ "advanceSeconds": 301 })).await;
        let end = visitor.open(&callback).await;
        assert_eq!(end.at, format!("{}/api/session", server.url), "{:?}", end.way);
        assert_eq!(links(&end), 1);
    }
}

#[tokio::test]
async fn a_person_who_declines_is_told_so() {
    let (sim, server) = start("web_login = true").await;
    sim.wecom(json!({ "decline": true })).await;
    let visitor = Visitor::new(&sim, &server, "member");
    let end = visitor.open(&visitor.menu()).await;
    assert_eq!((error_in(&end.at).as_deref(), links(&end)), (Some("cancelled"), 1), "{:?}", end.way);
    assert!(sim.wecom_counts().await.is_empty());
    // They may change their mind.
    sim.wecom(json!({ "decline": false })).await;
    visitor.open(&visitor.start("")).await;
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    // With a session, the way back from a second attempt leads on.
    sim.wecom(json!({ "decline": true })).await;
    let end = visitor.open(&visitor.start("&next=/api/session")).await;
    assert_eq!(end.at, format!("{}/api/session", server.url), "{:?}", end.way);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_unnoticed() {
    for code in [40001, 40014, 42001] {
        for (endpoint, extra) in [(CODE, ""), (RANGE, "visible_only = true")] {
            let (sim, server) = start(extra).await;
            let once = json!({ "errcode": code, "times": 1 });
            let (error, end) = with_fault(&sim, &server, endpoint, once).await;
            assert_eq!((error, links(&end)), (None, 1), "{code} {endpoint}: {:?}", end.way);
            assert_eq!((count(&sim, TOKEN).await, count(&sim, endpoint).await), (2, 2), "{code} {endpoint}");
            let (error, end) = with_fault(&sim, &server, endpoint, errcode(code)).await;
            assert_eq!(error.as_deref(), Some("app_misconfigured"), "{code} {endpoint}");
            assert_eq!((links(&end), count(&sim, endpoint).await), (1, 2), "{code} {endpoint}");
            assert!(count(&sim, TOKEN).await <= 2, "{code} {endpoint}");
        }
    }
}

/// Each refusal counts towards the ban, whatever it says.
#[tokio::test]
async fn no_refusal_of_a_token_is_asked_for_again_for_every_visitor() {
    for code in [41002, 41004, 41008, 50002, 60021] {
        let (sim, server) = start("").await;
        sim.fault(json!({ "endpoint": TOKEN, "errcode": code })).await;
        for _ in 0..5 {
            let visitor = Visitor::new(&sim, &server, "member");
            assert!(error_in(&visitor.open(&visitor.menu()).await.at).is_some(), "{code}");
        }
        assert_eq!(count(&sim, TOKEN).await, 1, "{code}");
    }
}

/// 2,000 refused fetches an hour ban the address for an hour.
#[tokio::test]
async fn a_wrong_secret_is_not_tried_for_every_visitor() {
    for wrong in [json!({ "secret": "another" }), json!({ "stopped": true })] {
        let (sim, server) = start("").await;
        sim.wecom_app(AGENT, wrong.clone()).await;
        for _ in 0..6 {
            let visitor = Visitor::new(&sim, &server, "member");
            let end = visitor.open(&visitor.menu()).await;
            assert_eq!(error_in(&end.at).as_deref(), Some("app_misconfigured"), "{:?}", end.way);
            assert_eq!(links(&end), 1, "{:?}", end.way);
        }
        assert_eq!(count(&sim, CODE).await, 0, "{wrong}");
        assert_eq!(count(&sim, TOKEN).await, 1, "{wrong}: asked again before a minute is over");
        // The other application is not concerned.
        let visitor = Visitor::new(&sim, &server, "member");
        let end = visitor.open(&visitor.menu_of(OTHER_AGENT)).await;
        assert_eq!(error_in(&end.at), None, "{wrong}: {:?}", end.way);
        let ready: Value =
            reqwest::get(format!("{}/readyz", server.ops_url)).await.unwrap().json().await.unwrap();
        assert_eq!(ready["status"], "degraded", "{ready}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_named_in_the_log_only() {
    for gettoken_checks in [false, true] {
        let (sim, server) = start("").await;
        sim.wecom(json!({ "ipTrusted": false, "gettokenChecksIp": gettoken_checks })).await;
        let visitor = Visitor::new(&sim, &server, "member");
        let end = visitor.open(&visitor.menu()).await;
        assert_eq!(error_in(&end.at).as_deref(), Some("app_misconfigured"), "{:?}", end.way);
        let shown = format!("{:?} {}", end.way, end.text);
        assert!(!shown.contains(OUR_ADDRESS) && !shown.contains("60020"), "{shown}");
        let log = server.log_with(OUR_ADDRESS, 1).await;
        assert!(log.lines().any(|line| line.contains("60020") && line.contains(OUR_ADDRESS)), "{log}");
        assert_eq!(count(&sim, CODE).await, u64::from(!gettoken_checks));
    }
}

#[tokio::test]
async fn a_ban_stops_every_call_to_wecom() {
    let (sim, server) = start("").await;
    let (error, _) = with_fault(&sim, &server, TOKEN, errcode(45009)).await;
    assert_eq!(error.as_deref(), Some("platform_banned"));
    sim.clear_faults().await;
    for agent in [AGENT, OTHER_AGENT] {
        let visitor = Visitor::new(&sim, &server, "member");
        let end = visitor.open(&visitor.menu_of(agent)).await;
        assert_eq!(
            (error_in(&end.at).as_deref(), links(&end)),
            (Some("platform_banned"), 1),
            "{:?}",
            end.way
        );
    }
    assert_eq!(sim.wecom_counts().await, BTreeMap::from([(TOKEN.to_owned(), 1)]));
    // DingTalk is another platform.
    let person = crate::support::Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_simulators_own_ban_is_not_reached_by_a_wrong_secret() {
    let (sim, server) = start("").await;
    sim.wecom(json!({ "failedFetchesBeforeBan": 3 })).await;
    sim.wecom_app(AGENT, json!({ "secret": "another" })).await;
    for _ in 0..8 {
        let visitor = Visitor::new(&sim, &server, "member");
        let end = visitor.open(&visitor.menu()).await;
        assert_eq!(error_in(&end.at).as_deref(), Some("app_misconfigured"), "{:?}", end.way);
    }
}

/// What heals by itself is asked again; a call that spends a code is not, but the login begins anew, once, with another.
#[tokio::test]
async fn a_fault_that_heals_is_not_seen() {
    let reply = |status: u16, kind: &str, body: &str| json!({ "reply": { "status": status, "contentType": kind, "body": body } });
    for (fault, error) in [
        (errcode(-1), "platform_busy"),
        (errcode(45033), "platform_throttled"),
        (reply(200, "text/html", "<html>系统繁忙</html>"), "platform_bad_answer"),
        (reply(502, "text/html", "<html>Bad Gateway</html>"), "platform_bad_answer"),
        (reply(429, "text/html", "<html>"), "platform_throttled"),
        (reply(404, "text/plain", ""), "platform_bad_answer"),
        (reply(200, "application/json", "{}"), "platform_bad_answer"),
        (json!({ "drop": true }), "platform_unreachable"),
        (json!({ "drop": true, "after": true }), "platform_unreachable"),
        (json!({ "delayMs": 10_000 }), "platform_timeout"),
    ] {
        let sim = Sim::start(1).await;
        let server = server_for(&sim, "visible_only = true", &fault).await;
        let mut once = fault.clone();
        once["times"] = json!(1);
        for endpoint in [TOKEN, RANGE] {
            let (met, end) = with_fault(&sim, &server, endpoint, once.clone()).await;
            assert_eq!((met, count(&sim, endpoint).await), (None, 2), "{once} {endpoint}: {:?}", end.way);
            assert_eq!(links(&end), 1, "{once} {endpoint}: {:?}", end.way);
        }
        let (met, end) = with_fault(&sim, &server, CODE, once.clone()).await;
        assert_eq!((met, links(&end)), (None, 2), "{once}: {:?}", end.way);
        assert_eq!((count(&sim, CODE).await, count(&sim, RANGE).await), (2, 1), "{once}");
        let codes: Vec<_> = end.way.iter().filter_map(|at| parameter(at, "code")).collect();
        assert!(matches!(&codes[..], [one, other] if one != other), "each code is sent once: {:?}", end.way);
        // One that stays ends on the page.
        let (met, end) = with_fault(&sim, &server, CODE, fault).await;
        assert_eq!((met.as_deref(), links(&end)), (Some(error), 2), "{once}: {:?}", end.way);
        assert_eq!((count(&sim, CODE).await, count(&sim, RANGE).await), (2, 0), "{once}");
    }
}

/// A pause that is named is kept where it is short, and told where it is not.
#[tokio::test]
async fn only_a_short_pause_is_waited_for_before_a_login_begins_anew() {
    let (sim, server) = start("").await;
    let named = |status: u16, seconds: u64, body: Value| json!({ "times": 1, "reply": { "status": status, "headers": { "retry-after": seconds.to_string() }, "body": body } });
    for (fault, error, least) in [
        (named(200, 1, json!({ "errcode": -1 })), None, 1),
        (named(429, 2, json!("<html>")), None, 2),
        (named(503, 2, json!("")), None, 2),
        (named(200, 3, json!({ "errcode": -1 })), Some("platform_busy"), 0),
        (named(429, 60, json!("<html>")), Some("platform_throttled"), 0),
        (named(503, 120, json!({ "errcode": 999_999 })), Some("platform_busy"), 0),
    ] {
        let started = std::time::Instant::now();
        let (met, end) = with_fault(&sim, &server, CODE, fault.clone()).await;
        assert_eq!((met.as_deref(), links(&end)), (error, 1 + usize::from(error.is_none())), "{fault}");
        assert!(started.elapsed().as_secs() >= least, "{fault}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_limit_of_calls_is_told_and_not_pushed() {
    let (sim, server) = start("").await;
    let (error, end) = with_fault(&sim, &server, CODE, errcode(45009)).await;
    assert_eq!((error.as_deref(), links(&end)), (Some("platform_throttled"), 1));
    assert_eq!(count(&sim, CODE).await, 1);
    // Not a ban: the next is asked for.
    sim.clear_faults().await;
    let visitor = Visitor::new(&sim, &server, "member");
    assert_eq!(error_in(&visitor.open(&visitor.menu()).await.at), None);
}

/// A failure that comes before the code is sent, or with the answer, may come again at each try, and each begins anew once.
#[tokio::test]
async fn trying_again_from_the_page_is_a_login_of_its_own() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    sim.fault(json!({ "endpoint": CODE, "errcode": -1, "times": 4 })).await;
    for _ in 0..2 {
        let end = visitor.open(&visitor.start("&next=/api/session")).await;
        assert_eq!((error_in(&end.at).as_deref(), links(&end)), (Some("platform_busy"), 2), "{:?}", end.way);
    }
    let end = visitor.open(&visitor.start("&next=/api/session")).await;
    assert_eq!(end.at, format!("{}/api/session", server.url));
}

#[tokio::test]
async fn our_own_bound_on_calls_is_told() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        beside(config, &sim, "");
        config.push_str("max_calls_per_minute = 1\n");
    })
    .await;
    trust(&sim, &server.url).await;
    let visitor = Visitor::new(&sim, &server, "member");
    let end = visitor.open(&visitor.menu()).await;
    assert_eq!((error_in(&end.at).as_deref(), links(&end)), (Some("call_budget"), 1), "{:?}", end.way);
    assert_eq!(sim.wecom_counts().await, BTreeMap::from([(TOKEN.to_owned(), 1)]));
}
