//! What passes from the login's module to the view's, and what the server says, as JavaScript carries it.

#![cfg(target_arch = "wasm32")]
// Helpers of tests are tests too, which clippy does not see from their attributes.
#![allow(clippy::unwrap_used)]

use miandeng_frontend::{
    LoggedIn,
    json::{Read, parse},
    shown::{Failed, Screen, Shown, Wait},
};
use miandeng_shared::{
    AgentId, AppKind, ConfigAnswer, CorpId, ErrorBody, ErrorCode, ExternalUserId, LoginAnswer, OpenId,
    SessionAnswer, UnionId, UpstreamError, User, UserId, Visit,
};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn user(whole: bool) -> User {
    User {
        corp_id: CorpId::new("dingcorp1").unwrap(),
        agent_id: AgentId::new("123456").unwrap(),
        open_id: whole.then(|| OpenId::new("o/+=1").unwrap()),
        union_id: whole.then(|| UnionId::new("u1").unwrap()),
        user_id: whole.then(|| UserId::new("王 \"小明\"").unwrap()),
        external_user_id: whole.then(|| ExternalUserId::new("wm1").unwrap()),
        contact_type: whole.then_some(1),
        nick: whole.then(|| "小明 \\ </script>\n😀".to_owned()),
        avatar: whole.then(|| "https://cdn.example.com/a.png?x=1&y=2".to_owned()),
    }
}

fn logged_in(whole: bool) -> LoggedIn {
    let home = whole.then(|| "/home?a=b#c".to_owned());
    LoggedIn { user: user(whole), expires_at: "2026-01-01T00:00:00Z".to_owned(), home }
}

#[wasm_bindgen_test]
fn every_state_of_a_login_passes_unchanged() {
    let failed = |said: bool, retry_after| {
        let said = said.then(|| ("这台\"服务器\"".to_owned(), String::new()));
        let details = "url: https://h5.example.com/?a=\"b\"\ndingtalk says: 权限\\校验失败\n".to_owned();
        Screen::Failed(Failed {
            code: ErrorCode::ConfigRefused,
            said,
            retry_after,
            details,
            is_wecom: retry_after.is_none(),
        })
    };
    let waits = [
        Wait::Server,
        Wait::Component,
        Wait::Identity,
        Wait::Login,
        Wait::Again,
        Wait::Healing,
        Wait::Ending,
    ];
    let screens = [
        Screen::Leaving("/orders/7?x=1#y".to_owned()),
        Screen::Done(logged_in(true)),
        Screen::Done(logged_in(false)),
        failed(true, Some(u32::MAX)),
        failed(false, Some(0)),
        failed(false, None),
    ];
    for screen in waits.into_iter().map(Screen::Waiting).chain(screens) {
        for simulator in [true, false] {
            let shown = Shown { screen: screen.clone(), simulator };
            assert_eq!(parse::<Shown>(&shown.write()).as_ref(), Some(&shown), "{}", shown.write());
        }
    }
    for code in ErrorCode::ALL {
        let failed =
            Failed { code: *code, said: None, retry_after: None, details: String::new(), is_wecom: false };
        let shown = Shown { screen: Screen::Failed(failed), simulator: false };
        assert_eq!(parse::<Shown>(&shown.write()), Some(shown));
    }
}

#[wasm_bindgen_test]
fn what_is_no_state_is_none() {
    for text in
        ["", "null", "[]", "{}", r#"{"wait":"tea"}"#, r#"{"failed":{"code":"tea","details":""}}"#, "1"]
    {
        assert_eq!(parse::<Shown>(text), None, "{text}");
    }
}

fn config(whole: bool) -> ConfigAnswer {
    let text = |value: &str| whole.then(|| value.to_owned());
    ConfigAnswer {
        corp_id: CorpId::new("dingcorp1").unwrap(),
        agent_id: AgentId::new("2147483648123").unwrap(),
        kind: if whole { AppKind::Channel } else { AppKind::H5 },
        jsapi_url: "https://g.alicdn.com/x.js".to_owned(),
        jsapi_fallback_url: text("/dingtalk.js"),
        client_id: text("dingkey"),
        login_url: text("/wecom/start?corpid=a"),
        simulator: whole,
        js_api_list: if whole { vec!["a".to_owned(), "b".to_owned()] } else { Vec::new() },
        config_type: u8::from(whole),
        time_stamp: text("1700000000"),
        nonce_str: text("n"),
        signature: text("s"),
        url: text("https://h5.example.com/?a=b"),
    }
}

fn session(whole: bool) -> SessionAnswer {
    let LoggedIn { user, expires_at, home } = logged_in(whole);
    SessionAnswer { user, expires_at, home, simulator: whole }
}

/// The page reads by hand what serde writes on the server.
#[wasm_bindgen_test]
fn the_page_reads_what_the_server_writes() {
    fn reads<T: Read + serde::Serialize + PartialEq + std::fmt::Debug>(value: &T) {
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(parse::<T>(&json).as_ref(), Some(value), "{json}");
    }
    for whole in [true, false] {
        reads(&config(whole));
        reads(&session(whole));
        let LoggedIn { user, expires_at, home } = logged_in(whole);
        reads(&LoginAnswer { user, expires_at, next: home.clone(), home });
        let text = || whole.then(|| "r".to_owned());
        let upstream =
            whole.then(|| UpstreamError { code: "40078".to_owned(), sub_code: text(), request_id: text() });
        let [code, message, hint] = ["platform_busy", "正忙", ""].map(str::to_owned);
        let error = ErrorBody { code, message, hint, upstream };
        reads(&error);
        let session = whole.then(|| session(whole));
        reads(&Visit { config: config(whole), session, error: whole.then_some(error) });
    }
}

#[wasm_bindgen_test]
fn an_answer_of_another_shape_is_none() {
    let whole = serde_json::to_value(config(true)).unwrap();
    for (field, wrong) in [
        ("corpId", serde_json::json!("a b")),
        ("corpId", serde_json::json!(1)),
        ("kind", serde_json::json!("tea")),
        ("jsapiUrl", serde_json::Value::Null),
        ("jsApiList", serde_json::json!("a")),
        ("jsApiList", serde_json::json!([1])),
        ("type", serde_json::json!(1.5)),
        ("type", serde_json::json!(256)),
        ("type", serde_json::json!(-1)),
        ("simulator", serde_json::json!("true")),
        ("url", serde_json::json!(7)),
    ] {
        let mut value = whole.clone();
        value[field] = wrong.clone();
        assert_eq!(parse::<ConfigAnswer>(&value.to_string()), None, "{field} {wrong}");
    }
    let mut newer = whole;
    newer["newer"] = serde_json::json!([{}]);
    assert_eq!(parse::<ConfigAnswer>(&newer.to_string()), Some(config(true)));
}
