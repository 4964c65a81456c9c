//! What browsers do twice.

use super::*;
use crate::support::Redis;
use std::time::Duration;

#[tokio::test]
async fn two_tabs_log_in_beside_each_other() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let one = visitor.callback_of(&format!("{}&next=/one", visitor.menu())).await;
    let two = visitor.callback_of(&format!("{}&next=/two", visitor.menu())).await;
    let other = visitor.callback_of(&format!("{}&next=/other", visitor.menu_of(OTHER_AGENT))).await;
    for (callback, at) in [(&two, "/two#"), (&other, "/other#"), (&one, "/one#")] {
        assert_eq!(visitor.redirected(callback).await, format!("{}{at}", server.url));
    }
    for agent in [AGENT, OTHER_AGENT] {
        let auth = format!("{}/auth?corpid={CORP}&agentid={agent}", visitor.url);
        assert_eq!(
            visitor.request(Method::GET, &auth).send().await.unwrap().status(),
            StatusCode::OK,
            "{agent}"
        );
    }
    assert_eq!(count(&sim, CODE).await, 3);
}

#[tokio::test]
async fn back_and_reload_lead_on_and_redeem_nothing() {
    let (sim, server) = start("home = \"/home\"").await;
    for (more, at) in [("&next=/orders?a=1%23x", "/orders?a=1#x"), ("", "/home#")] {
        let visitor = Visitor::new(&sim, &server, "member");
        let callback = visitor.callback_of(&format!("{}{more}", visitor.menu())).await;
        let before = count(&sim, CODE).await;
        for _ in 0..3 {
            assert_eq!(visitor.redirected(&callback).await, format!("{}{at}", server.url));
        }
        assert_eq!(count(&sim, CODE).await, before + 1);
        // Without the session, which ended, a login begins anew and leads to the same place.
        let end = visitor.request(Method::DELETE, &format!("{}/api/session", visitor.url));
        let end = end.header("origin", &visitor.url).send().await.unwrap();
        visitor.keep(&end);
        assert_eq!(end.status(), StatusCode::NO_CONTENT);
        let again = visitor.open(&callback).await;
        assert_eq!(again.at, format!("{}{}", server.url, at.trim_end_matches('#')), "{:?}", again.way);
        assert_eq!(count(&sim, CODE).await, before + 2, "the first code is not looked at again");
    }
}

/// The phone was handed on: who begins a login anew is who is logged in afterwards, and where it fails the first one stays.
#[tokio::test]
async fn a_second_login_replaces_the_first() {
    let (sim, server) = start("").await;
    let mut visitor = Visitor::new(&sim, &server, "member");
    visitor.open(&visitor.menu()).await;
    for (person, who) in [("hidden", "LiSi@hr-1"), ("customer", "LiSi@hr-1"), ("member", "zhangsan")] {
        visitor.person = person;
        visitor.open(&visitor.start("")).await;
        assert_eq!(visitor.who().await.as_deref(), Some(who), "{person}");
        assert_eq!(visitor.cookie_names(SESSION).len(), 1);
    }
}

/// Sends a callback so many times at once: every answer leads on, there is one redemption, and all sessions are one.
async fn all_at_once(times: usize) {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let callback = visitor.callback_of(&format!("{}&next=/orders", visitor.menu())).await;
    sim.fault(json!({ "endpoint": CODE, "delayMs": 300 })).await;
    let answers = visitor.several(&callback, times).await;
    assert_eq!(count(&sim, CODE).await, 1);
    let phones: Vec<_> = answers
        .iter()
        .map(|answer| {
            assert_eq!(joined(&callback, answer), format!("{}/orders#", server.url));
            let phone = Visitor::new(&sim, &server, "member");
            phone.keep(answer);
            phone
        })
        .collect();
    for phone in &phones {
        assert_eq!(phone.who().await.as_deref(), Some("zhangsan"));
    }
    let end = phones[0].request(Method::DELETE, &format!("{}/api/session", server.url));
    assert_eq!(end.header("origin", &server.url).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    for phone in &phones {
        assert_eq!(phone.who().await, None, "the session is one");
    }
    let log = server.log_with("login", 1).await;
    assert!(!log.contains("code_used"), "{log}");
}

#[tokio::test]
async fn the_callback_twice_at_once_is_one_login() {
    all_at_once(2).await;
}

#[tokio::test]
async fn the_callback_many_times_at_once_is_one_login() {
    all_at_once(20).await;
}

/// The second request comes when the first is answered, and still has the cookies of before.
#[tokio::test]
async fn the_callback_a_moment_later_is_the_same_login() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "customer");
    sim.wecom(json!({ "usedCode": 42022 })).await;
    let callback = visitor.callback_of(&visitor.menu()).await;
    for _ in 0..2 {
        for answer in visitor.several(&callback, 2).await {
            assert_eq!(error_in(&joined(&callback, &answer)).as_deref(), Some("not_permitted"));
        }
    }
    assert_eq!(count(&sim, CODE).await, 1, "a failure is told twice, and met once");
    let visitor = Visitor::new(&sim, &server, "member");
    let callback = visitor.callback_of(&visitor.menu()).await;
    for _ in 0..2 {
        for answer in visitor.several(&callback, 2).await {
            assert_eq!(error_in(&joined(&callback, &answer)), None);
        }
    }
    assert_eq!(count(&sim, CODE).await, 2);
}

