//! Requests that carry a body: the question of the guard and its refusal do not choke on it (K4), and the login is told
//! what kind of request was refused (K6).

use super::{behind_both, logged_in, site};
use crate::support::raw::{Answer, send};
use crate::support::recorder::value;
use crate::support::{Front, Kind, Recorder, Scheme, Site};

behind_both!(
    k04_uploads_of_any_size_are_judged_like_other_requests,
    k06_a_request_that_is_no_page_is_told_so,
    k06_the_login_learns_what_was_refused,
);

async fn k04_uploads_of_any_size_are_judged_like_other_requests(kind: Kind) {
    let site = Site::for_uploads(kind, Scheme::Http, |_, _| {}).await;
    let cookie = logged_in(&site).await;
    let chunked = "Transfer-Encoding: chunked".to_owned();
    for (method, size) in [
        ("POST", 5),
        ("POST", 17_000),
        ("PUT", 900_000),
        ("POST", 1_100_000),
        ("PATCH", 2_000_000),
        ("DELETE", 2_000_000),
        ("POST", 20_000_000),
    ] {
        let body = "x".repeat(size);
        let in_chunks = format!("{size:x}\r\n{body}\r\n0\r\n\r\n");
        let line = format!("{method} /orders/7/file");
        for (headers, sent) in [(vec![], &body), (vec![chunked.clone()], &in_chunks)] {
            let answer =
                send(&site.url, &line, &[&headers[..], std::slice::from_ref(&cookie)].concat(), sent).await;
            assert_eq!(answer.status, 200, "{line}, {size}, {headers:?}: {}", answer.body);
            let received = answer.json();
            assert_eq!(received["method"], method);
            assert!(received["body"] == body, "{line}, {size}, {headers:?}: another body");
            let answer = send(&site.url, &line, &headers, sent).await;
            assert_eq!(answer.status, 401, "{line}, {size}, {headers:?}: {}", answer.head);
            assert_eq!(answer.json()["error"]["code"], "no_session");
        }
    }
}

/// Where an engine says nothing of a request but that it would like HTML.
async fn k06_a_request_that_is_no_page_is_told_so(kind: Kind) {
    let site = site(kind).await;
    let html = ["Accept: text/html,application/xhtml+xml,*/*;q=0.8".to_owned()];
    let ask =
        async |method: &str| -> Answer { send(&site.url, &format!("{method} /orders/7"), &html, "").await };
    assert_eq!(ask("GET").await.status, 302);
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        let answer = ask(method).await;
        assert_eq!(answer.status, 401, "{method}: {}", answer.head);
        assert_eq!(answer.json()["error"]["code"], "no_session");
    }
}

async fn k06_the_login_learns_what_was_refused(kind: Kind) {
    let gateway = Recorder::start(|_| {
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
    })
    .await;
    let front = Front::plain(kind, [&gateway.address, "127.0.0.1:1"]).await;
    let said = [
        ("Accept", "text/html, */*; q=0.01"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "iframe"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-User", "?1"),
        ("Referer", "https://h5.example.com/orders?a=1"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("HX-Request", "true"),
        ("Accept-Language", "zh-CN"),
        ("Cookie", "a=1"),
    ];
    let mut headers: Vec<String> = said.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    headers.extend(["X-Forwarded-Method: LIE".to_owned(), "X-Forwarded-Uri: /lie".to_owned()]);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "HEAD"] {
        let target = "/orders/..%2f7//x?tab=%E5%85%A8+a&b=//c";
        let body = if method == "HEAD" { "" } else { "a=1" };
        let answer = send(front.url(), &format!("{method} {target}"), &headers, body).await;
        assert_eq!(answer.status, 401, "{method}: {}", answer.head);
        let head = gateway.heads().pop().unwrap();
        for (name, said) in said.iter().chain(&[("X-Forwarded-Method", method), ("X-Forwarded-Uri", target)])
        {
            assert_eq!(value(&head, name), Some(*said), "{name} in {head}");
        }
        assert!(!head.to_ascii_lowercase().contains("lie"), "{head}");
        // What follows the head would be taken for the next request.
        assert!(matches!(value(&head, "content-length"), None | Some("0")), "{head}");
        assert_eq!(value(&head, "transfer-encoding"), None, "{head}");
        assert_eq!(value(&head, "host"), Some(front.url().trim_start_matches("http://")), "{head}");
    }
}
