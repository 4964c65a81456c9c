//! Issues 10 (finding 4, 13) and 11 (K15, K18): which cookies of a request are sessions, and whose.

use super::super::tests::{key, longest, sessions, user};
use super::super::{Cookies, Store};
use super::*;
use axum::http::{HeaderValue, header};
use miandeng_shared::{AgentId, OpenId, UnionId, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;

fn of_agent(agent: usize, open_id: &str) -> User {
    User { agent_id: AgentId::new(agent.to_string()).unwrap(), ..user(open_id) }
}

/// What a browser does with `Set-Cookie`.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    fn take(&mut self, cookies: Vec<SetCookie>) {
        for (_, line) in cookies {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            match pair.split_once('=').unwrap() {
                (name, "") => self.0.remove(name),
                (name, value) => self.0.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    fn log_in(&mut self, sessions: &Sessions, user: User, now: SystemTime) -> Session {
        let session = sessions.begin(user, None, false, now);
        let cookies = sessions.set(&self.headers(), &tag(&session.user.app()), &session);
        self.take(cookies);
        session
    }

    fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn headers(&self) -> HeaderMap {
        headers(self.line().as_bytes())
    }
}

fn headers(line: &[u8]) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line).unwrap())])
}

fn ids(sessions: &[Session]) -> Vec<&str> {
    sessions.iter().map(|session| session.id.as_str()).collect()
}

/// `name=value` of a login to the application of [`user`].
fn cookie(sessions: &Sessions, open_id: &str, now: SystemTime) -> String {
    let mut browser = Browser::default();
    browser.log_in(sessions, user(open_id), now);
    browser.line()
}

/// A session as an earlier version set it: one for the host, in base64 with `+`, `/` and `=`.
fn earlier(user: User, now: SystemTime) -> String {
    let cookies = Cookies::new(&key(1), &[], true);
    let expires_at = seconds(now) + 3600;
    let session = Session {
        id: random_hex(),
        issued_at_ms: millis(now),
        expires_at,
        user,
        suite: None,
        ignores_case: false,
    };
    let (_, line) = cookies.set(EARLIER, &session, Duration::from_secs(3600));
    let (name, value) = line.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
    let padding = "=".repeat(value.len().wrapping_neg() % 4);
    format!("{name}={}{padding}", value.replace('-', "+").replace('_', "/"))
}

#[test]
fn f4_only_blank_and_tab_are_stripped_from_a_cookie() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let good = cookie(&sessions, "o1", now);
    let (name, value) = good.split_once('=').unwrap();
    let odd = ['\u{200b}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{180e}', '\u{ad}', '\u{3164}', '\u{2800}'];
    let spaces: Vec<char> = ('\0'..=char::MAX).filter(|c| c.is_whitespace()).chain(odd).collect();
    assert!(spaces.len() > 25 && spaces.contains(&'\u{2000}') && spaces.contains(&'\u{85}'));
    let encoded = spaces.into_iter().map(|c| c.to_string().into_bytes());
    for space in encoded.chain([vec![0x85], vec![0xa0]]) {
        let around = |before: &[u8], name: &str, between: [&[u8]; 2], value: &str, after: &[u8]| {
            [before, name.as_bytes(), between[0], b"=", between[1], value.as_bytes(), after].concat()
        };
        for line in [
            around(&space, name, [b"", b""], value, b""),
            around(b"", name, [&space, b""], value, b""),
            around(b"", name, [b"", &space], value, b""),
            around(b"", name, [b"", b""], value, &space),
            around(b"a=b;", "", [b"", b""], "", &[b";", space.as_slice(), good.as_bytes()].concat()),
            around(&[space.as_slice(), b" \t"].concat(), name, [b"", b""], value, b""),
            around(&[b" \t", space.as_slice()].concat(), name, [b"", b""], value, b""),
        ] {
            // Other control characters are no header value at all.
            let Ok(line) = HeaderValue::from_bytes(&line) else { continue };
            let read = sessions.all(&HeaderMap::from_iter([(header::COOKIE, line.clone())]), now);
            assert_eq!(read.len(), usize::from(space == b" " || space == b"\t"), "{line:?}");
        }
    }
    for name in ["__host-", "__HOST-", "__Host", "__Host-__Host-", "__Secure-", "__Host-\u{2000}", "_"] {
        let line = format!("{name}{}", good.trim_start_matches("__Host-"));
        assert_eq!(ids(&sessions.all(&headers(line.as_bytes()), now)), [""; 0], "{line}");
    }
}