#[tokio::test]
async fn a_login_goes_on_where_its_caller_leaves() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let callback = visitor.callback_of(&format!("{}&next=/orders", visitor.menu())).await;
    sim.fault(json!({ "endpoint": CODE, "delayMs": 800 })).await;
    let left = visitor.request(Method::GET, &callback).timeout(Duration::from_millis(300)).send().await;
    assert!(left.is_err_and(|e| e.is_timeout()));
    assert_eq!(visitor.redirected(&callback).await, format!("{}/orders#", server.url));
    assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
    assert_eq!(count(&sim, CODE).await, 1);
}

const KEY: &str = "[session]\nkey = \"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n\n[store]";

/// Two replicas with one name, which is that of the first.
async fn replicas(sim: &Sim, redis: &Redis) -> [Server; 2] {
    let shared = |config: &mut String, sim: &Sim| {
        *config = config.replace("[store]", KEY).replace("memory:", &redis.url());
        beside(config, sim, "");
    };
    let one = Server::start(sim, |config| shared(config, sim)).await;
    let two = Server::start(sim, |config| {
        let own = config.lines().find(|line| line.starts_with("public_url")).unwrap().to_owned();
        *config = config.replace(&own, &format!("public_url = \"{}\"", one.url));
        shared(config, sim);
    })
    .await;
    trust(sim, &one.url).await;
    [one, two]
}

#[tokio::test]
async fn on_two_replicas_the_pair_is_one_session_and_no_error() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let [one, two] = replicas(&sim, &redis).await;
    for used in [40029, 42022, 40163] {
        for last in ["the first answer", "the second answer"] {
            sim.wecom(json!({ "usedCode": used })).await;
            let visitor = Visitor::new(&sim, &one, "member");
            let callback = visitor.callback_of(&format!("{}&next=/orders", visitor.menu())).await;
            let elsewhere = callback.replace(&one.url, &two.url);
            let (first, second) = tokio::join!(visitor.several(&callback, 1), visitor.several(&elsewhere, 1));
            // Both answers' cookies arrive; the browser goes on with one of the answers.
            for answer in first.iter().chain(&second) {
                visitor.keep(answer);
            }
            let goes_on = if last == "the first answer" { &first[0] } else { &second[0] };
            let end = visitor.open(&joined(&one.url, goes_on)).await;
            assert_eq!(end.at, format!("{}/orders", one.url), "{used} {last}: {:?}", end.way);
            let restarts = end.way.iter().filter(|at| at.contains("/connect/oauth2/")).count();
            assert!(restarts <= 1, "{:?}", end.way);
            assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
            assert_eq!(visitor.cookie_names(SESSION).len(), 1, "{:?}", visitor.cookie_names(""));
        }
    }
}

#[tokio::test]
async fn a_login_that_began_on_one_replica_ends_on_another() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let [one, two] = replicas(&sim, &redis).await;
    let visitor = Visitor::new(&sim, &one, "member");
    let callback = visitor.callback_of(&format!("{}&next=/orders", visitor.menu())).await;
    let elsewhere = callback.replace(&one.url, &two.url);
    assert_eq!(visitor.redirected(&elsewhere).await, format!("{}/orders#", two.url));
    // Back, on the first: the session is known there.
    assert_eq!(visitor.redirected(&callback).await, format!("{}/orders#", one.url));
    assert_eq!((count(&sim, TOKEN).await, count(&sim, CODE).await), (1, 1));
}
