//! What a proxy hands on and miandeng does not take: a refusal all the same, never an error of the server's.

use super::{NAVIGATION, SCRIPT, behind_both, get, logged_in, site};
use crate::support::raw::send_http2;
use crate::support::{Kind, Scheme, Site};

behind_both!(a_cookie_with_a_control_character_is_no_error_of_the_server,);

/// 401 and a redirect by nginx; Caddy itself refuses the request.
async fn a_cookie_with_a_control_character_is_no_error_of_the_server(kind: Kind) {
    let site = site(kind).await;
    let session = logged_in(&site).await;
    // Without line feed and carriage return, which end a line.
    for control in (1..0x20u8).chain([0x7f]).filter(|control| !b"\n\r".contains(control)).map(char::from) {
        for cookies in [
            vec![format!("Cookie: a=b{control}c")],
            vec![format!("Cookie: {control}")],
            vec![format!("{session}; a={control}")],
            vec![format!("Cookie: a{control}=b; miandeng={control}"), session.clone()],
            vec![session.clone(), format!("Cookie: a={control}")],
        ] {
            for (mode, refused) in [(SCRIPT, 401), (NAVIGATION, 302)] {
                let headers: Vec<&str> = cookies.iter().map(String::as_str).chain(mode).collect();
                let answer = get(&site, "/orders", &headers).await;
                let expected: &[u16] = match (control, kind) {
                    ('\t', _) => &[200, refused],
                    (_, Kind::Nginx) => &[refused],
                    (_, Kind::Caddy) => &[400],
                };
                assert!(expected.contains(&answer.status), "{cookies:?}: {}", answer.head);
            }
        }
    }
    assert_eq!(get(&site, "/orders", &[&session]).await.status, 200);
}

/// Caddy ends the stream.
#[tokio::test]
async fn nor_to_nginx_over_http_2() {
    let site = Site::start(Kind::Nginx, Scheme::Http2, |_, _| {}).await;
    let session = logged_in(&site).await;
    for control in ['\u{1}', '\u{b}', '\u{1f}', '\u{7f}'] {
        for cookies in [format!("Cookie: a={control}"), format!("{session}; a={control}")] {
            let headers = [cookies, SCRIPT[0].to_owned()];
            let answer = send_http2(&site.url, "GET /orders", &headers).await;
            assert_eq!(answer.status, 401, "{headers:?}: {}", answer.head);
        }
    }
    assert_eq!(send_http2(&site.url, "GET /orders", &[session]).await.status, 200);
}

/// Other headers are refused with a status that says whose fault it is.
#[tokio::test]
async fn no_other_control_character_is_an_error_of_the_server() {
    for kind in [Kind::Nginx, Kind::Caddy] {
        let site = site(kind).await;
        for name in [
            "X-Foo",
            "Accept",
            "Referer",
            "Origin",
            "User-Agent",
            "X-Forwarded-Uri",
            "Sec-Fetch-Mode",
            "Authorization",
        ] {
            for control in ['\u{1}', '\u{b}', '\u{1f}', '\u{7f}'] {
                let header = format!("{name}: a{control}b");
                let status = get(&site, "/orders", &[&header]).await.status;
                assert!(matches!(status, 400 | 401), "{kind:?} {header:?}: {status}");
            }
        }
        for target in [
            "/or\u{1}ders",
            "/or\u{7f}ders",
            "/orders?a=\u{1}",
            "/orders?a=\u{7f}",
            "/or\u{e9}ders",
            "/orders?\u{e9}",
        ] {
            let status = get(&site, target, &[]).await.status;
            assert!(matches!(status, 400 | 401), "{kind:?} {target:?}: {status}");
        }
    }
}