#[test]
fn f4_two_peoples_sessions_for_one_application_are_none() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let later = now + Duration::from_secs(1);
    let alice = [cookie(&sessions, "alice", now), earlier(user("alice"), later)];
    let bob = [cookie(&sessions, "bob", later), earlier(user("bob"), now)];
    let elsewhere = of_agent(7, "bob");
    let mut browser = Browser::default();
    let other = browser.log_in(&sessions, elsewhere, now);
    let other_line = browser.line();
    let all = |cookies: &[&str]| sessions.all(&headers(cookies.join("; ").as_bytes()), later);
    for alices in &alice {
        for bobs in &bob {
            for order in [[alices, bobs], [bobs, alices]] {
                assert_eq!(ids(&all(&order.map(String::as_str))), [""; 0], "{order:?}");
                // Another application's is beyond dispute, wherever it stands.
                for at in 0..3 {
                    let mut three = order.map(String::as_str).to_vec();
                    three.insert(at, &other_line);
                    assert_eq!(ids(&all(&three)), [other.id.as_str()], "{three:?}");
                }
            }
        }
    }
    // One person twice is one person: the newer one counts.
    for order in [[&alice[0], &alice[1]], [&alice[1], &alice[0]]] {
        let read = all(&order.map(String::as_str));
        assert_eq!(
            read.iter().map(|session| session.issued_at_ms).collect::<Vec<_>>(),
            [millis(later), millis(now)]
        );
    }
    assert_eq!(all(&[&bob[0], &other_line]).len(), 2, "and two people on two applications are two people");
    // All that came can be ended, whether it counts or not.
    let both = headers(format!("{}; {}", alice[0], bob[0]).as_bytes());
    assert_eq!((sessions.carried(&both, later).len(), sessions.clear(&both, None).len()), (2, 2));
}

#[test]
fn f13_only_so_many_cookies_are_opened() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let good = cookie(&sessions, "o1", now);
    let stale = format!("{good}A");
    let many = |cookie: &str, times: usize| format!("{}{good}", format!("{cookie}; ").repeat(times));
    let read = |line: String| sessions.all(&headers(line.as_bytes()), now).len();
    for (other, times) in [("a=b", 10_000), ("miandeng=x", 10_000), ("__Host-miandeng=x", 60)] {
        assert_eq!(read(many(other, times)), 1, "{other} is passed over");
    }
    assert_eq!(read(many(&stale, MAX_TRIED - 1)), 1);
    assert_eq!(read(many(&stale, MAX_TRIED)), 0);
    assert_eq!(read(many("__Host-miandeng=x", 10_000)), 0);
}

const MAX_TRIED: usize = 16;

#[test]
fn k15_every_application_has_a_session_of_its_own() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let mut browser = Browser::default();
    let [first, second] = [1, 2].map(|agent| browser.log_in(&sessions, of_agent(agent, "o1"), now));
    assert_eq!(browser.0.len(), 2, "{:?}", browser.0);
    assert_eq!(ids(&sessions.all(&browser.headers(), now)).len(), 2);
    // Logging in to one again replaces that one's.
    let again = browser.log_in(&sessions, of_agent(1, "o1"), now + Duration::from_secs(1));
    let read = sessions.all(&browser.headers(), now + Duration::from_secs(1));
    assert_eq!(ids(&read), [again.id.as_str(), second.id.as_str()], "the newest first; {} is gone", first.id);
    // And leaving one leaves the other.
    browser.take(sessions.clear(&browser.headers(), Some(&second.user.app())));
    assert_eq!(ids(&sessions.all(&browser.headers(), now)), [again.id.as_str()]);
}

#[test]
fn k15_many_applications_do_not_overflow_what_proxies_pass() {
    let (sessions, start) = (sessions(1, &[]), SystemTime::now());
    let kinds: [fn(usize) -> User; 3] = [
        |agent| of_agent(agent, "o1"),
        |agent| User { nick: None, avatar: None, ..of_agent(agent, "o1") },
        // All that a cookie may carry.
        |agent| User {
            agent_id: AgentId::new(agent.to_string()).unwrap(),
            avatar: Some(format!("https://a.example/{}", "x".repeat(230))),
            ..longest(48)
        },
    ];
    for kind in kinds {
        let mut browser = Browser::default();
        let mut made: Vec<String> = Vec::new();
        for agent in 1..=30 {
            let now = start + Duration::from_secs(agent);
            let agent = usize::try_from(agent).unwrap();
            made.insert(0, browser.log_in(&sessions, kind(agent), now).id);
            let read = sessions.all(&browser.headers(), now);
            assert_eq!(ids(&read), made[..read.len()], "the newest stay");
            assert!(browser.line().len() <= ROOM, "{agent}: {}", browser.line().len());
            assert!(read.len() >= agent.min(3), "{agent}: {}", read.len());
        }
    }
}

