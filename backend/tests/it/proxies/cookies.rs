//! S30: the application never gets miandeng's cookies, whatever stands beside them, and always its own (pentest 5).

use super::{behind_both, logged_in, site};
use crate::support::raw::{send, send_http2};
use crate::support::{Kind, Scheme, Site};
use serde_json::Value;

behind_both!(
    no_decoy_in_any_order_gives_the_session_to_the_application,
    nor_over_http_2_in_fields_of_their_own,
    the_sessions_of_many_applications_cost_none_its_own_cookies,
    names_that_only_look_like_ours_stay,
    blanks_and_tabs_before_the_first_cookie_hide_nothing,
);

/// Cookies as a program finds them.
fn split(line: &str) -> Vec<&str> {
    line.split(';').map(|pair| pair.trim_matches([' ', '\t'])).filter(|pair| !pair.is_empty()).collect()
}

/// All `Cookie` lines that the application received.
fn received(answer: &Value) -> String {
    let headers = answer["headers"].as_array().unwrap().iter();
    let lines = headers.filter(|header| header[0] == "cookie").map(|header| header[1].as_str().unwrap());
    lines.collect::<Vec<_>>().join("; ")
}

/// Every order of `all`.
fn orders<'a>(all: &[&'a str]) -> Vec<Vec<&'a str>> {
    let Some((last, others)) = all.split_last() else { return vec![vec![]] };
    let shorter = orders(others);
    let with_last =
        |order: &Vec<&'a str>, place: usize| [&order[..place], &[*last], &order[place..]].concat();
    shorter.iter().flat_map(|order| (0..=order.len()).map(|place| with_last(order, place))).collect()
}

/// `ours` with the application's own cookies in some of the places before, between and behind: in each choice of places.
fn among_others(ours: &[&str]) -> Vec<(Vec<String>, Vec<String>)> {
    let others = ["theme=dark", "lang=\"zh; CN\"", "csrf=a=b==", "JSESSIONID=1A.2B"];
    let choices = 0..1 << (ours.len() + 1);
    let mixed = choices.map(|chosen: usize| {
        let (mut sent, mut kept) = (Vec::new(), Vec::new());
        for (place, other) in others.iter().enumerate().take(ours.len() + 1) {
            if chosen >> place & 1 == 1 {
                sent.push((*other).to_owned());
                kept.push((*other).to_owned());
            }
            sent.extend(ours.get(place).map(|&cookie| cookie.to_owned()));
        }
        (sent, kept)
    });
    mixed.collect()
}

async fn blanks_and_tabs_before_the_first_cookie_hide_nothing(kind: Kind) {
    let site = site(kind).await;
    let session = logged_in(&site).await;
    let session = session.strip_prefix("Cookie: ").unwrap();
    for path in ["/orders", "/public/prices"] {
        for blanks in ["\t", "\t ", " \t", "\t\t", "  "] {
            for own in ["", "; theme=dark"] {
                let line = format!("Cookie:{blanks}{session}{own}");
                let answer = send(&site.url, &format!("GET {path}"), std::slice::from_ref(&line), "").await;
                assert_eq!(split(&received(&answer.json())), split(own), "{line}");
            }
        }
    }
}

async fn no_decoy_in_any_order_gives_the_session_to_the_application(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    let session = cookie.strip_prefix("Cookie: ").unwrap();
    // Among them the session, whatever its name.
    let pairs = split(session);
    assert!(pairs.iter().all(|pair| pair.starts_with("miandeng")), "{pairs:?}");
    let values: Vec<&str> = pairs.iter().map(|pair| pair.split_once('=').unwrap().1).collect();
    let decoys = ["miandeng=1", "__Host-miandeng=1", "miandeng-1a2b=x", "__Host-miandeng-ff=", "miandeng"];
    let mut sets: Vec<Vec<&str>> = vec![vec![session]];
    for (at, decoy) in decoys.iter().enumerate() {
        sets.extend(orders(&[session, decoy]));
        sets.extend(orders(&[session, decoy, decoys[(at + 1) % decoys.len()]]));
    }
    for set in sets {
        for (sent, kept) in among_others(&set) {
            // What has a guard and what has none get their cookies by the same lines.
            let path = if set.len() < 3 { "/orders" } else { "/public/prices" };
            for separator in ["; ", " ;\t"] {
                let line = format!("Cookie: {}", sent.join(separator));
                let answer = send(&site.url, &format!("GET {path}"), std::slice::from_ref(&line), "").await;
                let found = received(&answer.json());
                assert!(!values.iter().any(|value| found.contains(value)), "{line}: {found}");
                assert_eq!(split(&found), split(&kept.join("; ")), "{line}");
            }
        }
    }
}

