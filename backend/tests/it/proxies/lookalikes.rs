//! Characters that some programs turn into those that part a path, by Unicode's compatibility mappings (NFKC).

use super::{behind_both, get, site};
use crate::support::Kind;
use crate::support::raw::send;

behind_both!(no_character_passes_for_one_that_parts_a_path, what_no_program_reads_differently_is_not_odd,);

/// Every character whose NFKC form is or contains one of `. / \ ; % # ?`, by Python's `unicodedata`.
const LOOKALIKES: &str = "\u{37e}․‥…⁇⁈⁉℀℁℅℆⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛㏂㏇㏘︔︖︙︰﹒﹔﹖﹟﹨﹪＃％．／；？＼🄀";

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn no_character_passes_for_one_that_parts_a_path(kind: Kind) {
    let site = site(kind).await;
    let mut odd: Vec<String> = LOOKALIKES.chars().map(|c| encoded(&c.to_string())).collect();
    assert_eq!(odd.len(), 52);
    // The same seven in ASCII, and a dot in more bytes than it takes.
    odd.extend(["%2E", "%2F", "%5C", "%3B", "%25", "%23", "%3F"].map(str::to_owned));
    odd.extend(
        ["%C0%AE", "%E0%80%AE", "%F0%80%80%AE", "%F8%80%80%80%AE", "%FC%80%80%80%80%AE"].map(str::to_owned),
    );
    for one in odd.iter().flat_map(|one| [one.clone(), one.to_lowercase()]) {
        for path in [
            format!("/public/{one}/orders"),
            format!("/public/{one}{one}/orders"),
            format!("/public/x{one}y"),
        ] {
            for line in [format!("GET {path}"), format!("POST {path}"), format!("GET {path} HTTP/1.0")] {
                let status = send(&site.url, &line, &[], "").await.status;
                assert!(matches!(status, 400 | 401 | 404), "{line}: {status}");
            }
        }
    }
}

async fn what_no_program_reads_differently_is_not_odd(kind: Kind) {
    let site = site(kind).await;
    for target in [
        "/public/%7Ealice/x",
        "/public/%7ealice",
        "/public/a%2Db%2dc",
        "/public/a%5Fb%5f",
        "/public/a%20b%21%24%26%27%28%29%2A%2B%2C%3A%3D%40",
        "/public/%E2%80%9C%E5%BC%95%E5%8F%B7%E2%80%9D%E2%80%94%E2%80%94.pdf",
        "/public/%EF%BC%81%EF%BC%88%E4%B8%80%EF%BC%89%EF%BC%8C%EF%BC%9A%E3%80%82",
        "/public/%E2%91%A0%E2%84%83%E3%8E%A1",
        "/public/%F0%9F%98%80",
    ] {
        let answer = get(&site, target, &[]).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.head);
        assert_eq!(answer.json()["uri"], target);
    }
}
