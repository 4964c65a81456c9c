use super::*;
use crate::apps::tag;
use crate::secret::{Secret, SessionKey};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use miandeng_shared::{AgentId, CorpId, OpenId, UnionId, UserId};

pub fn key(byte: u8) -> SessionKey {
    SessionKey::new(&Secret::new(base64::engine::general_purpose::STANDARD.encode([byte; 32]))).unwrap()
}

pub fn sessions(key_byte: u8, previous: &[SessionKey]) -> Sessions {
    let cookies = Arc::new(Cookies::new(&key(key_byte), previous, true));
    Sessions::new(cookies, Duration::from_secs(3600), Arc::new(Store::memory()))
}

pub fn user(open_id: &str) -> User {
    User {
        corp_id: CorpId::new("dingcorp1").unwrap(),
        agent_id: AgentId::new("123456").unwrap(),
        open_id: Some(OpenId::new(open_id).unwrap()),
        union_id: None,
        user_id: None,
        external_user_id: None,
        contact_type: None,
        nick: Some("昵称".repeat(100)),
        avatar: Some(format!("https://a.example/{}", "x".repeat(200))),
    }
}

/// A login in a browser without cookies.
fn create(sessions: &Sessions, user: User, now: SystemTime) -> (Session, HeaderValue) {
    let session = sessions.begin(user, None, false, now);
    let mut cookies = sessions.set(&HeaderMap::new(), &tag(&session.user.app()), &session);
    assert_eq!(cookies.len(), 1);
    (session, cookies.remove(0).1)
}

/// The session that counts.
fn read(sessions: &Sessions, headers: &HeaderMap, now: SystemTime) -> Option<Session> {
    sessions.all(headers, now).into_iter().next()
}

/// A person all of whose fields are as long as they may be, identifiers with `id` characters.
pub fn longest(id: usize) -> User {
    User {
        corp_id: CorpId::new("c".repeat(64)).unwrap(),
        agent_id: AgentId::new("7".repeat(64)).unwrap(),
        open_id: OpenId::new("o".repeat(id)).ok(),
        union_id: UnionId::new("u".repeat(id)).ok(),
        user_id: UserId::new("i".repeat(id)).ok(),
        external_user_id: None,
        contact_type: Some(1),
        nick: Some("\u{1f9d1}".repeat(64)),
        avatar: Some(format!("https://a.example/{}", "x".repeat(230))),
    }
}

#[test]
fn the_cookie_stays_small() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    // DingTalk gives a userid at most 64 characters; the others are shorter.
    let (session, cookie) = create(&sessions, longest(64), now);
    assert!(cookie.len() < 1024, "{}", cookie.len());
    assert!(session.user.nick.is_some() && session.user.avatar.is_none(), "{:?}", session.user);
    // Whatever it gives, a login works and proxies pass the cookie on.
    let (session, cookie) = create(&sessions, longest(256), now);
    assert!(cookie.len() < 2048, "{}", cookie.len());
    assert_eq!(read(&sessions, &request(&cookie), now).unwrap().user, session.user);
}

#[test]
fn a_proxy_takes_the_headers_of_the_longest_identity() {
    let issuer = format!("https://{}.example.com/_miandeng", "h".repeat(63));
    let identities = Identities::new(&key(1), &[], issuer).unwrap();
    let (session, _) = create(&sessions(1, &[]), longest(256), SystemTime::now());
    let identity = identities.of(&session, SystemTime::now()).unwrap();
    let names: usize = IDENTITY_HEADERS.iter().map(|name| name.as_str().len() + ": \r\n".len()).sum();
    let values: usize = identity.headers.iter().map(HeaderValue::len).sum();
    // nginx reads 4096 bytes of an answer's head unless it is told otherwise; the other headers take about 300.
    assert!(names + values < 3700, "{names} + {values}");
}

/// The request a browser would send after `set_cookie`.
fn request(set_cookie: &HeaderValue) -> HeaderMap {
    let pair = set_cookie.to_str().unwrap().split(';').next().unwrap();
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).unwrap())])
}

#[test]
fn a_session_lives_for_its_ttl_and_no_longer() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let (_, cookie) = create(&sessions, user("o1"), now);
    let text = cookie.to_str().unwrap();
    assert!(text.starts_with("__Host-miandeng-a8c9b30eb29c=") && text.len() < 1024, "{text}");
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=3600"] {
        assert!(text.contains(attribute), "{text}");
    }
    assert!(!text.contains("Domain"));
    assert!(read(&sessions, &request(&cookie), now + Duration::from_secs(3598)).is_some());
    assert!(read(&sessions, &request(&cookie), now + Duration::from_secs(3601)).is_none());
}

