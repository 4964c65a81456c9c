use super::*;
use crate::config::{self};
use crate::secret::{Secret, SessionKey};
use axum::http::{HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

fn proofs(key: u8) -> LoginCsrf {
    let key = SessionKey::new(&Secret::new(STANDARD.encode([key; 32]))).unwrap();
    LoginCsrf::new(Arc::new(Cookies::new(&key, &[], true)))
}

fn app(agent: u64) -> App {
    let text = format!(
        "public_url = \"https://h5.example.com\"\n[store]\nurl = \"memory:\"\n[[apps]]\ncorp_id = \"ding1\"\n\
         agent_id = \"{agent}\"\nkind = \"channel\"\nchannel_secret = \"s\""
    );
    config::parse(&text, std::iter::empty()).config.unwrap().apps.remove(0)
}

/// `name=value` of each cookie that is set, and of those that are removed.
fn pairs(cookies: Vec<SetCookie>) -> Vec<(String, String)> {
    let pair = |(_, line): SetCookie| {
        let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
        (name.to_owned(), rest.split(';').next().unwrap().to_owned())
    };
    cookies.into_iter().map(pair).collect()
}

fn headers(line: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap())])
}

#[test]
fn what_is_wrong_with_a_login_cookie_is_told_apart() {
    let (proofs, now) = (proofs(1), SystemTime::now());
    let verify = |line: &str, now| proofs.verify(&headers(line), &app(7), now).map(drop);
    let (name, value) = pairs(proofs.issue(&HeaderMap::new(), &app(7), 0, now)).remove(0);
    let good = format!("{name}={value}");
    let theirs = pairs(self::proofs(2).issue(&HeaderMap::new(), &app(7), 0, now)).remove(0).1;
    let other = pairs(proofs.issue(&HeaderMap::new(), &app(8), 0, now)).remove(0);
    assert_eq!(verify(&good, now), Ok(()));
    assert_eq!(verify(&format!("{name}={theirs}; {good}"), now), Ok(()), "one that is good is enough");
    for missing in
        ["", "a=b", &format!("{}={}", other.0, other.1), &format!("\u{2000}{good}"), &format!("x{good}")]
    {
        assert_eq!(verify(missing, now), Err(CrossSite::NoLoginCookie), "{missing}");
    }
    assert_eq!(verify(&good, now + LIFETIME), Err(CrossSite::NoLoginCookie));
    for unreadable in [&theirs, &other.1] {
        let line = format!("{name}={unreadable}");
        assert_eq!(verify(&line, now), Err(CrossSite::LoginCookieOfAnotherKey), "{line}");
    }
    // K18: as it is set now, and as earlier versions set it.
    assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{value}");
    let padding = "=".repeat(value.len().wrapping_neg() % 4);
    let earlier = format!("{}{padding}", value.replace('-', "+").replace('_', "/"));
    for value in [
        format!("\"{value}\""),
        earlier.clone(),
        format!("\"{earlier}\""),
        earlier.replace('=', "%3D"),
        earlier.trim_end_matches('=').to_owned(),
    ] {
        assert_eq!(verify(&format!("{name}={value}"), now), Ok(()), "{value}");
    }
}

#[test]
fn k15_login_cookies_of_many_applications_leave_room() {
    let (proofs, start) = (proofs(1), SystemTime::now());
    let mut browser = BTreeMap::new();
    for agent in 1..=20 {
        let now = start + Duration::from_secs(agent);
        let line = |browser: &BTreeMap<String, String>| {
            browser.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
        };
        for (name, value) in pairs(proofs.issue(&headers(&line(&browser)), &app(agent), 0, now)) {
            if value.is_empty() {
                browser.remove(&name)
            } else {
                browser.insert(name, value)
            };
        }
        assert!(line(&browser).len() <= ROOM, "{}", line(&browser));
        for recent in agent.saturating_sub(2).max(1)..=agent {
            assert_eq!(
                proofs.verify(&headers(&line(&browser)), &app(recent), now).map(drop),
                Ok(()),
                "{recent} of {agent}"
            );
        }
    }
}
