//! A login that succeeds and a guard that refuses all the same (K14): people go round a few times and then read what
//! disagrees; who only opens many pages is not stopped.

use crate::support::{
    AGENT, CORP, Caddy, Nginx, Person, Sample, Server, Sim, Trust, caddyfile, free_port, plain_site_conf,
    start,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder, StatusCode};

const BASE: &str = "/_miandeng";
/// The proxies' and the servers' names for what they refuse, in `docs/errors.md`.
const OTHER_APP: &str = "guard_of_another_app";
const NO_SESSION: &str = "guard_without_session";

/// A server behind a proxy on this port, with the JSAPI from `sdk`, and an application.
pub async fn site(port: u16, sdk: Option<&str>) -> (Sim, Server, Sample) {
    let url = format!("http://127.0.0.1:{port}");
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        let from = config.find("public_url").unwrap();
        let to = from + config[from..].find('\n').unwrap();
        let top =
            format!("public_url = \"{url}\"\nbase_path = \"{BASE}\"\ntrusted_proxies = [\"127.0.0.1/32\"]");
        config.replace_range(from..to, &top);
        config.push_str(&format!(
            "[[apps]]\ncorp_id = \"dingcorp2\"\nagent_id = \"{AGENT}\"\nkind = \"channel\"\n\
             channel_secret = \"channel-secret-of-dingcorp2\"\njsapi_url = \"{}/jsapi/dingtalk.js\"\n",
            sim.url
        ));
        if let Some(sdk) = sdk {
            *config = config.replace(&format!("{}/jsapi/dingtalk.js", sim.url), &format!("{sdk}/sdk.js"));
        }
    })
    .await;
    let app = Sample::start(Trust {
        jwks_url: format!("{}{BASE}/.well-known/jwks.json", server.url),
        issuer: format!("{url}{BASE}"),
        audience: format!("{CORP}/{AGENT}"),
    })
    .await;
    (sim, server, app)
}

fn navigation(person: &Person<'_>, url: &str, referer: Option<&str>) -> RequestBuilder {
    let request = person.http.get(url).header("sec-fetch-mode", "navigate").header("accept-language", "en");
    let request = referer.into_iter().fold(request, |request, page| request.header("referer", page));
    person.cookie_header().into_iter().fold(request, |request, cookies| request.header("cookie", cookies))
}

/// Opens `path` of the site as a browser with the page would, until it is through or reads something else than the page:
/// how many times it was sent to the login, and what it reads in the end.
async fn go_round(url: &str, person: &Person<'_>, path: &str, with_referer: bool) -> (usize, String) {
    let mut there = format!("{url}{path}");
    let mut referer: Option<String> = None;
    for rounds in 0..30 {
        let answer = person.send(navigation(person, &there, referer.as_deref())).await;
        if answer.status() == StatusCode::OK {
            return (rounds, answer.text().await.unwrap());
        }
        assert_eq!(answer.status(), StatusCode::FOUND, "{there}");
        let login = answer.headers()["location"].to_str().unwrap().to_owned();
        let page = person.send(navigation(person, &login, referer.as_deref())).await;
        assert_eq!(page.status(), StatusCode::OK, "{login}");
        let page = page.text().await.unwrap();
        if page.contains("guard_") || page.contains("auth_misconfigured") {
            return (rounds + 1, page);
        }
        // The page logs in where there is no session, and goes on at once where there is one.
        let session = person.session().await;
        if session.status() != StatusCode::OK {
            assert_eq!(person.login().await.status(), StatusCode::OK);
        }
        let word = login.split_once("&next=").map(|(_, word)| URL_SAFE_NO_PAD.decode(word).unwrap());
        there =
            word.map_or(format!("{url}{path}"), |path| format!("{url}{}", String::from_utf8(path).unwrap()));
        referer = with_referer.then_some(login);
    }
    panic!("{path} has no end");
}