/// HTTP/2 lets a browser send each cookie as a header of its own; some clients do so in HTTP/1.1.
async fn nor_over_http_2_in_fields_of_their_own(kind: Kind) {
    let site = Site::start(kind, Scheme::Http2, |_, _| {}).await;
    let cookie = logged_in(&site).await;
    let session = split(cookie.strip_prefix("Cookie: ").unwrap());
    assert!(session.iter().all(|pair| pair.starts_with("__Host-miandeng")), "{session:?}");
    let plain = site.before(kind, &site.app.address).await;
    let together = session.join("; ");
    for set in orders(&[&together, "miandeng=1", "theme=dark"]).into_iter().chain(orders(&[&together, "a=1"]))
    {
        let fields: Vec<String> = set.iter().map(|cookie| format!("Cookie: {cookie}")).collect();
        let line = [format!("Cookie: {}", set.join("; "))];
        for path in ["/orders", "/public/prices"] {
            for answer in [
                send_http2(&site.url, &format!("GET {path}"), &fields).await,
                send_http2(&site.url, &format!("GET {path}"), &line).await,
                send(plain.url(), &format!("GET {path}"), &fields, "").await,
            ] {
                let found = received(&answer.json());
                let kept: Vec<&str> = set.iter().copied().filter(|c| !c.contains("miandeng")).collect();
                assert_eq!(split(&found), kept, "{fields:?} at {path}");
            }
        }
    }
}

async fn the_sessions_of_many_applications_cost_none_its_own_cookies(kind: Kind) {
    let site = site(kind).await;
    let ours: Vec<String> = (0..8).map(|app| format!("__Host-miandeng-{app:04x}=secret{app}")).collect();
    for apart in 0..8 {
        // In blocks, beside one another, and each between two of the application's.
        let mut sent = vec!["first=1".to_owned()];
        for (number, cookie) in ours.iter().enumerate() {
            sent.push(cookie.clone());
            if number <= apart {
                sent.push(format!("own{number}=%E4%B8%AD"));
            }
        }
        let line = format!("Cookie: {}", sent.join("; "));
        let found = received(&send(&site.url, "GET /public/x", &[line], "").await.json());
        let kept: Vec<String> = sent.into_iter().filter(|cookie| !cookie.contains("miandeng")).collect();
        assert_eq!(split(&found), kept);
    }
    // A browser holds 180 cookies of a site, and all of them may be set.
    let many: String = (0..180).map(|number| format!("miandeng{number}=secret; a{number}=1; ")).collect();
    let found = received(&send(&site.url, "GET /public/x", &[format!("Cookie: {many}")], "").await.json());
    assert!(!found.contains("secret"), "{found}");
}

async fn names_that_only_look_like_ours_stay(kind: Kind) {
    let site = site(kind).await;
    for own in [
        "my_miandeng=1",
        "xmiandeng=1",
        "__Host-my-miandeng=1",
        "__Secure-miandeng=1",
        "Miandeng=1",
        "x=miandeng=1",
        "x=\"miandeng=1\"",
        "x=__Host-miandeng=1",
        "=x",
        "x",
        "-miandeng=1",
    ] {
        for line in [own.to_owned(), format!("miandeng=s; {own}"), format!("{own}; miandeng=s; {own}")] {
            let answer = send(&site.url, "GET /public/x", &[format!("Cookie: {line}")], "").await;
            let found = received(&answer.json());
            let kept: Vec<&str> = split(&line).into_iter().filter(|cookie| *cookie != "miandeng=s").collect();
            assert_eq!(split(&found), kept, "{line}");
        }
    }
}
