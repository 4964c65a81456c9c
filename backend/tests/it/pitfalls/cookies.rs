//! S3, S14, S30, S34, S36: cookies, and everything that somebody might send instead of one.

use super::wire::{exchange, request};
use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, start};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::runtime::Runtime;

/// Every route that looks at a session, with its answer to somebody who has none.
const GUARDED: [(&str, u16); 4] = [
    ("GET /api/session", 401),
    ("GET /auth", 401),
    ("GET /auth?mode=redirect", 401),
    ("POST /api/token", 401),
];

/// How the name of a session's cookie begins.
const SESSION: &str = "miandeng-";

/// Sends `cookie` to every such route; none of them may take it for a session.
async fn no_session(server: &Server, cookie: &[u8]) {
    let shown = String::from_utf8_lossy(&cookie[..cookie.len().min(200)]).into_owned();
    for (line, status) in GUARDED {
        let headers: [(&str, &[u8]); 2] = [("Cookie", cookie), ("Origin", server.url.as_bytes())];
        let answer = exchange(&server.url, &request(line, &headers, Some(b""))).await;
        // Bytes that no header may have are refused before anybody looks at them, and so is far too much of them.
        assert!(
            matches!(answer.status, Some(400 | 431)) || answer.status == Some(status),
            "{line} with {shown}: {}",
            answer.text
        );
        assert!(
            !answer.text.to_ascii_lowercase().contains("x-miandeng-jwt"),
            "{line} with {shown}: {}",
            answer.text
        );
    }
}

/// The cookie `name` of an answer to somebody, as `name=value`.
fn cookie_of(person: &Person<'_>, name: &str) -> String {
    let cookies = person.cookie_header().unwrap();
    cookies.split("; ").find(|cookie| cookie.starts_with(name)).unwrap().to_owned()
}