async fn assert_ends(url: &str, server: &Server, person: &Person<'_>, code: &str, facts: &[&str]) {
    for (path, with_referer) in [("/orders/7?tab=1", true), ("/reports", false)] {
        let (rounds, page) = go_round(url, person, path, with_referer).await;
        assert!((3..=6).contains(&rounds), "{rounds} rounds");
        for part in facts.iter().chain([&code, &"Try again", &format!("href=\"{path}\"").as_str()]) {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
    let reason = format!("reason=\"{code}\"");
    let log = server.log_with(&reason, 1).await;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&reason)).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for part in facts.iter().chain([&"refused before the login", &"WARN"]) {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains(&format!("miandeng_refused_total{{reason=\"{code}\"}} 2")), "{metrics}");
}

/// server.conf whose question to `route` has `first` as its first parameter.
fn asks(conf: &str, route: &str, first: &str) -> String {
    let (before, after) = conf.split_once(&format!("http://miandeng/_miandeng/{route}?corpid=")).unwrap();
    let (_, after) = after.split_once('&').unwrap();
    format!("{before}http://miandeng/_miandeng/{route}?{first}&{after}")
}

/// `conf` without this line of the guard's location, which comes before `/start`'s.
pub fn without(conf: &str, line: &str) -> String {
    assert!(conf.contains(line), "{line}");
    conf.replacen(line, "", 1)
}

#[tokio::test]
async fn k14_behind_nginx_a_login_that_the_guard_refuses_ends_after_a_few_rounds() {
    // What server.conf is changed to, whose login comes then, the code, and what the guard is said to ask.
    type Case<'a> = (&'a dyn Fn(String) -> String, &'a str, &'a str, &'a str);
    let cases: [Case<'_>; 5] = [
        (&|text| asks(&text, "start", "corpid=dingcorp2"), "dingcorp2", OTHER_APP, "dingcorp1/123456"),
        (&|text| asks(&text, "auth", "corpid=dingcorp2"), CORP, OTHER_APP, "dingcorp2/123456"),
        (&|text| asks(&text, "auth", "corpid=dingcorp9"), CORP, OTHER_APP, "dingcorp9/123456"),
        (
            &|text| without(&text, "    proxy_set_header Cookie $miandeng_cookies_to_judge;\n"),
            CORP,
            NO_SESSION,
            "/auth: -",
        ),
        (&|text| asks(&text, "auth", "corp=dingcorp1"), CORP, "auth_misconfigured", "/auth: ?"),
    ];
    for (changed, corp, code, asked) in cases {
        let port = free_port();
        let (sim, server, app) = site(port, None).await;
        let upstream = [server.url.trim_start_matches("http://"), &app.address];
        let nginx = Nginx::with_shipped(port, upstream, &plain_site_conf(), |name, text| match name {
            "server.conf" => changed(text),
            _ => text,
        })
        .await;
        let mut person = Person::at(&sim, &format!("{}{BASE}", nginx.url));
        person.corp = corp.to_owned();
        let login = format!("/start: {corp}/123456");
        // A guard that is written wrongly is a line of its own.
        if code == "auth_misconfigured" {
            let (rounds, page) = go_round(&nginx.url, &person, "/orders", true).await;
            assert!(rounds <= 6 && page.contains(code) && page.contains(asked), "{rounds}: {page}");
        } else {
            assert_ends(&nginx.url, &server, &person, code, &[asked, &login]).await;
        }
    }
}

/// Two replicas behind one address that share neither store nor `session.key`.
#[tokio::test]
async fn k14_a_guard_that_asks_a_replica_with_another_key_is_named_too() {
    let port = free_port();
    let (sim, server, app) = site(port, None).await;
    let (_other_sim, other, _other_app) = site(port, None).await;
    let upstream = [server.url.trim_start_matches("http://"), &app.address];
    let nginx = Nginx::with_shipped(port, upstream, &plain_site_conf(), |name, text| match name {
        "server.conf" => {
            text.replace("http://miandeng/_miandeng/auth", &format!("{}/_miandeng/auth", other.url))
        }
        _ => text,
    })
    .await;
    let person = Person::at(&sim, &format!("{}{BASE}", nginx.url));
    assert_ends(&nginx.url, &server, &person, NO_SESSION, &["/auth: -", "/start: dingcorp1/123456"]).await;
}

