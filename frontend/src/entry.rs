//! The address the page was opened with: which application, what to sign, where to go afterwards.

use miandeng_shared::{
    Address, AgentId, AppId, CorpId, Unnamed, cut, next_in, percent_decode, return_path, to_return_path,
};

/// Read once, when the document starts: later the address may be another one, and DingTalk checks the entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub corp_id: Result<CorpId, Unnamed>,
    pub agent_id: Result<AgentId, Unnamed>,
    /// The address without fragment, which is what DingTalk signs.
    pub url: String,
    /// Its path, to recognise a deep link back to this very page.
    pub path: String,
    /// Where to go after the login, a path on this origin.
    pub next: Option<String>,
    /// The code of the error that a login by redirects has ended with.
    pub error: Option<String>,
}

impl Entry {
    /// Reads `location.href`.
    #[must_use]
    pub fn parse(href: &str) -> Self {
        let (url, fragment) = href.split_once('#').unwrap_or((href, ""));
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let after_scheme = cut(address, "://").map_or(address, |(_, rest)| rest);
        let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
        let Address { corp_id, agent_id, error, .. } = Address::read(query);
        let (url, path) = (url.to_owned(), path.to_owned());
        let next = match next_in(query) {
            Some(target) => Some(with_fragment(target, fragment)),
            None => in_fragment(fragment),
        };
        Self { corp_id, agent_id, url, path, next, error }
    }

    /// The application, where the address names one.
    #[must_use]
    pub fn app(&self) -> Option<AppId> {
        Some(AppId::new(self.corp_id.clone().ok()?, self.agent_id.clone().ok()?))
    }

    /// True if `target`, a path on this origin, is the page that is already open: going there would come back here.
    #[must_use]
    pub fn is_here(&self, target: &str) -> bool {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        path.trim_end_matches('/') == self.path.trim_end_matches('/')
    }
}

/// The page that a guard sent here, with the fragment that it was opened with: no request carries a fragment, but a
/// browser keeps it through redirects. One that cannot come along is dropped.
fn with_fragment(target: String, fragment: &str) -> String {
    let mut whole = target.clone();
    whole.push('#');
    whole.push_str(fragment);
    let joined = !fragment.is_empty() && !target.contains('#') && return_path(&whole).is_some();
    if joined { whole } else { target }
}

