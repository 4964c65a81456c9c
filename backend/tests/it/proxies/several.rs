//! Two applications with different guards on one host, by the lines of docs/deploy.md.

use super::paths::ODD;
use super::{NAVIGATION, SCRIPT, behind_both, identity, value_of};
use crate::support::raw::send;
use crate::support::{AGENT, CORP, Kind, Sample, Scheme, Sim, Site, Trust, shipped};

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

/// A site with the application of `CORP` at `/` and another, that of the second enterprise, at `/shop/`.
pub async fn two(kind: Kind, scheme: Scheme, adjust: impl FnOnce(&mut String, &Sim)) -> (Site, Sample) {
    let nowhere = || String::from("http://127.0.0.1:1");
    let shop = Sample::start(Trust { jwks_url: nowhere(), issuer: nowhere(), audience: nowhere() }).await;
    // What the document's `sed` makes.
    let ids = [("dingcorp1", "dingcorp2"), ("123456", AGENT)];
    let copy = shipped::fill(&shipped::file("deploy/nginx/app.conf"), &ids);
    let change = |miandeng: &str, sites: String| match kind {
        Kind::Nginx => {
            let block = documented("nginx", "if ($miandeng_odd_path)");
            let lines = shipped::fill(&block, &[("127.0.0.1:3001", &shop.address)]);
            shipped::fill(&sites, &[("    location / {", &format!("{lines}\n    location / {{"))])
        }
        Kind::Caddy => {
            let values =
                [("127.0.0.1:3001", shop.address.as_str()), ("127.0.0.1:8080", miandeng), ("234567", AGENT)];
            let lines = shipped::fill(&documented("caddyfile", "import plain_path"), &values);
            // Moved, as the document says.
            let moved =
                [("\t\t\timport plain_path\n", ""), ("\t\t@public ", &format!("{lines}\n\t\t@public "))];
            shipped::fill(&sites, &moved)
        }
    };
    let site = Site::changed(kind, scheme, adjust, &[("shop.conf", copy)], change).await;
    (site, shop)
}

async fn cookie_of(site: &Site, corp: &str) -> String {
    let mut person = site.visitor();
    person.corp = corp.into();
    assert_eq!(person.login().await.status(), 200);
    format!("Cookie: {}", person.cookie_header().unwrap())
}

async fn k15_each_application_has_its_own_guard(kind: Kind) {
    let (site, _shop) = two(kind, Scheme::Http, |_, _| {}).await;
    for (corp, own, other) in [(CORP, "/orders/7", "/shop/7"), ("dingcorp2", "/shop/7", "/orders/7")] {
        let cookie = cookie_of(&site, corp).await;
        let answer = send(&site.url, &format!("GET {own}"), std::slice::from_ref(&cookie), "").await;
        let received = answer.json();
        assert_eq!(received["uri"], own);
        assert_eq!(value_of(&identity(&received), "X_MIANDENG_CORP"), corp, "{received}");
        let mut cookies =
            received["headers"].as_array().unwrap().iter().filter(|header| header[0] == "cookie");
        assert!(!cookies.any(|line| line.to_string().contains("miandeng")), "{received}");
        // What the shipped lines refuse and take away, they do for both.
        let forged = ["X_Miandeng_User_Id: admin", "Connection: close, X-Miandeng-Corp"].map(str::to_owned);
        let sent = [std::slice::from_ref(&cookie), &forged[..]].concat();
        let received = send(&site.url, &format!("GET {own}"), &sent, "").await.json();
        assert_eq!(value_of(&identity(&received), "X_MIANDENG_CORP"), corp, "{received}");
        assert!(!received.to_string().contains("admin"), "{received}");
        let upgrade = [cookie.clone(), "Upgrade: h2c".into(), "Connection: Upgrade".into()];
        assert_eq!(send(&site.url, &format!("GET {own}"), &upgrade, "").await.status, 400, "{own}");
        let refused = send(&site.url, &format!("GET {other}"), &[cookie, SCRIPT[0].into()], "").await;
        assert_eq!(refused.status, 401, "{other}: {}", refused.body);
        let login = send(&site.url, &format!("GET {own}"), &NAVIGATION.map(str::to_owned), "").await;
        let location = login.header("location").unwrap();
        assert!(location.contains(&format!("?corpid={corp}&agentid={AGENT}")), "{own}: {location}");
    }
    // Logged in to both, as a browser is.
    let both = [cookie_of(&site, CORP).await, cookie_of(&site, "dingcorp2").await];
    let both = [both.join("; ").replace("; Cookie: ", "; ")];
    for (path, corp) in [("/orders/7", CORP), ("/shop/7", "dingcorp2")] {
        let received = send(&site.url, &format!("GET {path}"), &both, "").await.json();
        assert_eq!(value_of(&identity(&received), "X_MIANDENG_CORP"), corp, "{received}");
    }
    assert_eq!(send(&site.url, "GET /public/x", &[], "").await.status, 200);
}

/// Logged in to the one, through to the other.
async fn no_path_reaches_one_application_by_the_guard_of_another(kind: Kind) {
    let (site, _shop) = two(kind, Scheme::Http, |_, _| {}).await;
    for (corp, own, other) in [(CORP, "/orders/", "/shop/"), ("dingcorp2", "/shop/", "/orders/")] {
        let cookie = cookie_of(&site, corp).await;
        for path in ODD {
            for path in [
                path.replace("/public/", own).replace("/orders", other.trim_end_matches('/')),
                path.replace("public", "shop"),
                path.replace("orders", "shop").replace("public", "orders"),
            ] {
                let answer = send(&site.url, &format!("GET {path}"), std::slice::from_ref(&cookie), "").await;
                assert!(matches!(answer.status, 400 | 401 | 404), "{path}: {}\n{}", answer.head, answer.body);
            }
        }
    }
}