#[tokio::test]
async fn k14_behind_caddy_a_login_that_the_guard_refuses_ends_after_a_few_rounds() {
    let port = free_port();
    let (sim, server, app) = site(port, None).await;
    let url = format!("http://127.0.0.1:{port}");
    let sites = caddyfile(&url, server.url.trim_start_matches("http://"), &app.address);
    let guard = "uri /_miandeng/auth?";
    assert_eq!(sites.matches(guard).count(), 1);
    let sites = sites.replace(guard, &format!("header_up -Cookie\n\t\t\t{guard}"));
    let _caddy = Caddy::start(port, url.clone(), &sites).await;
    let person = Person::at(&sim, &format!("{url}{BASE}"));
    assert_ends(&url, &server, &person, NO_SESSION, &["/auth: -", "/start: dingcorp1/123456"]).await;
}

#[tokio::test]
async fn k14_without_a_deep_link_the_circle_ends_too() {
    // No trusted proxy, so that no deep link is believed: `home` leads back to the guard.
    let (sim, server) = start("home = \"/orders\"\n").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let open = async |referer: Option<&str>| {
        let answer = person.send(navigation(&person, &person.page(), referer)).await;
        answer.text().await.unwrap().contains(NO_SESSION)
    };
    // Who opens the menu again and again, or follows a link of the application, is not in a circle.
    for _ in 0..10 {
        assert!(!open(None).await);
        assert!(!open(Some(&format!("{}/orders", server.url))).await);
    }
    let mut stopped = Vec::new();
    for _ in 0..5 {
        stopped.push(open(Some(&person.page())).await);
    }
    assert_eq!(stopped, [false, false, false, true, true]);
    // Without `home` the page greets, and may be loaded again and again.
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    for _ in 0..10 {
        let answer = person.send(navigation(&person, &person.page(), Some(&person.page()))).await;
        assert!(!answer.text().await.unwrap().contains("guard_"));
    }
}

/// Only the fragment says where to go back to, so only a page's script can lead here so often.
#[tokio::test]
async fn k14_an_application_that_leads_to_the_login_for_ever_is_stopped() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let page = format!("{}/orders", server.url);
    let mut loads = 0;
    while !person
        .send(navigation(&person, &person.page(), Some(&page)))
        .await
        .text()
        .await
        .unwrap()
        .contains("application_refuses")
    {
        loads += 1;
        assert!(loads < 30, "for ever");
    }
    assert_eq!(loads, 15);
}

#[tokio::test]
async fn k14_a_person_who_opens_one_menu_entry_many_times_is_not_stopped() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    for next in ["/orders".to_owned(), URL_SAFE_NO_PAD.encode("/orders")] {
        for _ in 0..10 {
            let menu = navigation(&person, &format!("{}&next={next}", person.page()), None);
            let answer = person.send(menu.header("sec-fetch-site", "none")).await;
            assert!(!answer.text().await.unwrap().contains("guard_"), "{next}");
        }
    }
}

/// What refuses is the application behind the guard, whose 401 a proxy has made a login of.
#[tokio::test]
async fn k14_an_application_that_refuses_what_the_guard_allows_is_named() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let ask = || person.request(Method::GET, &format!("/auth?corpid={CORP}&agentid={AGENT}"));
    let open = async || {
        let page = format!("{}&next=L29yZGVycw", person.page());
        person.send(navigation(&person, &page, None)).await.text().await.unwrap()
    };
    for _ in 0..3 {
        assert!(!open().await.contains("guard_"));
        assert_eq!(person.send(ask()).await.status(), StatusCode::OK);
    }
    let page = open().await;
    for part in
        ["application_refuses", "/auth: 200", &format!("public_url: {}", server.url), "href=\"/orders\""]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    server.log_with("reason=\"application_refuses\"", 1).await;
}

