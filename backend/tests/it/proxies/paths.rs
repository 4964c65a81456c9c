//! The path that is judged is the path that the application gets: proxies choose the guard by a path that they have tidied,
//! and many applications route by the one that was sent.

use super::{behind_both, get, logged_in, site};
use crate::support::raw::{send, send_http2};
use crate::support::{Kind, Scheme, Site, shipped};

behind_both!(
    no_path_is_public_in_one_reading_and_guarded_in_another,
    nor_over_http_2,
    ordinary_requests_arrive_unchanged,
    what_needs_no_login_keeps_its_ordinary_addresses,
);

/// Some programs read these as something under `/public/`, and others as something else.
pub const ODD: [&str; 81] = [
    "/orders/../public/x",
    "/orders/..%2fpublic/x",
    "/orders/..%2Fpublic/x",
    "/orders/%2e%2e/public/x",
    "/orders/%2E%2E%2Fpublic%2Fx",
    "/orders/.%2e/public/x",
    "/orders/%2e./public/x",
    "/orders//../public/x",
    "/orders/..//public/x",
    "/orders/7/delete/..%2f..%2f..%2fpublic/x",
    "/api/customers/42%2f..%2f..%2f..%2fpublic%2f",
    "/orders/..%5cpublic/x",
    "/orders/..\\public/x",
    "/orders\\..\\public/x",
    "/orders/..;/public/x",
    "/orders;x/../public/x",
    "/orders/x%00/../../public/x",
    "/orders#/../public/x",
    "/orders%23/../public/x",
    "/orders%3f/../public/x",
    "/./public/x",
    "/%2e/public/x",
    "//public/x",
    "///public/x",
    "/%2fpublic/x",
    "/public%2fx",
    "/public%2f..%2forders",
    "/public%5cx",
    "/public\\x",
    "/public;/x",
    "/public;x=1/../orders",
    "/%70ublic/x",
    "/publi%63/x",
    "/%50ublic/x",
    "/public/..",
    "/public/%2e%2e",
    "/public/../orders",
    "/public/%2e%2e/orders",
    "/public/%2E%2e/orders",
    "/public/..%2forders",
    "/public/..%5corders",
    "/public/..\\orders",
    "/public/%5c..%5corders",
    "/public/x\\..\\..\\orders",
    "/public/x\\y",
    "/public/x%5c..%5c..%5corders",
    "/public/x;/../..;/orders",
    "/public/..;/orders",
    "/public/..;a=b/orders",
    "/public/%3b/../orders",
    "/public/x;y=1",
    "/public/;/x",
    "/public/.%00./orders",
    "/public/..%00/orders",
    "/public/%00/x",
    "/public/..%0d/orders",
    "/public/%09../orders",
    "/public/..%20/orders",
    "/public/.%20/x",
    "/public/.../orders",
    "/public/./x",
    "/public/x/.",
    "/public/x/..",
    "/public/x/../../public/y",
    "/public//x",
    "/public/x//..//..//orders",
    "/public/x#/../../orders",
    "/public/x%23/../../orders",
    "/public/x%3f/../../orders",
    "/public/%252e%252e/orders",
    "/public/%252e%252e%252forders",
    "/public/%25%32%65/orders",
    "/public/%c0%ae%c0%ae/orders",
    "/public/..%e0%80%aforders",
    "/public/%ef%bc%8e%ef%bc%8e/orders",
    "/public/..%ef%bc%bcorders",
    "/public/%e2%80%a5/orders",
    "/public/%E2%80%A4%E2%80%A4/orders",
    "/public/%EF%B9%92%EF%B9%92%EF%B9%A8orders",
    "/public/x%3f.css",
    "/public/x%23.css",
];

/// There is no session, so none of these may reach the application, which answers everything with 200.
async fn no_path_is_public_in_one_reading_and_guarded_in_another(kind: Kind) {
    let site = site(kind).await;
    for path in ODD {
        for line in [
            format!("GET {path}"),
            format!("POST {path}"),
            format!("GET {path} HTTP/1.0"),
            format!("POST {path} HTTP/1.0"),
            format!("GET {}{path}", site.url),
        ] {
            let body = if line.starts_with("POST") { "a=1" } else { "" };
            let answer = send(&site.url, &line, &[], body).await;
            assert!(matches!(answer.status, 400 | 401 | 404), "{line}: {}\n{}", answer.head, answer.body);
        }
    }
}

async fn nor_over_http_2(kind: Kind) {
    let site = Site::start(kind, Scheme::Http2, |_, _| {}).await;
    assert_eq!(send_http2(&site.url, "GET /public/x", &[]).await.json()["uri"], "/public/x");
    // curl keeps what it takes for a fragment to itself.
    for path in ODD.into_iter().filter(|path| !path.contains('#')) {
        for line in [format!("GET {path}"), format!("POST {path}")] {
            let answer = send_http2(&site.url, &line, &[]).await;
            assert!(matches!(answer.status, 400 | 401 | 404), "{line}: {}\n{}", answer.head, answer.body);
        }
    }
}