#[test]
fn another_key_opens_it_only_as_a_previous_one() {
    let now = SystemTime::now();
    let (_, cookie) = create(&sessions(1, &[]), user("o1"), now);
    assert!(read(&sessions(2, &[]), &request(&cookie), now).is_none());
    assert!(read(&sessions(2, &[key(1)]), &request(&cookie), now).is_some());
}

/// Sealed by another program (Python's `cryptography`), in the form that the first cookies of this server had.
#[test]
fn the_form_of_a_cookie_stays() {
    let value = "AAECAwQFBgcICQoLzRrX1WB+EMszEbMPtaeDVBC+/m6B5AzVHWc=";
    let cookies = Cookies::new(&key(1), &[], true);
    let read = |name: &str, value: &str| {
        let headers = request(&HeaderValue::from_str(&format!("{name}={value}")).unwrap());
        let mut named = cookies.named(&headers, |name| name == "miandeng");
        named.find_map(|(name, value)| cookies.open::<String>(name, value))
    };
    assert_eq!(read("__Host-miandeng", value).as_deref(), Some("a person"));
    assert_eq!(read("__Host-miandeng", &value.replacen('A', "B", 1)), None);
    assert_eq!(read("miandeng", value), None);
    assert_eq!(read("__Host-miandeng", ""), None);
}

#[test]
fn a_login_cookie_does_not_pass_as_a_session() {
    let now = SystemTime::now();
    let cookies = Arc::new(Cookies::new(&key(1), &[], true));
    let sealed = cookies.set(
        "miandeng_login_x",
        &Session {
            id: "i".into(),
            issued_at_ms: millis(now),
            expires_at: u64::MAX,
            user: user("o"),
            suite: None,
            ignores_case: false,
        },
        LIFETIME,
    );
    let renamed = sealed.1.to_str().unwrap().replace("miandeng_login_x", "miandeng");
    let sessions = Sessions::new(cookies, LIFETIME, Arc::new(Store::memory()));
    assert!(read(&sessions, &request(&HeaderValue::from_str(&renamed).unwrap()), now).is_none());
}

const LIFETIME: Duration = Duration::from_secs(60);

#[test]
fn damaged_cookies_are_no_session_and_no_panic() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let (_, cookie) = create(&sessions, user("o1"), now);
    let good = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    for bad in [
        "",
        "__Host-miandeng",
        "__Host-miandeng=",
        "__Host-miandeng=%%%",
        "=;=;;",
        &good[..good.len() - 4],
        &good.replace("__Host-", ""),
    ] {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(bad).unwrap())]);
        assert!(read(&sessions, &headers, now).is_none(), "{bad}");
    }
    for stale in ["__Host-miandeng=stale".to_owned(), format!("{}stale", &good[..good.len() - 9])] {
        let both = format!("{stale}; {good}");
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&both).unwrap())]);
        assert!(
            read(&sessions, &headers, now).is_some(),
            "a second cookie of the same name does not lock anybody out"
        );
    }
}

#[tokio::test]
async fn logout_ends_one_session_or_all_of_a_person() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let (first, first_cookie) = create(&sessions, user("o1"), now);
    let (_, second_cookie) = create(&sessions, user("o1"), now);
    let (_, other_cookie) = create(&sessions, user("o2"), now);
    sessions.end(&first, false, now).await.unwrap();
    assert!(read(&sessions, &request(&first_cookie), now).is_none());
    assert!(read(&sessions, &request(&second_cookie), now).is_some());
    sessions.end(&first, true, now).await.unwrap();
    assert!(read(&sessions, &request(&second_cookie), now).is_none());
    assert!(read(&sessions, &request(&other_cookie), now).is_some());
    let (_, later) = create(&sessions, user("o1"), now);
    assert!(
        read(&sessions, &request(&later), now).is_some(),
        "a login after the logout counts, however soon"
    );
    let (_, by_a_slow_clock) = create(&sessions, user("o1"), now - CLOCKS);
    assert!(read(&sessions, &request(&by_a_slow_clock), now).is_some());
}