#[test]
fn k15_what_cannot_be_opened_goes_first_but_only_for_want_of_room() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let mut browser = Browser::default();
    browser.log_in(&sessions, of_agent(1, "o1"), now);
    // Another server's, on the same host.
    let other_server = super::super::tests::sessions(2, &[]);
    let their_session = other_server.begin(of_agent(2, "o1"), None, false, now + Duration::from_secs(1));
    let theirs = other_server.set(&HeaderMap::new(), &tag(&their_session.user.app()), &their_session);
    browser.take(theirs);
    for agent in 3..=9 {
        browser.log_in(&sessions, of_agent(agent, "o1"), now + Duration::from_secs(2));
        let (ours, theirs) = (
            sessions.all(&browser.headers(), now).len(),
            other_server.all(&browser.headers(), now + Duration::from_secs(2)).len(),
        );
        assert!(theirs == 1 || ours >= 3, "{agent}: {ours} {theirs}");
    }
    assert!(other_server.all(&browser.headers(), now).is_empty());
}

#[test]
fn k15_an_earlier_session_counts_until_the_next_login_to_its_application() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let mut browser = Browser::default();
    let line = earlier(of_agent(1, "o1"), now);
    let (name, value) = line.split_once('=').unwrap();
    browser.0.insert(name.to_owned(), value.to_owned());
    assert!(sessions.all(&browser.headers(), now)[0].is_of(&of_agent(1, "o1").app()));
    browser.log_in(&sessions, of_agent(2, "o1"), now + Duration::from_secs(1));
    assert_eq!(sessions.all(&browser.headers(), now).len(), 2, "another application's login leaves it");
    let fresh = browser.log_in(&sessions, of_agent(1, "o2"), now + Duration::from_secs(2));
    assert!(!browser.0.contains_key("__Host-miandeng"));
    let read = sessions.all(&browser.headers(), now + Duration::from_secs(2));
    assert_eq!((read.len(), &read[0].id), (2, &fresh.id), "also where another person logs in");
}

/// Ways in which other programs hand on a value.
fn handed_on(value: &str) -> Vec<String> {
    let encoded =
        percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
    let lower = encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
    let only_padding = value.replace('=', "%3D");
    // A blank at either end is stripped before anybody can tell that it was a part of the value.
    let as_form = value.replace('+', " ");
    let as_form = if as_form.trim() == as_form { as_form } else { value.to_owned() };
    let plain = [value.to_owned(), encoded, lower, only_padding, as_form];
    let quoted = plain.iter().map(|value| format!("\"{value}\""));
    let in_quotes = quoted.chain([format!("%22{value}%22")]).collect::<Vec<_>>();
    [plain.to_vec(), in_quotes].concat()
}

#[test]
fn k18_a_value_is_letters_digits_hyphens_and_underscores_and_is_read_however_it_was_handed_on() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    // Of many lengths, so that every length of padding is among them.
    for id in ["o", "o1", "o12", "o123", "o1234"].into_iter().cycle().take(50) {
        let new = cookie(&sessions, id, now);
        let old = earlier(user(id), now);
        let (name, value) = new.split_once('=').unwrap();
        assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{value}");
        for (name, value) in [(name, value), old.split_once('=').unwrap()] {
            for value in handed_on(value) {
                let line = format!("{name}={value}");
                assert_eq!(sessions.all(&headers(line.as_bytes()), now).len(), 1, "{line}");
            }
            for value in
                [format!("\"{value}"), format!("{value}\""), format!("'{value}'"), format!("{value}%")]
            {
                let line = format!("{name}={value}");
                assert_eq!(sessions.all(&headers(line.as_bytes()), now).len(), 0, "{line}");
            }
        }
    }
}

#[test]
fn a_cookie_of_one_application_is_not_read_under_anothers_name() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let good = cookie(&sessions, "o1", now);
    let tag = tag(&user("o1").app());
    assert_eq!(tag, "a8c9b30eb29c", "the names of cookies stay, or all people are logged out");
    for other in [
        "miandeng",
        "miandeng-000000000000",
        "miandeng-a8c9b30e",
        &format!("miandeng-{}", tag.to_uppercase()),
    ] {
        let line = good.replace(&format!("miandeng-{tag}"), other);
        assert_ne!(line, good);
        assert!(sessions.all(&headers(line.as_bytes()), now).is_empty(), "{line}");
    }
}

