//! How often WeCom is asked.

use super::*;

#[tokio::test]
async fn cold_two_warm_one_and_none_with_a_session() {
    let (sim, server) = start("").await;
    let first = Visitor::new(&sim, &server, "member");
    first.open(&first.menu()).await;
    assert_eq!((count(&sim, TOKEN).await, count(&sim, CODE).await), (1, 1));
    let second = Visitor::new(&sim, &server, "member");
    second.open(&second.menu()).await;
    assert_eq!((count(&sim, TOKEN).await, count(&sim, CODE).await), (1, 2));
    for visitor in [first, second] {
        let end = visitor.open(&format!("{}&next=/api/session", visitor.menu())).await;
        assert_eq!(end.status, StatusCode::OK, "{:?}", end.way);
        assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
        visitor.open(&visitor.menu()).await;
    }
    assert_eq!(sim.wecom_counts().await.values().sum::<u64>(), 3);
}

#[tokio::test]
async fn the_way_to_the_link_asks_nothing() {
    let (sim, server) = start("").await;
    let warm = Visitor::new(&sim, &server, "member");
    warm.open(&warm.menu()).await;
    sim.clear_journal().await;
    for user_agent in [WECOM, WECHAT] {
        let visitor = Visitor::new(&sim, &server, "member").with(user_agent);
        for address in [visitor.menu(), visitor.start("")] {
            let link = visitor.redirected(&address).await;
            assert!(link.starts_with(&format!("{}/connect/oauth2/authorize?", sim.url)), "{link}");
            assert!(link.ends_with("#wechat_redirect"), "{link}");
        }
    }
    assert_eq!(sim.wecom_counts().await.values().sum::<u64>(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_first_visits_fetch_one_token() {
    let sim = Sim::start(1).await;
    // Other tests may take the processors meanwhile.
    let server = Server::start(&sim, |config| {
        beside(config, &sim, "");
        *config = config.replace("timeout = \"6s\"", "timeout = \"15s\"");
    })
    .await;
    trust(&sim, &server.url).await;
    let first = Visitor::new(&sim, &server, "member");
    let visitors: Vec<_> = (0..500)
        .map(|_| Visitor { http: first.http.clone(), ..Visitor::new(&sim, &server, "member") })
        .collect();
    // All of them are at WeCom before the first comes back.
    let callbacks = visitors.iter().map(|visitor| async { visitor.callback_of(&visitor.menu()).await });
    let callbacks = futures_util::future::join_all(callbacks).await;
    let ends = visitors.iter().zip(&callbacks).map(|(visitor, callback)| visitor.redirected(callback));
    for end in futures_util::future::join_all(ends).await {
        assert_eq!(error_in(&end), None, "{end}");
    }
    assert_eq!((count(&sim, TOKEN).await, count(&sim, CODE).await), (1, 500));
}

#[tokio::test]
async fn a_token_is_its_application_s() {
    let (sim, server) = start("").await;
    for agent in [AGENT, OTHER_AGENT] {
        let visitor = Visitor::new(&sim, &server, "member");
        visitor.open(&visitor.menu_of(agent)).await;
        let (_, session) = visitor.session().await;
        assert_eq!(session["user"]["agentId"], agent, "{session}");
    }
    assert_eq!((count(&sim, TOKEN).await, count(&sim, CODE).await), (2, 2));
}

/// A second `gettoken` may bring the same token or another, with a lifetime that is whole or what remains.
#[tokio::test]
async fn a_token_that_died_early_is_replaced_unnoticed() {
    for on_repeat in ["same", "another", "replaces"] {
        let (sim, server) = start("visible_only = true").await;
        sim.wecom(json!({ "tokenOnRepeat": on_repeat })).await;
        for (round, errcode) in [0, 42001, 40014].into_iter().enumerate() {
            if errcode != 0 {
                sim.post("/_sim/wecom/revoke", json!({ "errcode": errcode, "agentId": AGENT })).await;
            }
            let visitor = Visitor::new(&sim, &server, "member");
            let end = visitor.open(&visitor.menu()).await;
            assert_eq!(
                visitor.who().await.as_deref(),
                Some("zhangsan"),
                "{on_repeat} {errcode}: {:?}",
                end.way
            );
            let links = end.way.iter().filter(|at| at.contains("/connect/oauth2/")).count();
            assert_eq!(links, 1, "unnoticed: {:?}", end.way);
            assert_eq!(count(&sim, TOKEN).await, 1 + round as u64);
        }
    }
}
