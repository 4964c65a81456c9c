//! Two applications with different guards on one host, by the lines of docs/deploy.md.

use super::paths::ODD;
use super::{NAVIGATION, SCRIPT, behind_both};
use crate::support::raw::send;
use crate::support::{
    AGENT, CORP, Front, Kind, Nginx, Sample, Scheme, Site, Trust, caddyfile, free_port, plain_site_conf,
    shipped,
};

behind_both!(k15_each_application_has_its_own_guard, no_path_reaches_one_application_by_the_guard_of_another,);

/// The block of docs/deploy.md that begins with these lines.
fn documented(language: &str, beginning: &str) -> String {
    let text = shipped::file("docs/deploy.md");
    let mut blocks = text.split("```").skip(1).step_by(2);
    let block = blocks.find_map(|block| {
        let block = block.strip_prefix(language)?.trim_start_matches('\n');
        block.trim_start().starts_with(beginning).then_some(block)
    });
    block.unwrap_or_else(|| panic!("no such block of {language}: {beginning}")).to_owned()
}

/// A site with the application of `CORP` at `/`, and that of the second enterprise at `/shop/`.
struct Two {
    site: Site,
    shop: Sample,
    front: Front,
}

async fn two(kind: Kind) -> Two {
    let site = Site::start(kind, Scheme::Http, |_, _| {}).await;
    let trust = Trust {
        jwks_url: format!("{}/_miandeng/.well-known/jwks.json", site.server.url),
        issuer: format!("{}/_miandeng", site.url),
        audience: format!("dingcorp2/{AGENT}"),
    };
    let shop = Sample::start(trust).await;
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let addresses = [site.server.url.trim_start_matches("http://"), site.app.address.as_str()];
    let values = [("127.0.0.1:3001", shop.address.as_str())];
    let front = match kind {
        Kind::Nginx => {
            let lines = shipped::fill(&documented("nginx", "if ($miandeng_odd_path)"), &values);
            // What the document's `sed` makes.
            let ids = [("dingcorp1", "dingcorp2"), ("123456", AGENT)];
            let copy = shipped::fill(&shipped::file("deploy/nginx/app.conf"), &ids);
            let conf = shipped::fill(
                &plain_site_conf(),
                &[("    location / {", &format!("{lines}\n    location / {{"))],
            );
            let nginx = Nginx::with_files(port, addresses, &conf, &[("shop.conf", copy)]).await;
            Front::Nginx(nginx)
        }
        Kind::Caddy => {
            let values =
                [values[0], ("127.0.0.1:8080", addresses[0]), ("234567", AGENT), ("import plain_path\n", "")];
            let lines = shipped::fill(&documented("caddyfile", "import plain_path"), &values);
            let shipped_file = caddyfile(&url, addresses[0], addresses[1]);
            let moved = [
                ("\t\t\timport plain_path\n", ""),
                ("\troute {\n", &format!("\troute {{\n\t\timport plain_path\n{lines}\n")),
            ];
            Front::start(kind, port, &url, addresses, &shipped::fill(&shipped_file, &moved)).await
        }
    };
    Two { site, shop, front }
}

async fn cookie_of(site: &Site, corp: &str) -> String {
    let mut person = site.visitor();
    person.corp = corp.into();
    assert_eq!(person.login().await.status(), 200);
    format!("Cookie: {}", person.cookie_header().unwrap())
}

async fn k15_each_application_has_its_own_guard(kind: Kind) {
    let Two { site, shop, front } = two(kind).await;
    for (corp, own, other) in [(CORP, "/orders/7", "/shop/7"), ("dingcorp2", "/shop/7", "/orders/7")] {
        let cookie = cookie_of(&site, corp).await;
        let answer = send(front.url(), &format!("GET {own}"), std::slice::from_ref(&cookie), "").await;
        let received = answer.json();
        assert_eq!(
            (&received["uri"], &received["claims"]["corp"]),
            (&own.into(), &corp.into()),
            "{received}"
        );
        let headers = received["headers"].to_string();
        assert!(!headers.contains("miandeng="), "{headers}");
        let refused = send(front.url(), &format!("GET {other}"), &[cookie, SCRIPT[0].into()], "").await;
        assert_eq!(refused.status, 401, "{other}: {}", refused.body);
        let login = send(front.url(), &format!("GET {own}"), &NAVIGATION.map(str::to_owned), "").await;
        let location = login.header("location").unwrap();
        assert!(location.contains(&format!("?corpid={corp}&agentid={AGENT}")), "{own}: {location}");
    }
    drop(shop);
    assert_eq!(send(front.url(), "GET /public/x", &[], "").await.status, 200);
}

/// Logged in to the one, through to the other.
async fn no_path_reaches_one_application_by_the_guard_of_another(kind: Kind) {
    let two = two(kind).await;
    for (corp, own, other) in [(CORP, "/orders/", "/shop/"), ("dingcorp2", "/shop/", "/orders/")] {
        let cookie = cookie_of(&two.site, corp).await;
        for path in ODD {
            for path in [
                path.replace("/public/", own).replace("/orders", other.trim_end_matches('/')),
                path.replace("public", "shop"),
                path.replace("orders", "shop").replace("public", "orders"),
            ] {
                let answer =
                    send(two.front.url(), &format!("GET {path}"), std::slice::from_ref(&cookie), "").await;
                assert!(matches!(answer.status, 400 | 401 | 404), "{path}: {}\n{}", answer.head, answer.body);
            }
        }
    }
}
