use super::*;

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, retry_after: None, body: body.as_bytes().to_vec() }
}

fn read(role: Role, body: &str) -> Result<Answer, Error> {
    Answer::read("/channel/user/get_by_code", role, &reply(200, body))
}

fn kind(body: &str) -> Kind {
    read(Role::Call, body).unwrap_err().kind
}

#[test]
fn numbers_may_be_strings() {
    let answer = read(Role::Call, r#"{"errcode":"0","contact_type":"1","openid":"o"}"#).unwrap();
    assert_eq!(answer.number("contact_type"), Some(1));
    assert_eq!(answer.text("openid").unwrap(), "o");
    assert_eq!(answer.text("unionid").unwrap_err().kind, Kind::BadAnswer);
}

#[test]
fn errcode_88_is_an_envelope() {
    let error = read(
        Role::Call,
        r#"{"errcode":88,"sub_code":"40014","sub_msg":"不合法的access_token","errmsg":"x","request_id":"abc1"}"#,
    )
    .unwrap_err();
    assert_eq!(error.kind, Kind::TokenRejected);
    let said = error.said.unwrap();
    assert_eq!((said.code.as_str(), said.sub_code.as_deref()), ("88", Some("40014")));
    assert_eq!(said.request_id.as_deref(), Some("abc1"));
    assert_eq!(kind(r#"{"errcode":88,"sub_code":"40000","sub_msg":"access_token is blank"}"#), Kind::Refused);
}

#[test]
fn what_is_not_an_answer() {
    for body in ["", "<html>busy</html>", "[]", "null", r#"{"errcode":[]}"#, r#"{"errcode":"系统繁忙"}"#]
    {
        assert_eq!(kind(body), Kind::BadAnswer, "{body}");
    }
    for body in ["{}", r#"{"errcode":null}"#] {
        let read = read(Role::Token, body).unwrap();
        assert_eq!(read.text("access_token").unwrap_err().kind, Kind::BadAnswer, "nothing is in it");
    }
    assert_eq!(kind(r#"{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}"#), Kind::Banned);
    let half = Answer::read("/gettoken", Role::Token, &reply(500, r#"{"errcode":0}"#));
    assert_eq!(half.unwrap_err().kind, Kind::BadAnswer);
}

#[test]
fn the_same_code_on_a_token_endpoint_is_a_wrong_secret() {
    for code in [33001, 40001, 40014, 42001] {
        let body = format!(r#"{{"errcode":{code},"errmsg":"x"}}"#);
        assert_eq!(read(Role::Call, &body).unwrap_err().kind, Kind::TokenRejected);
        assert_eq!(read(Role::Token, &body).unwrap_err().kind, Kind::Misconfigured);
    }
}

#[test]
fn every_class_of_code_has_its_outcome() {
    for (code, expected) in [
        (-1, Kind::Busy),
        (15, Kind::Busy),
        (22, Kind::Refused),
        (404, Kind::Retired),
        (40078, Kind::CodeRejected),
        (42003, Kind::CodeRejected),
        (40073, Kind::NotFollowing),
        (60121, Kind::UserUnknown),
        (60111, Kind::UserUnknown),
        (33012, Kind::UserUnknown),
        (50002, Kind::NotPermitted),
        (40089, Kind::Misconfigured),
        (40096, Kind::Misconfigured),
        (60011, Kind::Misconfigured),
        (60020, Kind::Misconfigured),
        (52019, Kind::Misconfigured),
        (41001, Kind::Refused),
        (43001, Kind::Refused),
        (45009, Kind::Suspended),
        (90001, Kind::Suspended),
        (90018, Kind::Throttled),
        (90020, Kind::Quota),
        (987_654, Kind::Refused),
    ] {
        assert_eq!(kind(&format!(r#"{{"errcode":{code},"errmsg":"x"}}"#)), expected, "{code}");
    }
}

#[test]
fn the_api_host_names_its_codes() {
    let kind = |role: Role, code: &str| {
        let body = format!(r#"{{"code":"{code}","message":"m","requestid":"r1"}}"#);
        let error = Answer::read("/v1.0/x", role, &reply(400, &body)).unwrap_err();
        assert_eq!(error.said.unwrap().request_id.as_deref(), Some("r1"));
        error.kind
    };
    for (code, expected) in [
        ("InvalidAuthentication", Kind::TokenRejected),
        ("AuthenticationFailed.MissingParameter", Kind::Refused),
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", Kind::Misconfigured),
        ("Forbidden.AccessDenied.IpNotInWhiteList", Kind::Misconfigured),
        ("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", Kind::Throttled),
        ("Forbidden.AccessDenied.QpsLimitForApi", Kind::Throttled),
        ("Forbidden.AccessDenied.ApiCountLimitForOrg", Kind::Quota),
        ("systemBusy", Kind::Busy),
        ("unknownError", Kind::Busy),
        ("anythingElse", Kind::Refused),
    ] {
        assert_eq!(kind(Role::Call, code), expected, "{code}");
    }
    assert_eq!(kind(Role::Token, "invalidClientIdOrSecret"), Kind::Misconfigured);
    let ok =
        Answer::read("/v1.0/x", Role::Token, &reply(200, r#"{"accessToken":"t","expireIn":7200}"#)).unwrap();
    assert_eq!((ok.text("accessToken").unwrap().as_str(), ok.number("expireIn")), ("t", Some(7200)));
    let html = Answer::read("/v1.0/x", Role::Token, &reply(200, "<html>")).unwrap_err();
    assert_eq!(html.kind, Kind::BadAnswer);
}

#[test]
fn the_operator_reads_which_address_is_not_allowed() {
    let error =
        read(Role::Call, r#"{"errcode":60020,"errmsg":"访问ip不在白名单之中,request ip=203.0.113.7"}"#)
            .unwrap_err();
    assert!(error.to_string().contains("203.0.113.7"), "{error}");
    let other = read(Role::Call, r#"{"errcode":40078,"errmsg":"another's code"}"#).unwrap_err();
    assert_eq!(other.words, None);
}

#[test]
fn nothing_long_or_odd_is_handed_on() {
    let error =
        read(Role::Call, r#"{"errcode":40035,"request_id":"<script>","sub_code":{"a":1}}"#).unwrap_err();
    assert_eq!(
        *error.said.unwrap(),
        UpstreamError { code: "40035".into(), sub_code: None, request_id: None }
    );
}

/// The same complaint in every envelope of either host: code, sub code where there is one, and the envelope.
const ENVELOPES: [&str; 19] = [
    r#"{"errcode":CODE,"errmsg":"x","request_id":"r1"}"#,
    r#"{"errcode":"CODE","errmsg":"x","request_id":"r1"}"#,
    r#"{"ErrCode":CODE,"ErrMsg":"x","RequestId":"r1"}"#,
    r#"{"errcode":88,"sub_code":"CODE","sub_msg":"x","errmsg":"ding talk error","request_id":"r1"}"#,
    r#"{"errcode":88,"errmsg":"ding talk error[subcode=CODE,submsg=x]","request_id":"r1"}"#,
    r#"{"error_response":{"code":15,"msg":"Remote service error","sub_code":"CODE","sub_msg":"x","request_id":"r1"}}"#,
    r#"{"error_response":{"code":CODE,"msg":"x","request_id":"r1"}}"#,
    r#"{"dingtalk_oapi_x_response":{"result":{"ding_open_errcode":CODE,"error_msg":"x","success":false},"request_id":"r1"}}"#,
    r#"{"errcode":0,"errmsg":"ok","result":{"ding_open_errcode":CODE,"error_msg":"x","success":false},"request_id":"r1"}"#,
    r#"{"success":false,"errorCode":"CODE","errorMsg":"x","requestId":"r1"}"#,
    r#"{"code":"CODE","message":"x","requestid":"r1"}"#,
    r#"{"errcode":CODE.0,"errmsg":"x","request_id":"r1"}"#,
    r#"{"errcode":"CODE.0","errmsg":"x","request_id":"r1"}"#,
    r#"{"errcode":" CODE","errmsg":"x","request_id":"r1"}"#,
    r#"{"errcode":15,"errmsg":"Remote service error","sub_code":"CODE","sub_msg":"x","request_id":"r1"}"#,
    r#"{"code":15,"msg":"Remote service error","sub_code":CODE.0,"sub_msg":"x","request_id":"r1"}"#,
    r#"{"errcode":0,"result":"{\"ding_open_errcode\":CODE,\"success\":false}","request_id":"r1"}"#,
    r#"{"error_response":"{\"code\":15,\"sub_code\":\"CODE\",\"request_id\":\"r1\"}"}"#,
    r#""{\"errcode\":CODE,\"errmsg\":\"x\",\"request_id\":\"r1\"}""#,
];

#[test]
fn k11_a_complaint_means_the_same_in_every_envelope() {
    for envelope in ENVELOPES {
        for (code, expected) in [
            ("40014", Kind::TokenRejected),
            ("40078", Kind::CodeRejected),
            ("60020", Kind::Misconfigured),
            ("90018", Kind::Throttled),
            ("90002", Kind::Throttled),
            ("-1", Kind::Busy),
            ("50002", Kind::NotPermitted),
        ] {
            for status in [200, 400, 403, 500] {
                let body = envelope.replace("CODE", code);
                let error = Answer::read("/gettoken", Role::Call, &reply(status, &body)).unwrap_err();
                assert_eq!(error.kind, expected, "{status} {body}");
                assert_eq!(error.retry_after, expected.policy().pause, "{body}");
                let said = error.said.unwrap();
                assert_eq!(said.request_id.as_deref(), Some("r1"), "{body}");
                assert!(said.code == code || said.sub_code.as_deref() == Some(code), "{body}");
            }
        }
    }
}

#[test]
fn k11_words_of_the_new_host_and_of_the_gateway_come_from_the_old_one_too() {
    for (body, expected) in [
        (r#"{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi","message":"x"}"#, Kind::Throttled),
        (r#"{"code":"InvalidAuthentication","message":"x"}"#, Kind::TokenRejected),
        (r#"{"code":"system.error","message":"x"}"#, Kind::Busy),
        (r#"{"errcode":15,"sub_code":"isp.-1","errmsg":"Remote service error"}"#, Kind::Busy),
        (r#"{"errcode":88,"sub_code":"isp.http-error","errmsg":"x"}"#, Kind::Busy),
        (r#"{"error_response":{"code":10,"msg":"Service Currently Unavailable"}}"#, Kind::Busy),
        (
            r#"{"error_response":{"code":27,"msg":"Invalid session","sub_code":"invalid-sessionkey"}}"#,
            Kind::TokenRejected,
        ),
        (r#"{"errcode":88,"errmsg":"ding talk error"}"#, Kind::Refused),
    ] {
        assert_eq!(kind(body), expected, "{body}");
    }
    let throttled = |reply: Reply| {
        let error = Answer::read("/gettoken", Role::Token, &reply).unwrap_err();
        (error.kind, error.retry_after.map(|pause| pause.as_secs()))
    };
    let limited = r#"{"error_response":{"code":7,"msg":"App Call Limited","sub_code":"accesscontrol.limited-by-api-access-count",
        "sub_msg":"This ban will last for 6 more seconds"}}"#;
    assert_eq!(throttled(reply(200, limited)), (Kind::Throttled, Some(6)));
    assert_eq!(throttled(reply(429, "<html>")), (Kind::Throttled, Some(1)));
    let period = |code: i64, ends: &str| {
        let words = format!(
            "ding talk error[subcode={code},submsg=您的服务器调用钉钉开放平台当前接口的所有请求都被暂时禁用了, apiPath(dingtalk.oapi.x), \
             从 2018-12-09 15:00:40 到 2018-12-09 15:01:10 请求总次数超过了 100 次, 处罚将在 {ends} 结束.]"
        );
        reply(200, &format!(r#"{{"errcode":88,"errmsg":"{words}"}}"#))
    };
    assert_eq!(throttled(period(90002, "2018-12-09 15:01:11")), (Kind::Throttled, Some(1)));
    assert_eq!(throttled(period(90005, "2018-12-09 15:03:10")), (Kind::Suspended, Some(120)));
    assert_eq!(throttled(period(90005, "2018-12-10 15:03:10")), (Kind::Suspended, Some(300)));
    assert_eq!(
        throttled(period(90005, "soon")),
        (Kind::Suspended, Some(60)),
        "what counts the calls is no pause"
    );
    let named = Reply { retry_after: Some(named_pause(7)), ..reply(503, "<html>") };
    assert_eq!(throttled(named), (Kind::BadAnswer, Some(7)));
    assert_eq!(named_pause(u64::MAX).as_secs(), 300);
}

#[test]
fn k11_the_gateway_writes_the_codes_of_others_behind_its_own_word() {
    for envelope in [
        r#"{"errcode":15,"sub_code":"CODE","errmsg":"Remote service error"}"#,
        r#"{"errcode":88,"sub_code":"CODE","errmsg":"x"}"#,
        r#"{"errcode":88,"errmsg":"ding talk error[subcode=CODE,submsg=x]"}"#,
        r#"{"error_response":{"code":15,"msg":"x","sub_code":"CODE"}}"#,
        r#"{"code":"CODE","message":"x"}"#,
    ] {
        for (code, expected) in [
            ("isv.40078", Kind::CodeRejected),
            ("isv.40014", Kind::TokenRejected),
            ("isp.90018", Kind::Throttled),
            ("isp.-1", Kind::Busy),
            ("isp.http-error", Kind::Busy),
            ("dingtalk.isv.60020", Kind::Misconfigured),
        ] {
            let body = envelope.replace("CODE", code);
            assert_eq!(kind(&body), expected, "{body}");
        }
    }
}

#[test]
fn k11_the_sub_code_is_read_wherever_it_stands_within_the_brackets() {
    for words in [
        "ding talk error[subcode=40078,submsg=x]",
        "ding talk error[submsg=x,subcode=40078]",
        "ding talk error[submsg=a=b,c [d], subCode = 40078]",
        "ding talk error[subCode=40078, submsg=x]",
        "ding talk error[SUBCODE=isv.40078,SUBMSG=x]",
        "ding talk error[request_id=r,sub_code=40078,submsg=x]",
        "ding talk error[subcode=?,subcode=40078]",
        "ding talk error [ subcode=40078.0 ]",
    ] {
        let error = read(Role::Call, &format!(r#"{{"errcode":88,"errmsg":"{words}"}}"#)).unwrap_err();
        assert_eq!(error.kind, Kind::CodeRejected, "{words}");
        assert!(error.said.unwrap().sub_code.unwrap().ends_with("40078"), "{words}");
    }
    for words in ["subcode=40078", "x[mysubcode=40078]", "x[subcode:40078]", "x[subcode=]", "x]subcode=40078"]
    {
        assert_eq!(kind(&format!(r#"{{"errcode":88,"errmsg":"{words}"}}"#)), Kind::Refused, "{words}");
    }
}

#[test]
fn k11_what_stands_around_the_json_or_after_a_whole_number_does_not_matter() {
    const BODY: &str = r#"{"errcode":40078,"errmsg":"x"}"#;
    for (before, after) in [
        ("", "\0"),
        ("\r\n", ""),
        ("\u{feff}", "\0\0"),
        ("\r\n\u{feff}", "\r\n"),
        ("\u{feff}\r\n\u{feff} ", ""),
    ] {
        assert_eq!(kind(&format!("{before}{BODY}{after}")), Kind::CodeRejected, "{before:?} {after:?}");
    }
    for success in ["0.0", "-0.0", "0e0", "\"0.0\"", "\" 0 \""] {
        let body = format!(r#"{{"errcode":{success},"access_token":"t","expires_in":7000.0}}"#);
        let answer = read(Role::Token, &body).unwrap();
        assert_eq!(
            (answer.text("access_token").unwrap().as_str(), answer.number("expires_in")),
            ("t", Some(7000))
        );
    }
    for (odd, expected) in
        [("40078.5", Kind::BadAnswer), ("1e300", Kind::BadAnswer), ("\"40078.5\"", Kind::Refused)]
    {
        assert_eq!(kind(&format!(r#"{{"errcode":{odd}}}"#)), expected, "{odd}");
    }
}

#[test]
fn k11_a_ban_is_one_on_a_page_too() {
    for body in [
        "<html><body>{ \"status\":1111, \"wait\":5, \"punish\":\"deny\" }</body></html>",
        "callback({\"status\": 1111})",
        r#"{"status":"1111","wait":5}"#,
    ] {
        assert_eq!(kind(body), Kind::Banned, "{body}");
    }
}

/// What one field says does not hide what another says.
#[test]
fn k11_every_message_is_read() {
    for body in [
        r#"{"errcode":88,"sub_msg":"不存在的临时授权码","errmsg":"ding talk error[subcode=40078,submsg=x]"}"#,
        r#"{"errcode":88,"sub_msg":"","errmsg":"ding talk error[subcode=40078,submsg=x]"}"#,
        r#"{"errcode":88,"sub_msg":" ","message":"","msg":"error【subcode=40078，submsg=x】"}"#,
        r#"{"errcode":88,"errmsg":"error[subcode=40078，submsg=x]"}"#,
    ] {
        assert_eq!(kind(body), Kind::CodeRejected, "{body}");
    }
    let banned = r#"{"errcode":88,"sub_code":"90005","sub_msg":"被暂时禁用","errmsg":"从 2018-12-09 15:00:40 到 2018-12-09 15:01:10 请求总次数超过了 100 次, 处罚将在 2018-12-09 15:03:10 结束"}"#;
    assert_eq!(read(Role::Call, banned).unwrap_err().retry_after, Some(Duration::from_secs(120)));
}

#[test]
fn k11_a_ban_is_one_where_its_quotation_marks_are_escaped_or_not_there() {
    for page in [
        r#"<script>var c="{\"status\":1111,\"wait\":5,\"punish\":\"deny\"}"</script>"#,
        "<pre>{&quot;status&quot;:1111,&quot;wait&quot;:5}</pre>",
        "<script>window.p={status:1111,punish:'deny'}</script>",
        "<pre>{&#34;punish&#34; : &#34;deny&#34;}</pre>",
    ] {
        let error = Answer::read("/x", Role::Call, &reply(403, page)).unwrap_err();
        assert_eq!(error.kind, Kind::Banned, "{page}");
    }
    let page = Answer::read("/x", Role::Call, &reply(403, "<p>status: 403</p>")).unwrap_err();
    assert_eq!(page.kind, Kind::BadAnswer);
}

#[test]
fn k21_a_fact_has_any_of_its_spellings() {
    for body in [
        r#"{"errcode":0,"openId":"o9","unionId":"u9"}"#,
        r#"{"errcode":0,"open_id":"o9","union_id":"u9"}"#,
        r#"{"errcode":0,"OpenID":"o9","UnionID":"u9","openid":null}"#,
    ] {
        let answer = read(Role::Redeem, body).unwrap();
        assert_eq!(answer.text("openid").unwrap(), "o9", "{body}");
        assert_eq!(answer.optional_text("unionid").as_deref(), Some("u9"), "{body}");
    }
    let answer = read(Role::Call, r#"{"accessToken":"x","access_token":"t","expiresIn":7200}"#).unwrap();
    assert_eq!(
        (answer.text("access_token").unwrap(), answer.seconds("expires_in")),
        ("t".into(), Some(7200))
    );
}

#[test]
fn k11_success_without_a_code_is_success() {
    for body in [
        r#"{"suite_access_token":"t","expires_in":7200}"#,
        r#"{"errcode":0,"errmsg":"ok","success":true,"suite_access_token":"t"}"#,
        r#"{"dingtalk_oapi_x_response":{"suite_access_token":"t","request_id":"r"}}"#,
        "\u{feff}{\"errcode\":\"0\",\"suite_access_token\":\"t\"}",
    ] {
        assert_eq!(read(Role::Token, body).unwrap().text("suite_access_token").unwrap(), "t", "{body}");
    }
}

#[test]
fn k21_an_odd_fact_is_no_fact() {
    for odd in [
        "null",
        "\"\"",
        "true",
        "[]",
        "[\"a\"]",
        "{\"a\":1}",
        "1.5",
        "123456789012345678901234567890",
        "\"a\\nb\"",
    ] {
        let answer = read(Role::Call, &format!(r#"{{"errcode":0,"unionid":{odd}}}"#)).unwrap();
        assert_eq!(answer.optional_id("unionid", miandeng_shared::UnionId::new), None, "{odd}");
        assert_eq!(answer.id("unionid", miandeng_shared::UnionId::new).unwrap_err().kind, Kind::BadAnswer);
    }
    for (given, expected) in
        [("12345678901234567890", "12345678901234567890"), ("\"王 小明$+/=\"", "王 小明$+/=")]
    {
        let answer = read(Role::Call, &format!(r#"{{"errcode":0,"unionid":{given}}}"#)).unwrap();
        assert_eq!(answer.id("unionid", miandeng_shared::UnionId::new).unwrap().as_str(), expected);
    }
}

#[test]
fn k21_half_a_character_costs_no_answer() {
    for (body, nick) in [
        (&br#"{"errcode":0,"nick":"a\ud83d"}"#[..], "a\u{fffd}"),
        (br#"{"errcode":0,"nick":"\ude00a"}"#, "\u{fffd}a"),
        (br#"{"errcode":0,"nick":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
        (br#"{"errcode":0,"nick":"a\\ud83d\ud83d"}"#, "a\\ud83d\u{fffd}"),
        (b"{\"errcode\":0,\"nick\":\"a\xe7\x8e\"}", "a\u{fffd}"),
        (b"{\"errcode\":0,\"nick\":\"a\nb\"}", "a b"),
    ] {
        let fields = object(body).unwrap();
        assert_eq!(fields["nick"], nick, "{}", String::from_utf8_lossy(body));
    }
    for body in [&b"<html>"[..], b"{\"a\":\"\\", b"{\"a\":\"\\\xe7", b"\\ud83d", b""] {
        assert!(object(body).is_none());
    }
}
