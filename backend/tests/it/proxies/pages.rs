//! What is a page to the login and what is not (K5, K6), as it arrives through the proxies.

use super::{NAVIGATION, behind_both, get, site};
use crate::support::Kind;
use crate::support::raw::send;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

behind_both!(
    k05_a_script_is_told_and_not_redirected,
    k06_a_form_leads_back_to_its_page,
    k16_odd_addresses_are_returned_to,
);

/// What an engine without `Sec-Fetch-*` says of a person who opens an address.
const OLD: &str = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn k05_a_script_is_told_and_not_redirected(kind: Kind) {
    let site = site(kind).await;
    let page = format!("Referer: {}/cart?id=1", site.url);
    for script in [
        vec!["Accept: text/html, */*; q=0.01", "X-Requested-With: XMLHttpRequest"],
        vec!["Accept: text/html, */*; q=0.01"],
        vec![OLD, "HX-Request: true", "HX-Current-URL: https://h5.example.com/"],
        vec![OLD, "X-PJAX: true", "X-PJAX-Container: #main"],
        vec!["Accept: text/html, application/xhtml+xml", "Turbo-Frame: cart"],
        vec!["Accept: text/html, application/xhtml+xml", "X-Turbo-Request-Id: 7"],
        vec!["Accept: text/html, application/xhtml+xml", "X-Inertia: true"],
        vec!["Accept: text/html, application/xhtml+xml", "X-Requested-With: swup"],
        vec![OLD, "X-Up-Version: 3.10.2", "X-Up-Target: .content"],
        vec![OLD, "Purpose: prefetch"],
    ] {
        let headers: Vec<&str> = script.iter().copied().chain([page.as_str()]).collect();
        let answer = get(&site, "/fragment", &headers).await;
        assert_eq!(answer.status, 401, "{script:?}: {}", answer.head);
        assert_eq!(answer.json()["error"]["code"], "no_session");
        let login = answer.header("x-miandeng-login").unwrap();
        assert_eq!(next(login).as_deref(), Some("/cart?id=1"), "the page that the script is on: {script:?}");
    }
    for person in [
        vec![OLD],
        vec![OLD, "X-Requested-With: com.alibaba.android.rimet"],
        vec![OLD, "Upgrade-Insecure-Requests: 1", "Cache-Control: max-age=0"],
    ] {
        let answer = get(&site, "/orders/7", &person).await;
        assert_eq!(answer.status, 302, "{person:?}: {}", answer.head);
        assert_eq!(next(answer.header("location").unwrap()).as_deref(), Some("/orders/7"), "{person:?}");
    }
}

async fn k06_a_form_leads_back_to_its_page(kind: Kind) {
    let site = site(kind).await;
    let origin = format!("Origin: {}", site.url);
    let form = "Content-Type: application/x-www-form-urlencoded";
    let referers = [
        (Some("/form?id=1"), Some("/form?id=1")),
        (Some("/spa/a//b"), Some("/spa/a//b")),
        (Some("/_miandeng/?corpid=dingcorp1&agentid=123456"), None),
        (None, None),
    ];
    for (referer, expected) in referers {
        let referer = referer.map(|page| format!("Referer: {}{page}", site.url));
        for (line, mark) in [("POST /orders/7/delete", form), ("POST /upload", origin.as_str())] {
            let headers = [NAVIGATION[0], NAVIGATION[1], mark].map(str::to_owned).into_iter();
            let headers: Vec<String> = headers.chain(referer.clone()).collect();
            let answer = send(&site.url, line, &headers, "a=1").await;
            assert_eq!(answer.status, 302, "{line} {mark}: {}", answer.head);
            let location = answer.header("location").unwrap();
            assert_eq!(next(location).as_deref(), expected, "{line} {mark} {referer:?}");
        }
    }
    let foreign = ["Referer: https://evil.example/form".to_owned(), NAVIGATION[0].into(), origin.clone()];
    let answer = send(&site.url, "POST /orders", &foreign, "a=1").await;
    assert_eq!((answer.status, next(answer.header("location").unwrap())), (302, None), "{}", answer.head);
}

async fn k16_odd_addresses_are_returned_to(kind: Kind) {
    let site = site(kind).await;
    for path in [
        "/spa/a//b",
        "/view/https://x.example/doc",
        "/a;x=1/b",
        "/%E4%B8%AD%E6%96%87?q=%20+&x=%2F",
        "/a%2Fb/",
        "/search?q=C:\\x|y^z",
        "/x//",
    ] {
        let answer = get(&site, path, &NAVIGATION).await;
        assert_eq!(answer.status, 302, "{path}: {}", answer.head);
        assert_eq!(next(answer.header("location").unwrap()).as_deref(), Some(path));
    }
}

/// The page that a login page's address leads back to.
fn next(login: &str) -> Option<String> {
    assert!(!login.contains('#'), "a fragment of its own would replace the browser's: {login}");
    let (_, word) = login.split_once("next=")?;
    Some(String::from_utf8(URL_SAFE_NO_PAD.decode(word).unwrap()).unwrap())
}
