//! Visitors who write the identity headers themselves (S4, S5, S6).

use super::{SCRIPT, behind_both, get, identity, logged_in, site, value_of};
use crate::support::raw::send;
use crate::support::{IDENTITY, Kind, Site};

behind_both!(
    s5_identity_headers_cannot_be_spoofed_in_any_spelling,
    s6_connection_cannot_take_identity_headers_away,
    s4_somebody_without_a_user_id_cannot_claim_one,
);

/// Every way to write `name` that some program takes for it: all choices of dash, underscore and dot, in three cases.
fn spellings(name: &str) -> Vec<String> {
    let mut spelt = vec![String::new()];
    for part in name.split('-') {
        let begun = std::mem::take(&mut spelt);
        for beginning in begun {
            match beginning.as_str() {
                "" => spelt.push(part.to_owned()),
                beginning => spelt.extend(["-", "_", "."].map(|dash| format!("{beginning}{dash}{part}"))),
            }
        }
    }
    let cased = spelt.iter().flat_map(|name| [name.clone(), name.to_lowercase(), name.to_uppercase()]);
    cased.collect()
}

/// Header lines that try to say "evil" for `name`.
pub fn attempts(name: &str) -> Vec<Vec<String>> {
    let mut attempts: Vec<Vec<String>> =
        spellings(name).into_iter().map(|name| vec![format!("{name}: evil")]).collect();
    let underscores = name.replace('-', "_");
    attempts.extend([
        // Doubled, and both spellings at once.
        vec![format!("{name}: evil"), format!("{name}: evil2")],
        vec![format!("{name}: evil"), format!("{underscores}: evil")],
        // Named in Connection, before and after, and in other spellings.
        vec![format!("Connection: {name}"), format!("{name}: evil")],
        vec![format!("Connection: close, {}", name.to_lowercase()), format!("{underscores}: evil")],
        vec![format!("{name}: evil"), format!("connection: {underscores}")],
        // What lenient parsers take for the header.
        vec![format!("{name} : evil")],
        vec![format!(" {name}: evil")],
        vec![format!("\t{name}: evil")],
        vec![format!("X-Other: 1\r\n {name}: evil")],
        vec![format!("{name}\0: evil")],
        vec![format!("Trailer: {name}"), format!("{name}: evil")],
        vec![format!("Proxy-Connection: {name}"), format!("Keep-Alive: {name}"), format!("{name}: evil")],
    ]);
    attempts
}

/// What the application finds under each of the names; none of it may be the visitor's.
async fn seen_by_the_application(site: &Site, path: &str, headers: &[String]) -> Option<Vec<String>> {
    let answer = send(&site.url, &format!("GET {path}"), headers, "").await;
    if answer.status != 200 {
        // A proxy that refuses the request as malformed is right too.
        assert_eq!(answer.status, 400, "{headers:?}: {}", answer.head);
        return None;
    }
    let identity = identity(&answer.json());
    assert!(!identity.iter().any(|(_, value)| value.contains("evil")), "{headers:?}: {identity:?}");
    let names = IDENTITY.iter().skip(1).map(|name| name.replace('-', "_").to_uppercase());
    Some(names.map(|name| value_of(&identity, &name)).collect())
}

async fn s5_identity_headers_cannot_be_spoofed_in_any_spelling(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let honest = seen_by_the_application(&site, "/orders", std::slice::from_ref(&cookie)).await.unwrap();
    assert!(honest.contains(&"userid-employee-dingcorp1".to_owned()), "{honest:?}");
    for mut headers in IDENTITY.into_iter().flat_map(attempts) {
        // Nobody: not let in, whatever he says. Where no login is needed he is nobody.
        let answer = send(&site.url, "GET /orders", &headers, "").await;
        assert!(matches!(answer.status, 400 | 401), "{headers:?}: {}", answer.head);
        if let Some(seen) = seen_by_the_application(&site, "/public/prices", &headers).await {
            assert!(seen.iter().all(String::is_empty), "{headers:?}: {seen:?}");
        }
        // Somebody, who would like to be somebody else.
        headers.push(cookie.clone());
        if let Some(seen) = seen_by_the_application(&site, "/orders", &headers).await {
            assert_eq!(seen, honest, "{headers:?}");
        }
    }
}

async fn s6_connection_cannot_take_identity_headers_away(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let honest = seen_by_the_application(&site, "/orders", std::slice::from_ref(&cookie)).await.unwrap();
    for name in IDENTITY {
        for connection in [
            format!("Connection: {name}"),
            format!("connection: close, {}", name.to_lowercase()),
            format!("CONNECTION: {},keep-alive,{name}", name.to_uppercase()),
            format!("Connection: {}", name.replace('-', "_")),
        ] {
            let headers = [connection, cookie.clone()];
            let seen = seen_by_the_application(&site, "/orders", &headers).await;
            assert_eq!(seen.as_ref(), Some(&honest), "{headers:?}");
        }
    }
    // Without the cookie the question is decided, and against the visitor.
    let headers = ["Connection: Cookie", &cookie, SCRIPT[0]];
    assert!(matches!(get(&site, "/orders", &headers).await.status, 200 | 401));
}

async fn s4_somebody_without_a_user_id_cannot_claim_one(kind: Kind) {
    let site = site(kind).await;
    let mut person = site.visitor();
    person.name = "stranger";
    assert_eq!(person.login().await.status(), 200);
    let cookie = format!("Cookie: {}", person.cookie_header().unwrap());
    for mut headers in attempts("X-Miandeng-User-Id") {
        headers.push(cookie.clone());
        if let Some(seen) = seen_by_the_application(&site, "/orders", &headers).await {
            assert_eq!(seen.last().unwrap(), "", "{headers:?}");
            assert_eq!(seen[0], "dingcorp1");
        }
    }
}
