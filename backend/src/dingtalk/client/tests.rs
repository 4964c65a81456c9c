use super::*;
use crate::dingtalk::tokens::ChannelToken;
use crate::upstream::Reply;

fn lifetime(expires_in: &str) -> u64 {
    let body = format!(r#"{{"errcode":0,"access_token":"t"{expires_in}}}"#);
    let reply = Reply { status: 200, body: body.into_bytes(), ..Reply::default() };
    let answer = Answer::read("/gettoken", Role::Token, &reply).unwrap();
    issued::<ChannelToken>(&answer, "access_token", "expires_in").unwrap().lifetime.as_secs()
}

#[test]
fn k10_no_lifetime_is_nothing_and_none_is_for_ever() {
    for (expires_in, expected) in [
        ("", 7200),
        (r#","expires_in":null"#, 7200),
        (r#","expires_in":"soon""#, 7200),
        (r#","expires_in":1e300"#, 7200),
        (r#","expires_in":18446744073709551615"#, 7200),
        (r#","expires_in":true"#, 7200),
        (r#","expires_in":0"#, 60),
        (r#","expires_in":"0""#, 60),
        (r#","expires_in":-1"#, 60),
        (r#","expires_in":"-7200""#, 60),
        (r#","expires_in":0.5"#, 60),
        (r#","expires_in":"0.5""#, 60),
        (r#","expires_in":-0.5"#, 60),
        (r#","expires_in":4.9"#, 4),
        (r#","expires_in":7199.999"#, 7199),
        (r#","expires_in":" 3600.5 ""#, 3600),
        (r#","expires_in":"inf""#, 7200),
        (r#","expires_in":"NaN""#, 7200),
        (r#","expires_in":1"#, 2),
        (r#","expires_in":4"#, 4),
        (r#","expires_in":"7200""#, 7200),
        (r#","expires_in":9223372036854775807"#, 604_800),
    ] {
        assert_eq!(lifetime(expires_in), expected, "{expires_in}");
    }
}