/// One expression, to the letter, in both files.
#[test]
fn both_proxies_refuse_the_same_paths() {
    let expression = |name: &str| -> String {
        let text = shipped::file(name);
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("^[^?]*")).collect();
        assert_eq!(lines.len(), 1, "{name}");
        let rest = lines[0].split("^[^?]*").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    assert_eq!(expression("deploy/nginx/http.conf"), expression("deploy/caddy/Caddyfile"));
}

/// What people do have in their addresses, also where other gateways refuse it.
const ORDINARY: [&str; 64] = [
    "/",
    "/orders",
    "/orders/",
    "/orders/7",
    "/orders/7.json",
    "/Orders/7",
    "/a/b/c/d/e/f",
    "/index.php/orders/7",
    "/public",
    "/publicity/x",
    "/orders/public/x",
    "/.well-known/x",
    "/a/.hidden",
    "/a/..hidden",
    "/a/b..c",
    "/compare/main...feature",
    "/v1.2/x.",
    "/~alice/x",
    "/@alice/x",
    "/a:b",
    "/a,b",
    "/a(b)c",
    "/a'b",
    "/a*b!",
    "/a$b&c=d",
    "/a+b",
    "/a;b=c/d",
    "/a=b",
    "/a%20b",
    "/a%2Bb",
    "/a%2Fb",
    "/a%2fb/c%2Fd",
    "/a%5Cb",
    "/a%3Fb",
    "/a%23b",
    "/a%25b",
    "/100%25",
    "/%61bc",
    "/%E4%B8%AD%E6%96%87",
    "/%e4%b8%ad%e6%96%87/%E8%AE%A2%E5%8D%95",
    "/%EF%BC%88%E6%96%B0%EF%BC%89.pdf",
    "/%C0%EE",
    "/spa/a//b",
    "/a///b/",
    "/view/https://x.example/doc",
    "/view/https:%2F%2Fx.example%2Fdoc",
    "/orders?",
    "/orders?tab",
    "/orders?tab=%E5%85%A8%E9%83%A8&x=a+b",
    "/orders?q=%20a%20%2B%20b+c",
    "/orders?next=/a/../b",
    "/orders?next=//evil.example/x",
    "/orders?next=https://x.example/a//b?c=d",
    "/orders?a=../../etc&b=..%2f..",
    "/orders?a=1&a=2&a=",
    "/orders?a[]=1&b[x]=%5B%5D",
    "/orders?a;b;c",
    "/orders?a=%00%0a",
    "/orders?x=%2F%3F%23%26%3D%25",
    "/orders?{a:1}",
    "/orders?a?b?c",
    "/?corpid=dingother&agentid=1",
    "/orders?a=%zz",
    "/orders/7?mode=redirect&corpid=x",
];

async fn ordinary_requests_arrive_unchanged(kind: Kind) {
    let site = site(kind).await;
    let cookie = logged_in(&site).await;
    for target in ORDINARY {
        // nginx sends people from /public to the location /public/.
        if kind == Kind::Nginx && target == "/public" {
            continue;
        }
        let answer = get(&site, target, &[&cookie]).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.body);
        let received = answer.json();
        assert_eq!((&received["uri"], &received["method"]), (&target.into(), &"GET".into()));
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        for (length, body) in [(0, String::new()), (11, "文 a=1&b=2".into()), (70_000, "x".repeat(70_000))] {
            let answer =
                send(&site.url, &format!("{method} /orders/7?a=b"), std::slice::from_ref(&cookie), &body)
                    .await;
            let received = answer.json();
            let expected = (method.into(), "/orders/7?a=b".into(), body.into());
            assert!(
                (&received["method"], &received["uri"], &received["body"])
                    == (&expected.0, &expected.1, &expected.2),
                "{method} of {length}"
            );
        }
    }
}

/// Without a login.
async fn what_needs_no_login_keeps_its_ordinary_addresses(kind: Kind) {
    let site = site(kind).await;
    for target in [
        "/public/",
        "/public/x",
        "/public/a/b.css?v=1.2.3",
        "/public/.well-known/x",
        "/public/v1.2/x.",
        "/public/a..b",
        "/public/a%20b",
        "/public/a+b",
        "/public/@scope/x",
        "/public/%40scope/x",
        "/public/x:y,z",
        "/public/a%26b%3D%2Bc",
        "/public/%5Bid%5D-1a2b.js",
        "/public/[id]-1a2b.js",
        "/public/%E4%B8%AD%E6%96%87",
        "/public/%EF%BC%88%E6%96%B0%EF%BC%89.pdf",
        "/public/x?next=/a/../b//c;d\\e%2f..%00",
        "/public/?/../../orders",
    ] {
        let answer = get(&site, target, &[]).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.head);
        assert_eq!(answer.json()["uri"], target);
    }
}
