//! Behind the shipped files of nginx and Caddy: a page that is guarded, opened inside WeCom.

use super::*;
use crate::support::{Kind, Scheme, Site};

async fn site(kind: Kind) -> Site {
    let app = "include miandeng/app.conf;\n";
    let of = format!("{app}set $miandeng_corpid {CORP};\nset $miandeng_agentid {AGENT};\n");
    let guard_this =
        |_: &str, sites: String| sites.replace("123456", AGENT).replace("dingcorp1", CORP).replace(app, &of);
    let extra = "audience = \"anyone\"\ndefault = true";
    let site =
        Site::changed(kind, Scheme::Http, |config, sim| beside(config, sim, extra), &[], guard_this).await;
    trust(&site.sim, &site.url).await;
    site
}

async fn a_guarded_deep_link_is_reached_through_wecom(kind: Kind) {
    let site = site(kind).await;
    let base = format!("{}/_miandeng", site.url);
    for (person, header, id) in [
        ("member", "x-miandeng-user-id", "zhangsan"),
        ("customer", "x-miandeng-external-user-id", "wm-customer-ww0123456789abcdef"),
        ("stranger", "x-miandeng-open-id", "o-stranger-ww0123456789abcdef"),
    ] {
        for deep in ["/orders/7?tab=a&x=%E4%B8%AD", "/"] {
            let visitor = Visitor::at(&site.sim, &base, person);
            let end = visitor.open(&format!("{}{deep}", site.url)).await;
            assert_eq!(end.at, format!("{}{deep}", site.url), "{:?}", end.way);
            let way = end.way.join("\n");
            for part in ["/_miandeng/?corpid=", "/connect/oauth2/authorize", "/_miandeng/wecom/callback"] {
                assert!(way.contains(part), "{part}: {way}");
            }
            // Another client, which asks for data: the application tells what it received.
            let evil = "evil-id";
            for spelt in [
                "X-Miandeng-External-User-Id",
                "x_miandeng_external_user_id",
                "X-MIANDENG-USER-ID",
                "X-Miandeng-Open-Id",
            ] {
                let request = visitor.request(Method::GET, &format!("{}/data", site.url));
                let answer =
                    request.header("accept", "application/json").header(spelt, evil).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK, "{spelt}");
                let seen: Value = answer.json().await.unwrap();
                let headers = seen["headers"].as_array().unwrap();
                assert!(headers.contains(&json!([header, id])), "{person} {seen}");
                assert!(!seen.to_string().contains(evil), "{spelt}: {seen}");
                assert!(!seen["headers"].to_string().contains("miandeng_"), "no cookie of ours: {seen}");
            }
        }
    }
}

/// People who are logged in to another application of the same host.
async fn a_guard_of_another_application_does_not_loop(kind: Kind) {
    let site = site(kind).await;
    let visitor = Visitor::at(&site.sim, &format!("{}/_miandeng", site.url), "member");
    visitor.open(&visitor.menu()).await;
    let there = format!("{}/orders", site.url);
    assert_eq!(visitor.open(&there).await.at, there);
    visitor.forget(SESSION);
    visitor.open(&visitor.menu_of(OTHER_AGENT)).await;
    assert!(visitor.has_session());
    let end = visitor.open(&there).await;
    assert_eq!(end.at, there, "the guarded application's login follows: {:?}", end.way);
    assert_eq!(visitor.cookie_names(SESSION).len(), 2);
}

async fn a_failure_ends_on_the_page(kind: Kind) {
    let site = site(kind).await;
    site.sim.fault(json!({ "endpoint": CODE, "errcode": 50001, "times": 1000 })).await;
    let visitor = Visitor::at(&site.sim, &format!("{}/_miandeng", site.url), "member");
    let end = visitor.open(&format!("{}/orders/7", site.url)).await;
    assert_eq!(error_in(&end.at).as_deref(), Some("app_misconfigured"), "{:?}", end.way);
    assert_eq!(count(&site.sim, CODE).await, 1);
}

