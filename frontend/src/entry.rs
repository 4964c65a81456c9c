//! The address the page was opened with: which application, what to sign, where to go afterwards.

use crate::cut::cut;
use miandeng_shared::{AgentId, CorpId, return_path};

/// Read once, when the document starts: later the address may be another one, and DingTalk checks the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Missing too where DingTalk did not replace a literal `$CORPID$`.
    pub corp_id: Option<CorpId>,
    pub agent_id: Option<AgentId>,
    /// The address without fragment, which is what DingTalk signs.
    pub url: String,
    /// Its path, to recognise a deep link back to this very page.
    pub path: String,
    /// The deep link of the fragment, if it is a path on this origin.
    pub next: Option<String>,
}

impl Entry {
    /// Reads `location.href`.
    #[must_use]
    pub fn parse(href: &str) -> Self {
        let (url, fragment) = href.split_once('#').unwrap_or((href, ""));
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let after_scheme = cut(address, "://").map_or(address, |(_, rest)| rest);
        let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
        Self {
            corp_id: parameter(query, "corpid").and_then(|raw| CorpId::new(raw).ok()),
            agent_id: parameter(query, "agentid").and_then(|raw| AgentId::new(raw).ok()),
            url: url.to_owned(),
            path: path.to_owned(),
            next: next(fragment),
        }
    }

    /// True if `target`, a path on this origin, is the page that is already open: going there would come back here.
    #[must_use]
    pub fn is_here(&self, target: &str) -> bool {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        path.trim_end_matches('/') == self.path.trim_end_matches('/')
    }
}

/// Identifiers are plain ASCII, so an escaped value is not one and nothing needs decoding. The name may be spelled
/// `corpId` as well: consoles and older menus do.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}

/// `next=` takes the rest of the fragment. A value that starts with `/` is the path as it is; any other is
/// percent-encoded as a whole, as `encodeURIComponent` leaves it.
fn next(fragment: &str) -> Option<String> {
    let value = match fragment.strip_prefix("next=") {
        Some(value) => value,
        None => cut(fragment, "&next=")?.1,
    };
    let target = if value.starts_with('/') { value.to_owned() } else { percent_decode(value)? };
    return_path(&target)?;
    Some(target)
}

/// None where an escape is broken or the result is not text.
fn percent_decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(href: &str) -> (Option<String>, Option<String>) {
        let entry = Entry::parse(href);
        (entry.corp_id.map(String::from), entry.agent_id.map(String::from))
    }

    #[test]
    fn the_app_stands_in_the_query() {
        let both = (Some("ding1".to_owned()), Some("2147483648123".to_owned()));
        assert_eq!(app("https://h5.example.com/?corpid=ding1&agentid=2147483648123"), both);
        assert_eq!(app("https://h5.example.com/?agentId=2147483648123&x&corpId=ding1#next=/a"), both);
    }

    #[test]
    fn what_dingtalk_did_not_fill_in_is_missing() {
        for corp in ["$CORPID$", "%24CORPID%24", "", "a%20b", "企业"] {
            let (corp_id, agent_id) = app(&format!("http://127.0.0.1:8080/?corpid={corp}&agentid=1"));
            assert_eq!(corp_id, None, "{corp}");
            assert_eq!(agent_id.as_deref(), Some("1"));
        }
        assert_eq!(app("http://127.0.0.1:8080/"), (None, None));
        assert_eq!(app("http://127.0.0.1:8080/#?corpid=ding1&agentid=1"), (None, None));
    }

    #[test]
    fn the_fragment_is_not_signed() {
        let entry = Entry::parse("https://h5.example.com/_miandeng/?corpid=a&agentid=b#next=/x#y");
        assert_eq!(entry.url, "https://h5.example.com/_miandeng/?corpid=a&agentid=b");
        assert_eq!(entry.path, "/_miandeng/");
        assert_eq!(entry.next.as_deref(), Some("/x#y"));
        assert_eq!(Entry::parse("https://h5.example.com").path, "/");
    }

    #[test]
    fn next_raw_or_encoded() {
        for (fragment, expected) in [
            ("next=/orders/7?tab=a&x=1", Some("/orders/7?tab=a&x=1")),
            ("next=%2Forders%2F7%3Ftab%3Da%26x%3D1", Some("/orders/7?tab=a&x=1")),
            ("next=/%E4%B8%AD", Some("/%E4%B8%AD")),
            ("next=%2F%25E4%25B8%25AD", Some("/%E4%B8%AD")),
            ("a=1&next=/b", Some("/b")),
            ("next=", None),
            ("next=%2", None),
            ("next=%zz", None),
            ("next=%ff", None),
            ("next=https://evil.example", None),
            ("next=%2F%2Fevil.example", None),
            ("next=//evil.example", None),
            ("next=javascript:alert(1)", None),
            ("/route", None),
            ("", None),
        ] {
            assert_eq!(next(fragment).as_deref(), expected, "{fragment}");
        }
    }

    #[test]
    fn s08_a_hostile_next_is_ignored_raw_and_encoded() {
        let targets: serde_json::Value =
            serde_json::from_str(include_str!("../../shared/tests/hostile_targets.json")).unwrap();
        let page = "https://h5.example.com/?corpid=ding1&agentid=1";
        let encoded = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
        for target in targets["refused"].as_array().unwrap() {
            let target = target.as_str().unwrap();
            for fragment in [target.to_owned(), encoded(target), format!("{}&next={target}", encoded(target))]
            {
                let entry = Entry::parse(&format!("{page}#next={fragment}"));
                assert_eq!((entry.next, entry.url.as_str()), (None, page), "{fragment:?}");
            }
        }
        for target in targets["harmless"].as_array().unwrap() {
            let target = target.as_str().unwrap();
            for fragment in [target.to_owned(), encoded(target)] {
                assert_eq!(Entry::parse(&format!("{page}#next={fragment}")).next.as_deref(), Some(target));
            }
        }
    }

    #[test]
    fn a_link_to_this_page_is_recognised() {
        let entry = Entry::parse("https://h5.example.com/app/?corpid=a");
        for (target, here) in
            [("/app/", true), ("/app", true), ("/app/?x=1#y", true), ("/", false), ("/app/x", false)]
        {
            assert_eq!(entry.is_here(target), here, "{target}");
        }
        assert!(Entry::parse("https://h5.example.com/?corpid=a").is_here("/"));
    }
}