/// `next=` takes the rest of the fragment. A value that starts with `/` is the path as it is; any other is
/// percent-encoded as a whole, as `encodeURIComponent` leaves it.
fn in_fragment(fragment: &str) -> Option<String> {
    let value = match fragment.strip_prefix("next=") {
        Some(value) => value,
        None => cut(fragment, "&next=")?.1,
    };
    if value.starts_with('/') { to_return_path(value) } else { to_return_path(&percent_decode(value)?) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miandeng_shared::encode_next;

    #[test]
    fn the_app_stands_in_the_query() {
        for href in [
            "https://h5.example.com/?corpid=ding1&agentid=2147483648123",
            "https://h5.example.com/?agentId=2147483648123&x&corpId=ding1#next=/a",
        ] {
            let entry = Entry::parse(href);
            assert_eq!(entry.corp_id.unwrap().as_str(), "ding1");
            assert_eq!(entry.agent_id.unwrap().as_str(), "2147483648123");
        }
        for href in ["http://127.0.0.1:8080/", "http://127.0.0.1:8080/#?corpid=ding1&agentid=1"] {
            let entry = Entry::parse(href);
            assert_eq!((entry.corp_id, entry.agent_id), (Err(Unnamed::Missing), Err(Unnamed::Missing)));
        }
    }

    /// The place to return to that a guard's redirect to the login names.
    fn guarded(path: &str, fragment: &str) -> Option<String> {
        let query = format!("?corpid=ding1&agentid=1&next={}", encode_next(path));
        let entry = Entry::parse(&format!("https://h5.example.com/_miandeng/{query}{fragment}"));
        assert_eq!(
            entry.url,
            format!("https://h5.example.com/_miandeng/{query}"),
            "the query is signed as it is"
        );
        entry.next
    }

    #[test]
    fn k03_the_fragment_that_the_browser_kept_belongs_to_the_way_back() {
        for (path, fragment, expected) in [
            ("/spa/", "#/orders/5", "/spa/#/orders/5"),
            ("/spa/", "#!/orders/5?tab=a&x=1", "/spa/#!/orders/5?tab=a&x=1"),
            (
                "/spa/?a=%E4%B8%AD&b=c+d",
                "#/orders?q=%E4%B8%AD",
                "/spa/?a=%E4%B8%AD&b=c+d#/orders?q=%E4%B8%AD",
            ),
            ("/", "#a=b", "/#a=b"),
            ("/docs", "#chapter-2", "/docs#chapter-2"),
            // A fragment of the application's own, whatever it looks like.
            ("/docs", "#next=/elsewhere", "/docs#next=/elsewhere"),
            ("/docs", "#next=https://evil.example/", "/docs#next=https://evil.example/"),
            ("/docs", "#//evil.example", "/docs#//evil.example"),
            ("/docs", "#", "/docs"),
            ("/docs", "", "/docs"),
            ("/docs#own", "#theirs", "/docs#own"),
        ] {
            assert_eq!(guarded(path, fragment).as_deref(), Some(expected), "{path} {fragment}");
        }
    }

    #[test]
    fn k03_a_fragment_that_cannot_come_along_costs_the_fragment_only() {
        for fragment in ["#/搜索", "#a b", &format!("#{}", "x".repeat(4000))] {
            assert_eq!(guarded("/spa/", fragment).as_deref(), Some("/spa/"), "{fragment}");
        }
    }

    #[test]
    fn k03_a_hostile_word_is_ignored_and_the_menus_own_way_stays() {
        let page = "https://h5.example.com/?corpid=ding1&agentid=1";
        let hostile =
            ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""];
        // What is no word at all, and what is one of no path.
        for word in hostile.map(encode_next).iter().map(String::as_str).chain(["%", "L2E=L2E", "a"]) {
            let entry = |fragment: &str| Entry::parse(&format!("{page}&next={word}{fragment}")).next;
            assert_eq!(entry("#/x"), None, "{word}");
            assert_eq!(entry("#next=/orders").as_deref(), Some("/orders"), "{word}");
        }
    }

    #[test]
    fn the_query_names_a_path_as_well_as_its_word() {
        for (query, expected) in [
            ("next=/orders", Some("/orders")),
            ("next=%2Forders%2F7%3Ftab%3Da", Some("/orders/7?tab=a")),
            ("next=L29yZGVycw", Some("/orders")),
            ("next=//evil.example", None),
            ("next=%2F%2Fevil.example", None),
            ("next=https://evil.example/", None),
        ] {
            let entry = Entry::parse(&format!("https://h5.example.com/?corpid=ding1&agentid=1&{query}"));
            assert_eq!(entry.next.as_deref(), expected, "{query}");
        }
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
            ("next=%2Forders%3Fname%3D%E5%BC%A0%E4%B8%89", Some("/orders?name=%E5%BC%A0%E4%B8%89")),
            ("next=%2Fa%20b", Some("/a%20b")),
            ("next=/中", Some("/%E4%B8%AD")),
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
            assert_eq!(in_fragment(fragment).as_deref(), expected, "{fragment}");
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
            for fragment in [target.to_owned(), encoded(target)] {
                let entry = Entry::parse(&format!("{page}#next={fragment}"));
                assert_eq!((entry.next, entry.url.as_str()), (None, page), "{fragment:?}");
            }
            // All of it is one value, and never its second part alone.
            let twice = format!("{}&next={target}", encoded(target));
            let entry = Entry::parse(&format!("{page}#next={twice}"));
            assert_eq!(entry.url, page);
            assert!(entry.next.is_none_or(|next| next == format!("{target}&next={target}")), "{twice:?}");
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