#[tokio::test]
async fn clocks_that_differ_a_little_save_no_session() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let (_, by_a_fast_clock) = create(&sessions, user("o1"), now + CLOCKS);
    let (mine, _) = create(&sessions, user("o1"), now);
    sessions.end(&mine, true, now).await.unwrap();
    assert!(read(&sessions, &request(&by_a_fast_clock), now).is_none());
    let (again, cookie) = create(&sessions, user("o1"), now);
    sessions.end(&again, true, now).await.unwrap();
    assert!(read(&sessions, &request(&cookie), now).is_none(), "once more in the same millisecond");
}

#[tokio::test]
async fn a_relieved_corporation_takes_its_sessions_along() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let other = User { corp_id: CorpId::new("dingcorp2").unwrap(), ..user("o1") };
    let (_, here) = create(&sessions, user("o1"), now);
    let (_, there) = create(&sessions, other, now);
    sessions.end_corp(&CorpId::new("dingcorp1").unwrap(), now).await.unwrap();
    assert!(read(&sessions, &request(&here), now).is_none());
    assert!(read(&sessions, &request(&there), now).is_some());
    let (_, authorised_again) = create(&sessions, user("o1"), now);
    assert!(read(&sessions, &request(&authorised_again), now).is_some());
}

#[tokio::test]
async fn p08_an_application_or_a_person_that_is_gone_takes_its_sessions_along() {
    let (sessions, now) = (sessions(1, &[]), SystemTime::now());
    let corp = CorpId::new("dingcorp1").unwrap();
    let (agent, union, userid) =
        (AgentId::new("123456").unwrap(), UnionId::new("un1").unwrap(), UserId::new("id1").unwrap());
    let by_union = User { union_id: Some(union.clone()), ..user("o1") };
    let by_user = User { user_id: Some(userid.clone()), ..user("o1") };
    let others = [
        User { agent_id: AgentId::new("77").unwrap(), ..user("o1") },
        User { corp_id: CorpId::new("dingcorp2").unwrap(), ..by_user.clone() },
        User { user_id: UserId::new("un1").ok(), union_id: UnionId::new("id1").ok(), ..user("o1") },
    ];
    let cookies: Vec<_> = others.into_iter().map(|user| create(&sessions, user, now).1).collect();
    let is_in = |cookie: &HeaderValue| read(&sessions, &request(cookie), now).is_some();
    for left in [by_union, by_user] {
        let (_, cookie) = create(&sessions, left.clone(), now);
        sessions.end_person(&corp, std::slice::from_ref(&userid), Some(&union), now).await.unwrap();
        assert!(!is_in(&cookie));
        assert!(is_in(&create(&sessions, left, now).1), "and may come back");
    }
    assert!(cookies.iter().all(is_in));
    sessions.end_app(&corp, &agent, now).await.unwrap();
    assert_eq!(cookies.iter().map(is_in).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn a_ttl_that_was_made_shorter_counts_at_once() {
    let now = SystemTime::now();
    let (_, cookie) = create(&sessions(1, &[]), user("o1"), now);
    let cookies = Arc::new(Cookies::new(&key(1), &[], true));
    let shorter = Sessions::new(cookies, LIFETIME, Arc::new(Store::memory()));
    let session = read(&shorter, &request(&cookie), now).unwrap();
    assert_eq!(session.expires_at, seconds(now + LIFETIME));
    assert!(read(&shorter, &request(&cookie), now + LIFETIME + Duration::from_secs(1)).is_none());
}

/// Sealed by a server of 2026-11-22, which still used the cookie crate, under a key of nines; good for a hundred years.
const FIRST_COOKIE: &str = include_str!("fixtures/cookie-0.1.0.txt");

#[test]
fn an_upgrade_logs_nobody_out() {
    let now = SystemTime::now();
    let read = |key: &SessionKey, previous: &[SessionKey]| {
        let ttl = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let cookies = Arc::new(Cookies::new(key, previous, false));
        let sessions = Sessions::new(cookies, ttl, Arc::new(Store::memory()));
        read(&sessions, &request(&HeaderValue::from_static(FIRST_COOKIE.trim_end())), now)
    };
    for session in [read(&key(9), &[]), read(&key(1), &[key(2), key(9)])] {
        let session = session.expect("a cookie of the first version is still a session");
        assert_eq!(session.expires_at(), "2126-10-29T20:51:02Z");
        assert_eq!(session.user.user_id.as_ref().map(UserId::as_str), Some("userid-employee-dingcorp1"));
        assert_eq!(session.person(), "dingcorp1:openid-employee-dingcorp1");
    }
    assert!(read(&key(1), &[]).is_none());
}