#[tokio::test]
async fn s03_whatever_is_not_a_session_is_401() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    let good = cookie_of(&person, SESSION);
    let proof = cookie_of(&person, "miandeng_login_");
    let (proof_name, proof_value) = proof.split_once('=').unwrap();
    let (name, sealed) = good.split_once('=').unwrap();

    // Another server's, with another key.
    let stranger = Server::start(&sim, |_| {}).await;
    let there = Person::new(&sim, &stranger);
    assert!(there.login().await.status().is_success());
    let foreign = cookie_of(&there, SESSION);

    let json = format!(
        "{{\"id\":\"x\",\"issued_at_ms\":0,\"expires_at\":9999999999,\"user\":{{\"corpId\":\"{CORP}\",\"agentId\":\"{AGENT}\",\
         \"openId\":\"o\",\"unionId\":null,\"userId\":\"manager\",\"contactType\":0,\"nick\":null,\"avatar\":null}}}}"
    );
    let none = URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}");
    let hs256 = URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    let claims = URL_SAFE_NO_PAD
        .encode(format!("{{\"sub\":\"{CORP}:o\",\"aud\":\"{CORP}/{AGENT}\",\"exp\":9999999999}}"));
    let raw = URL_SAFE_NO_PAD.decode(sealed).unwrap();
    let flipped = |at: usize| {
        let mut bytes = raw.clone();
        bytes[at] ^= 1;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let mut reordered = raw.clone();
    reordered.reverse();
    let mut cookies: Vec<Vec<u8>> = [
        String::new(),
        name.into(),
        format!("{name}="),
        format!("{name}=="),
        format!("{name}=\"\""),
        format!("{name}=null"),
        format!("{name}=true"),
        format!("{name}=1"),
        format!("{name}=%"),
        format!("{name}=%00"),
        format!("{name}=!!!!"),
        format!("{name}=AAAA"),
        format!("{name}={}", STANDARD.encode([0; 12])),
        format!("{name}={}", STANDARD.encode([0; 28])),
        format!("{name}={}", STANDARD.encode([0xff; 300])),
        format!("{name}={json}"),
        format!("{name}={}", STANDARD.encode(&json)),
        format!("{name}={}", URL_SAFE_NO_PAD.encode(&json)),
        format!("{name}={none}.{claims}."),
        format!("{name}={hs256}.{claims}.AAAA"),
        format!("{name}={}", "A".repeat(3000)),
        format!("{name}={}", "A".repeat(100_000)),
        format!("{name}=x; ").repeat(2000),
        "=;=;;;; ;miandeng".into(),
        "; ".repeat(5000),
        foreign,
        // Ours, under other names.
        format!("{proof_name}={sealed}"),
        format!("__Host-{good}"),
        format!("__Secure-{good}"),
        format!("{}={sealed}", name.replace('m', "M")),
        format!("{}={sealed}", name.to_ascii_uppercase()),
        format!("miandeng={sealed}"),
        format!("miandeng-={sealed}"),
        format!("miandeng-000000000000={sealed}"),
        format!("{name}0={sealed}"),
        format!("{name}_={sealed}"),
        format!("{name} ={sealed}x"),
        format!("x={name}={sealed}"),
        format!("session={sealed}"),
        format!("_oauth2_proxy={sealed}"),
        // The login cookie, as a session.
        proof.clone(),
        format!("{name}={proof_value}"),
        format!("{name}={sealed}{proof_value}"),
        // Ours, damaged.
        format!("{name}={}", &sealed[1..]),
        format!("{name}={}", &sealed[..sealed.len() - 4]),
        format!("{name}={}", &sealed[..sealed.len() / 2]),
        format!("{name}={sealed}{sealed}"),
        format!("{name}={sealed}AAAA"),
        format!("{name}={sealed}="),
        format!("{name}={}", sealed.to_ascii_lowercase()),
        format!("{name}={}", sealed.replace('-', "+").replace('_', "/") + "-"),
        format!("{name}={}", flipped(0)),
        format!("{name}={}", flipped(12)),
        format!("{name}={}", flipped(raw.len() / 2)),
        format!("{name}={}", flipped(raw.len() - 1)),
        format!("{name}={}", URL_SAFE_NO_PAD.encode(reordered)),
        format!("{name}={}", URL_SAFE_NO_PAD.encode(&raw[12..])),
        format!("$Version=1; {name}=\"x{sealed}\"; $Path=/"),
    ]
    .into_iter()
    .map(String::into_bytes)
    .collect();
    cookies.push(
        [name.as_bytes(), b"=", &raw]
            .concat()
            .into_iter()
            .filter(|b| !matches!(b, b'\r' | b'\n' | 0))
            .collect(),
    );
    cookies.push([name.as_bytes(), b"=\xff\xfe\xfd"].concat());
    for cookie in &cookies {
        no_session(&server, cookie).await;
    }
    // Without any cookie, and with the session anywhere but in it.
    for name in ["Authorization", "X-Miandeng-Jwt", "X-Cookie", "Cookie2", "Set-Cookie"] {
        let headers: [(&str, &[u8]); 1] = [(name, good.as_bytes())];
        assert_eq!(
            exchange(&server.url, &request("GET /api/session", &headers, None)).await.status,
            Some(401),
            "{name}"
        );
    }
    let in_query = format!("GET /api/session?{}", good.replace('+', "%2B"));
    assert_eq!(exchange(&server.url, &request(&in_query, &[], None)).await.status, Some(401));
    assert_eq!(person.session().await.status(), StatusCode::OK, "and the real one is one all the while");
    assert!(!server.log().contains("panicked"));
}

#[test]
fn s03_random_and_altered_cookies_are_never_a_session() {
    let runtime = Runtime::new().unwrap();
    let (server, good, _sim) = runtime.block_on(async {
        let (sim, server) = start("").await;
        let person = Person::new(&sim, &server);
        assert!(person.login().await.status().is_success());
        (server, cookie_of(&person, SESSION), sim)
    });
    let (name, sealed) = good.split_once('=').unwrap();
    let genuine = sealed.to_owned();
    let altered = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8).prop_map(move |(at, byte, how)| {
        let mut bytes = genuine.clone().into_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            2 => {
                bytes.remove(at);
            }
            _ => bytes.truncate(at),
        }
        bytes
    });
    let random = prop::collection::vec(any::<u8>(), 0..400);
    let encoded = prop::collection::vec(any::<u8>(), 0..400)
        .prop_map(|bytes| URL_SAFE_NO_PAD.encode(bytes).into_bytes());
    let value = prop_oneof![2 => altered, 1 => random, 1 => encoded];
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&value, |value| {
        let plain: Vec<u8> = value.into_iter().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
        // What a parser of cookies takes off: the same cookie is the same session.
        let first = plain.split(|b| *b == b';').next().unwrap_or_default();
        prop_assume!(first.trim_ascii() != sealed.as_bytes());
        let cookie = [name.as_bytes(), b"=", &plain].concat();
        let headers: [(&str, &[u8]); 1] = [("Cookie", &cookie)];
        let answer = runtime.block_on(exchange(&server.url, &request("GET /api/session", &headers, None)));
        match answer.status {
            Some(400 | 401 | 431) => Ok(()),
            _ => Err(TestCaseError::fail(answer.text)),
        }
    });
    outcome.unwrap();
    assert!(!server.log().contains("panicked"));
}

