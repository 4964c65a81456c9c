use super::*;
use std::time::Duration;

const PATH: &str = "/cgi-bin/auth/getuserinfo";

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn kind(status: u16, body: &str) -> Kind {
    Answer::read(PATH, Role::Redeem, &reply(status, body)).err().unwrap().kind
}

#[test]
fn a_status_tells_what_the_body_does_not() {
    let whole = r#"{"errcode":0,"errmsg":"ok","userid":"lisi"}"#;
    for body in [whole, r#"{"userid":"lisi"}"#, "<html>busy</html>", "", "[]", "{}"] {
        for (status, expected) in [
            (302, Kind::BadAnswer),
            (403, Kind::BadAnswer),
            (404, Kind::BadAnswer),
            (429, Kind::Throttled),
            (500, Kind::BadAnswer),
            (503, Kind::BadAnswer),
        ] {
            assert_eq!(kind(status, body), expected, "{status} {body}");
        }
    }
    assert!(
        [200, 201, 299].iter().all(|status| Answer::read(PATH, Role::Redeem, &reply(*status, whole)).is_ok())
    );
    // A code that is known counts more than the status, one that is not counts less.
    for (status, code, expected) in [
        (200, 999_999, Kind::Refused),
        (429, 999_999, Kind::Throttled),
        (502, 999_999, Kind::Busy),
        (429, 40029, Kind::CodeRejected),
        (500, 40014, Kind::TokenRejected),
        (503, 60020, Kind::Misconfigured),
        (403, -1, Kind::Busy),
    ] {
        assert_eq!(kind(status, &format!(r#"{{"errcode":{code}}}"#)), expected, "{status} {code}");
    }
}

#[test]
fn k21_an_id_may_be_a_number_and_success_may_come_without_its_code() {
    for (fields, expected) in [
        (r#""userid":12345"#, Some("12345")),
        (r#""userid":7.0"#, Some("7")),
        (r#""userid":18446744073709551615"#, Some("18446744073709551615")),
        (r#""userid":"007""#, Some("007")),
        (r#""userid":1.5"#, None),
        (r#""userid":1e300"#, None),
        (r#""userid":true"#, None),
        (r#""userid":null"#, None),
    ] {
        for code in [r#""errcode":0,"#, "", r#""errcode":null,"#, r#""errcode":"0","#] {
            let body = format!("{{{code}{fields}}}");
            let answer = Answer::read(PATH, Role::Redeem, &reply(200, &body)).unwrap();
            assert_eq!(answer.id("userid", UserId::new).as_ref().map(UserId::as_str), expected, "{body}");
        }
        for code in ["true", "\"\"", "\"ok?\"", "[]", "{}", "1e300", "0.5"] {
            assert_eq!(kind(200, &format!(r#"{{"errcode":{code},{fields}}}"#)), Kind::BadAnswer, "{code}");
        }
    }
}

#[test]
fn a_pause_that_is_named_counts_unless_it_is_a_ban() {
    let pause = |role: Role, status: u16, body: &str| {
        let reply = Reply { retry_after: Some(Duration::from_secs(3)), ..reply(status, body) };
        let error = Answer::read("/cgi-bin/gettoken", role, &reply).err().unwrap();
        error.retry_after.map(|pause| pause.as_secs())
    };
    for (status, body) in
        [(429, "<html>"), (503, ""), (200, r#"{"errcode":-1}"#), (200, r#"{"errcode":45033}"#), (200, "[]")]
    {
        assert_eq!(pause(Role::Token, status, body), Some(3), "{status} {body}");
    }
    let limit = r#"{"errcode":45009}"#;
    assert_eq!((pause(Role::Redeem, 200, limit), pause(Role::Token, 200, limit)), (Some(3), Some(300)));
}
