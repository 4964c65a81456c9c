//! Where a person may be sent after the login: one rule for the page and the server.

/// A deep link longer than this is not one.
const MAX_LEN: usize = 2048;

/// Accepts `raw` as a return target if it is a path on this origin, with query and fragment as they are.
///
/// Refused is everything that any URL parser might read as another host or scheme: no leading `/`, `//`, `/\`,
/// backslashes and control characters anywhere, dot segments and encoded slashes or backslashes at the front, and
/// characters outside printable ASCII (a browser sends those encoded).
#[must_use]
pub fn return_path(raw: &str) -> Option<&str> {
    let path = raw.split(['?', '#']).next().unwrap_or_default();
    let plain = raw.len() <= MAX_LEN && raw.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let lower = path.to_ascii_lowercase();
    let rooted = path.starts_with('/') && !path.as_bytes().windows(2).any(|pair| pair == b"//");
    let encoded_front = ["/%2f", "/%5c", "/%09", "/%0a", "/%0d"].iter().any(|front| lower.starts_with(front));
    // Spelled out and not replaced: the page has no use for a search for text beside its own, which is small.
    let dots =
        lower.split('/').any(|segment| matches!(segment, "." | ".." | "%2e" | ".%2e" | "%2e." | "%2e%2e"));
    (plain && rooted && !encoded_front && !dots).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_links_keep_their_query() {
        for raw in ["/", "/orders/7?tab=a&x=%E4%B8%AD#top", "/a?next=//b", "/a#/route", "/%E4%B8%AD"] {
            assert_eq!(return_path(raw), Some(raw));
        }
    }

    #[test]
    fn other_hosts_are_refused() {
        for raw in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "http:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\tevil",
            "/\nevil",
            " /a",
            "/a b",
            "/\u{a0}a",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/%5Cevil",
            "/%09/evil.example",
            "/./\\evil",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e%2e//evil",
            "/a//b",
            "/../evil",
            "/a/../b",
            "/%2E/a",
            "?next=/a",
            "#/a",
            "@evil.example",
            "/中",
        ] {
            assert_eq!(return_path(raw), None, "{raw:?}");
        }
        assert_eq!(return_path(&format!("/{}", "a".repeat(2048))), None);
    }
}
