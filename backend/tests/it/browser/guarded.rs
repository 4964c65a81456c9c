//! People before a guarded application, as a browser takes them to the login and back: with the fragment that no request
//! carries, after a form whose session had ended, and in circles.

use super::Ua;
use super::sdk::{Sdk, dingtalk_phone};
use crate::login_loops;
use crate::support::{CORP, Kind, Nginx, Scheme, Site, free_port, plain_site_conf};
use reqwest::Method;

async fn site(sdk: &Sdk, kind: Kind) -> Site {
    Site::start(kind, Scheme::Https, |config, sim| {
        *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{}/sdk.js", sdk.url));
        // The first application's, which the application at the end of the file is not.
        *config = config.replacen("kind = \"channel\"\n", "kind = \"channel\"\nhome = \"/home\"\n", 1);
    })
    .await
}

async fn a_hash_route_survives(kind: Kind) {
    let sdk = Sdk::start().await;
    let site = site(&sdk, kind).await;
    let phone = dingtalk_phone(&site.sim, Ua::Android, "employee").await;
    for route in [
        "/spa/#/orders/5",
        "/spa/?tab=%E5%85%A8%E9%83%A8#!/a//b?x=1&y=%20",
        "/a//b#part",
        "/docs#next=/elsewhere",
        "/docs#next=https://evil.example/",
        "/plain?x=a+b",
    ] {
        let there = format!("{}{route}", site.url);
        for visit in ["at the login", "after the session's end"] {
            phone.client.delete_all_cookies().await.unwrap();
            phone.goto("about:blank").await;
            phone.goto(&there).await;
            phone.arrives_at(&there).await;
            assert_eq!(phone.text("#user").await, format!("userid-employee-{CORP}"), "{route} {visit}");
        }
        // What stays open when the session ends is loaded again with its route.
        phone.client.delete_all_cookies().await.unwrap();
        phone.client.refresh().await.unwrap();
        phone.arrives_at(&there).await;
    }
    phone.close().await;
}

#[tokio::test]
async fn k03_behind_nginx_a_hash_route_survives_login_and_expiry() {
    a_hash_route_survives(Kind::Nginx).await;
}

#[tokio::test]
async fn k03_behind_caddy_a_hash_route_survives_login_and_expiry() {
    a_hash_route_survives(Kind::Caddy).await;
}

async fn a_form_is_posted_after_the_sessions_end(kind: Kind) {
    let sdk = Sdk::start().await;
    let site = site(&sdk, kind).await;
    let phone = dingtalk_phone(&site.sim, Ua::Android, "employee").await;
    for (page, referrer, back) in [
        ("/form?id=1", "same-origin", "/form?id=1"),
        ("/spa/a//b", "strict-origin-when-cross-origin", "/spa/a//b"),
        ("/form", "no-referrer", "/home"),
    ] {
        for attributes in ["action=/orders/7/delete", "action=/upload enctype=multipart/form-data"] {
            phone.goto(&format!("{}{page}", site.url)).await;
            assert_eq!(phone.text("#uri").await, page);
            phone.client.delete_all_cookies().await.unwrap();
            let html = format!(
                "<meta name=referrer content={referrer}><form method=post {attributes}><input name=a value=1></form>"
            );
            phone.run(&format!("document.body.innerHTML = {html:?}; document.forms[0].submit()")).await;
            phone.arrives_at(&format!("{}{back}", site.url)).await;
            assert_eq!(phone.text("#uri").await, back);
            assert_eq!(phone.text("#user").await, format!("userid-employee-{CORP}"));
        }
    }
    phone.close().await;
}

#[tokio::test]
async fn k06_behind_nginx_a_posted_form_leads_back_to_its_page() {
    a_form_is_posted_after_the_sessions_end(Kind::Nginx).await;
}

#[tokio::test]
async fn k06_behind_caddy_a_posted_form_leads_back_to_its_page() {
    a_form_is_posted_after_the_sessions_end(Kind::Caddy).await;
}

#[tokio::test]
async fn k14_a_circle_between_login_and_guard_ends_on_the_screen() {
    let sdk = Sdk::start().await;
    let port = free_port();
    let (sim, server, app) = login_loops::site(port, Some(&sdk.url)).await;
    let upstream = [server.url.trim_start_matches("http://"), &app.address];
    let nginx = Nginx::with_shipped(port, upstream, &plain_site_conf(), |name, text| match name {
        "server.conf" => {
            login_loops::without(&text, "    proxy_set_header Cookie $miandeng_cookies_to_judge;\n")
        }
        _ => text,
    })
    .await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.goto(&format!("{}/orders/7?tab=1#/a", nginx.url)).await;
    phone.text("main > code").await;
    let read = phone.text("main").await;
    for part in ["Cookie", "guard_without_session", "/start: dingcorp1/123456", "重试"] {
        assert!(read.contains(part), "{part} is not in {read}");
    }
    // Trying again shows the same at once.
    phone.run("document.body.dataset.before = 1").await;
    phone.click("main > a").await;
    phone.until("!document.body.dataset.before && document.querySelector('main > code')").await;
    let logins = server.log().matches("audit: login").count();
    assert_eq!(logins, 1, "the circle spends no codes");
    phone.close().await;
    assert_eq!(reqwest::Client::new().request(Method::GET, &nginx.url).send().await.unwrap().status(), 401);
}