/// The way of `open` with the longest deep link that the proxies carry, and many cookies.
async fn a_long_deep_link_fits_through(kind: Kind) {
    let site = site(kind).await;
    let visitor = Visitor::at(&site.sim, &format!("{}/_miandeng", site.url), "member");
    for tab in 0..5 {
        visitor.callback_of(&format!("{}&next=/{tab}{}", visitor.menu(), "x".repeat(1400))).await;
    }
    let deep = format!("/orders?{}", "a".repeat(1400));
    let end = visitor.open(&format!("{}{deep}", site.url)).await;
    assert_eq!(end.at, format!("{}{deep}", site.url), "{:?}", end.way);
}

/// Without the page in between, the browser alone would go round until it gives up.
#[tokio::test]
async fn a_guard_that_refuses_who_is_logged_in_is_named_after_a_few_rounds() {
    let (sim, server) = start("home = \"/home\"").await;
    let visitor = Visitor::new(&sim, &server, "member");
    visitor.open(&visitor.menu()).await;
    let sent_back = format!("{}&next={}", visitor.menu(), miandeng_shared::encode_next("/orders/7"));
    let mut rounds = 0;
    let told = loop {
        let answer = visitor.step(&sent_back).await;
        if answer.status() != StatusCode::FOUND {
            break answer.text().await.unwrap();
        }
        rounds += 1;
        assert!(rounds < 6, "no end");
    };
    assert!(rounds >= 2 && told.contains("guard_without_session"), "{rounds}: {told}");
    // Elsewhere, and from the menu, people come through as before.
    for (more, at) in [("&next=/other", "/other"), ("", "/home"), ("", "/home"), ("", "/home"), ("", "/home")]
    {
        let end = visitor.open(&format!("{}{more}", visitor.menu())).await;
        assert_eq!(end.at, format!("{}{at}", server.url));
    }
}

/// A guard that passes on no deep link, and refuses: `home` leads to the guard, and the guard back.
#[tokio::test]
async fn a_guard_that_refuses_without_a_deep_link_is_named_before_the_browser_gives_up() {
    let (sim, server) = start("home = \"/home\"").await;
    let visitor = Visitor::new(&sim, &server, "member");
    visitor.open(&visitor.menu()).await;
    let mut rounds = 0;
    let told = loop {
        let answer = visitor.step(&visitor.menu()).await;
        if answer.status() != StatusCode::FOUND {
            break answer.text().await.unwrap();
        }
        assert_eq!(joined(&visitor.menu(), &answer), format!("{}/home#", server.url));
        rounds += 1;
        assert!(rounds * 3 <= 16, "browsers give up");
    };
    assert!(told.contains("guard_without_session") && told.contains("href=\"/home\""), "{told}");
    // Another person comes through, and so does a visit with a place to go to.
    for (visitor, more, at) in
        [(&Visitor::new(&sim, &server, "hidden"), "", "/home"), (&visitor, "&next=/orders", "/orders")]
    {
        let end = visitor.open(&format!("{}{more}", visitor.menu())).await;
        assert_eq!(end.at, format!("{}{at}", server.url));
    }
}

mod nginx {
    use super::*;

    #[tokio::test]
    async fn a_guarded_deep_link_is_reached_through_wecom() {
        super::a_guarded_deep_link_is_reached_through_wecom(Kind::Nginx).await;
    }

    #[tokio::test]
    async fn a_guard_of_another_application_does_not_loop() {
        super::a_guard_of_another_application_does_not_loop(Kind::Nginx).await;
    }

    #[tokio::test]
    async fn a_failure_ends_on_the_page() {
        super::a_failure_ends_on_the_page(Kind::Nginx).await;
    }

    #[tokio::test]
    async fn a_long_deep_link_fits_through() {
        super::a_long_deep_link_fits_through(Kind::Nginx).await;
    }
}

mod caddy {
    use super::*;

    #[tokio::test]
    async fn a_guarded_deep_link_is_reached_through_wecom() {
        super::a_guarded_deep_link_is_reached_through_wecom(Kind::Caddy).await;
    }

    #[tokio::test]
    async fn a_guard_of_another_application_does_not_loop() {
        super::a_guard_of_another_application_does_not_loop(Kind::Caddy).await;
    }

    #[tokio::test]
    async fn a_failure_ends_on_the_page() {
        super::a_failure_ends_on_the_page(Kind::Caddy).await;
    }

    #[tokio::test]
    async fn a_long_deep_link_fits_through() {
        super::a_long_deep_link_fits_through(Kind::Caddy).await;
    }
}