#[tokio::test]
async fn what_ends_everywhere_ends_for_every_application() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let mut browser = Browser::default();
    let first = browser.log_in(&sessions, of_agent(1, "o1"), now);
    browser.log_in(&sessions, of_agent(2, "o1"), now);
    browser.log_in(&sessions, of_agent(3, "o2"), now);
    sessions.end(&first, false, now).await.unwrap();
    assert_eq!(sessions.all(&browser.headers(), now).len(), 2);
    sessions.end(&first, true, now).await.unwrap();
    let read = sessions.all(&browser.headers(), now);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].person(), "dingcorp1:o2");
}

#[tokio::test]
async fn what_ends_everywhere_ends_for_every_kind_of_application() {
    // Each session knows its person by some of (openid, unionid, userid), as its kind of application does.
    let person = |agent, ids: [&str; 3]| {
        let [open_id, union_id, user_id] = ids;
        User {
            open_id: OpenId::new(open_id).ok(),
            union_id: UnionId::new(union_id).ok(),
            user_id: UserId::new(user_id).ok(),
            ..of_agent(agent, "o")
        }
    };
    for (one, other, is_same) in [
        (["o1", "u1", "i1"], ["", "u1", "i1"], true),
        (["o1", "u1", ""], ["", "u1", "i1"], true),
        (["o1", "u1", ""], ["o2", "u1", ""], true),
        (["o1", "u1", "i1"], ["", "", "i1"], true),
        (["", "u1", "i1"], ["", "", "i1"], true),
        (["", "u1", "user:x"], ["", "", "user:x"], true),
        (["", "", "i1"], ["", "", "i1"], true),
        // A userid that was given again, ids that look alike, and a window's visitors who have nothing in common.
        (["o1", "u1", "i1"], ["", "u2", "i1"], false),
        (["", "u1", "i1"], ["", "u2", "i1"], false),
        (["o1", "x", "i1"], ["", "u2", "x"], false),
        (["", "user:i2", "i1"], ["", "", "i2"], false),
        (["o1", "", ""], ["o2", "", ""], false),
        (["o1", "u1", ""], ["", "", "i1"], false),
    ] {
        for (ended, left) in [(one, other), (other, one)] {
            let (sessions, now) = (sessions(1, &[]), SystemTime::now());
            let (mut here, mut there) = (Browser::default(), Browser::default());
            let session = here.log_in(&sessions, person(1, ended), now);
            there.log_in(&sessions, person(2, left), now);
            sessions.end(&session, true, now).await.unwrap();
            assert!(sessions.all(&here.headers(), now).is_empty());
            assert_eq!(sessions.all(&there.headers(), now).is_empty(), is_same, "{ended:?} {left:?}");
            there.log_in(&sessions, person(2, left), now);
            assert_eq!(sessions.all(&there.headers(), now).len(), 1, "a new login is a new session");
        }
    }
}

#[test]
fn f13_a_clock_that_is_out_of_range_is_no_reason_to_panic() {
    let before_1970 = SystemTime::UNIX_EPOCH - Duration::from_secs(86_400 * 3650);
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let after_9999 = last + Duration::from_secs(86_400 * 3650);
    let issuer = "https://h5.example.com".to_owned();
    for (now, ends) in [
        (before_1970, "1970-01-01T01:00:00Z"),
        (SystemTime::UNIX_EPOCH, "1970-01-01T01:00:00Z"),
        (last - Duration::from_secs(60), "9999-12-31T23:59:59Z"),
        (after_9999, "9999-12-31T23:59:59Z"),
    ] {
        let cookies = Arc::new(Cookies::new(&key(1), &[], true));
        let sessions = Sessions::new(cookies, Duration::from_secs(3600), Arc::new(Store::memory()));
        let session = sessions.begin(user("o1"), None, false, now);
        let cookies = sessions.set(&HeaderMap::new(), &tag(&session.user.app()), &session);
        assert_eq!(session.expires_at(), ends);
        let mut browser = Browser::default();
        browser.take(cookies);
        assert_eq!(ids(&sessions.all(&browser.headers(), now)), [session.id.as_str()], "{now:?}");
        let identities = super::super::Identities::new(&key(1), &[], issuer.clone()).unwrap();
        assert!(identities.of(&session, now).unwrap().expires_at().ends_with('Z'));
    }
}