#[tokio::test]
async fn another_programs_cookies_lock_nobody_out() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    let good = cookie_of(&person, SESSION);
    // Applications on the same host set these, and browsers send them back byte for byte.
    for others in [
        "nick=张三".as_bytes().to_vec(),
        b"gbk=\xd5\xc5\xc8\xfd".to_vec(),
        b"tab=a\tb".to_vec(),
        b"{\"a\":1}; =; nameless; ;".to_vec(),
        b"miandeng=of-another-time".to_vec(),
        [good.split('=').next().unwrap(), "=of-another-time"].concat().into_bytes(),
    ] {
        for cookie in [
            [&others, b"; ".as_slice(), good.as_bytes()].concat(),
            [good.as_bytes(), b"; ", &others].concat(),
        ] {
            let headers: [(&str, &[u8]); 1] = [("Cookie", &cookie)];
            let answer = exchange(&server.url, &request("GET /api/session", &headers, None)).await;
            assert_eq!(answer.status, Some(200), "{}", String::from_utf8_lossy(&cookie));
        }
    }
}

#[tokio::test]
async fn s14_every_login_makes_a_session_of_its_own() {
    let (sim, server) = start("").await;
    // The attacker plants a session of their own in the victim's browser.
    let attacker = Person::named("partner", &sim, &server);
    assert!(attacker.login().await.status().is_success());
    let planted = cookie_of(&attacker, SESSION);
    let victim = Person::new(&sim, &server);
    let code = victim.code().await;
    let body = json!({ "corpId": CORP, "agentId": AGENT, "code": code });
    let cookies = format!("{planted}; {}", victim.cookie_header().unwrap());
    let login = victim.http.post(format!("{}/api/login", server.url)).header("origin", &server.url);
    let answer = victim.send(login.header("cookie", cookies).json(&body)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let fresh = cookie_of(&victim, SESSION);
    assert_ne!(fresh, planted);
    let session = json_of(victim.session().await).await;
    assert_eq!(session["user"]["userId"], "userid-employee-dingcorp1", "the login replaces what was planted");
    // What the attacker holds is still the attacker's.
    let theirs = json_of(attacker.session().await).await;
    assert_eq!(theirs["user"]["userId"], "userid-partner-dingcorp1");
    // The same person once more: another session, which ends alone.
    let again = Person::new(&sim, &server);
    assert!(again.login().await.status().is_success());
    assert_ne!(cookie_of(&again, SESSION), fresh);
    again.send(again.request(Method::DELETE, "/api/session")).await;
    assert_eq!(victim.session().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn s30_the_cookie_tells_an_application_nothing() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    assert!(person.login().await.status().is_success());
    for name in [SESSION, "miandeng_login_"] {
        let cookie = cookie_of(&person, name);
        let value = cookie.split_once('=').unwrap().1;
        let mut seen = value.as_bytes().to_vec();
        seen.extend(URL_SAFE_NO_PAD.decode(value).unwrap());
        let seen = String::from_utf8_lossy(&seen).into_owned();
        for fact in [CORP, AGENT, "openid-", "unionid-", "userid-", "expires"] {
            assert!(!seen.contains(fact), "{fact} in {cookie}");
        }
    }
}

#[tokio::test]
async fn s34_no_two_servers_share_a_key_unless_they_are_told_to() {
    let sim = Sim::start(1).await;
    let (here, there) = (Server::start(&sim, |_| {}).await, Server::start(&sim, |_| {}).await);
    let person = Person::new(&sim, &here);
    assert!(person.login().await.status().is_success());
    no_session(&there, person.cookie_header().unwrap().as_bytes()).await;
    // And there is nothing to tell the two kinds of cookies apart by but their keys and names.
    let defaults = miandeng::config::parse(
        "public_url = \"https://h5.example.com\"\n[[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\"\n",
        std::iter::empty(),
    );
    let config = defaults.config.unwrap();
    assert!(
        config.listen.ip().is_loopback() && config.ops_listen.ip().is_loopback(),
        "nothing listens to everybody by itself"
    );
    assert!(
        config.session.key.is_none()
            && config.trusted_proxies.is_empty()
            && config.allowed_origins.is_empty()
    );
}