/// An application's page that leads to the login with another deep link each time: `?_t=1`, `?_t=2`.
#[tokio::test]
async fn k14_a_circle_whose_place_is_another_each_time_ends() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert_eq!(person.login().await.status(), StatusCode::OK);
    let from = format!("{}/spa/home", server.url);
    let mut rounds = 0;
    loop {
        let next = URL_SAFE_NO_PAD.encode(format!("/spa/home?_t={rounds}"));
        let login = format!("{}&next={next}", person.page());
        let page = person.send(navigation(&person, &login, Some(&from))).await.text().await.unwrap();
        if page.contains("application_refuses") {
            break;
        }
        rounds += 1;
        assert!(rounds < 40, "for ever");
    }
    assert!(rounds > 15, "people open as many pages: {rounds}");
    server.log_with("reason=\"application_refuses\"", 1).await;
}

/// A proxy takes the session's cookie away, or a browser does not keep it.
#[tokio::test]
async fn k14_a_session_that_never_comes_back_is_named() {
    let (sim, server) = start("home = \"/orders\"\n").await;
    let person = Person::new(&sim, &server);
    let open = async |path: &str| {
        let page = format!("{}{path}", person.page());
        person.send(navigation(&person, &page, None)).await.text().await.unwrap()
    };
    for path in ["&next=L29yZGVycw", "", "&next=/orders"] {
        // A logout is no loss, however often.
        for _ in 0..10 {
            assert!(!open(path).await.contains("session_not_kept"), "{path}");
            assert_eq!(person.login().await.status(), StatusCode::OK);
            let logout = person.request(Method::DELETE, "/api/session");
            assert_eq!(person.send(logout).await.status(), StatusCode::NO_CONTENT);
        }
        let mut logins = 0;
        while !open(path).await.contains("session_not_kept") {
            assert_eq!(person.login().await.status(), StatusCode::OK);
            person.lose_cookies("miandeng-");
            logins += 1;
            assert!(logins < 20, "for ever");
        }
        assert_eq!(logins, 8, "{path}");
        person.lose_cookies("");
    }
    let log = server.log_with("reason=\"session_not_kept\"", 1).await;
    assert_eq!(log.matches("reason=\"session_not_kept\"").count(), 1, "{log}");
}

#[tokio::test]
async fn k14_who_opens_many_pages_is_not_stopped() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let open = async |path: &str| {
        let login = format!("{}&next={}", person.page(), URL_SAFE_NO_PAD.encode(path));
        let page = person.send(navigation(&person, &login, None)).await;
        page.text().await.unwrap().contains("guard_")
    };
    // Tabs of one page that are opened, or tried again, before the login has succeeded.
    for _ in 0..10 {
        assert!(!open("/orders").await);
    }
    assert_eq!(person.login().await.status(), StatusCode::OK);
    // The same where the login was faster than they, and many pages in a row.
    for _ in 0..3 {
        assert!(!open("/orders").await);
    }
    for page in 0..20 {
        assert!(!open(&format!("/orders/{page}")).await);
    }
    // A session of another application is none here.
    let mut other = Person::new(&sim, &server);
    other.corp = "dingcorp9".to_owned();
    for _ in 0..10 {
        let answer = navigation(&person, &format!("{}&next=L2E", other.page()), None).send().await.unwrap();
        assert!(!answer.text().await.unwrap().contains("guard_"));
    }
    assert!(!server.log().contains("refused before the login"));
    // The cookies that count are few and have only letters, digits, - and _.
    let cookies = person.cookie_header().unwrap();
    let rounds: Vec<&str> = cookies.split("; ").filter(|pair| pair.starts_with("miandeng_round_")).collect();
    assert_eq!(rounds.len(), 8, "{cookies}");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    assert!(rounds.iter().all(|pair| pair.split_once('=').unwrap().1.bytes().all(plain)), "{rounds:?}");
    // Damaged ones count for nothing.
    let request =
        person.request(Method::GET, "/").query(&[("corpid", CORP), ("agentid", AGENT), ("next", "L2E")]);
    assert_eq!(
        request
            .header("cookie", "miandeng_round_00000000=99999999999999999999_x")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}
