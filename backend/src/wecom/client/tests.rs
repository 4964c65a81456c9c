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
