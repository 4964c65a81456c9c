//! What passes from the login's module to the view's, and what the server says, as JavaScript carries it.

#![cfg(target_arch = "wasm32")]
// Helpers of tests are tests too, which clippy does not see from their attributes.
#![allow(clippy::unwrap_used)]

mod support;

use miandeng_frontend::{
    dd::{DdError, Refusal},
    entry::Entry,
    env::Env,
    failure::Failure,
    fast_path,
    flow::{Command, Event, Flow, PageContext, Stage},
    happened::{self, Step},
    json::{Read, parse},
    settle::{Outcome, Trouble},
};
use miandeng_shared::{
    AgentId, AppKind, ConfigAnswer, CorpId, ErrorBody, ErrorCode, ExternalUserId, LoginAnswer, OpenId,
    SessionAnswer, UnionId, UpstreamError, User, UserId, Visit,
};
use support::{asked, run, serve, until};
use wasm_bindgen::JsValue;
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
    let home = whole.then(|| "/home?a=b#c".to_owned());
    SessionAnswer { user: user(whole), expires_at: "2026-01-01T00:00:00Z".to_owned(), home, simulator: whole }
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
        let SessionAnswer { user, expires_at, home, .. } = session(whole);
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

// ---- what passes between the modules ----

const STEPS: [Step; 5] = [Step::Config, Step::Loaded, Step::Verified, Step::Code, Step::Login];

/// `outcome` of `step`, as the view finds it.
fn passed(step: Step, outcome: Outcome) -> Event {
    happened::read(&happened::write(step, &outcome)).unwrap()
}

/// An answer of the server, as `Api::send` tells it.
fn answer(status: u16, text: &str) -> JsValue {
    run(&format!(
        "return {{ response: new Response(null, {{ status: {status}, headers: {{ 'Retry-After': '7' }} }}), text: {text:?} }}"
    ))
}

#[wasm_bindgen_test]
fn every_answer_of_the_component_passes_unchanged() {
    let refused = |code: Option<&str>, message: &str| {
        DdError::Refused(Refusal { code: code.map(str::to_owned), message: message.to_owned() })
    };
    let object = || run("return { errorCode: 3, errorMessage: '权限校验失败' }");
    let troubles = || {
        [
            (Trouble::Timeout, DdError::Timeout),
            (Trouble::Cancelled, DdError::Cancelled),
            (Trouble::Missing("dd"), DdError::Missing("dd")),
            (Trouble::Missing("dd.config"), DdError::Missing("dd.config")),
            (Trouble::Missing("dd.requestAuthCode"), DdError::Missing("dd.requestAuthCode")),
            (Trouble::Missing("dd.channel.permission"), DdError::Missing("dd.channel.permission")),
            (Trouble::Missing("dd.runtime"), DdError::Missing("dd.runtime")),
            (Trouble::Refused(object(), JsValue::UNDEFINED), refused(Some("3"), "权限校验失败")),
            (Trouble::Refused(JsValue::UNDEFINED, "7".into()), refused(Some("7"), "")),
            (Trouble::Refused(JsValue::UNDEFINED, "-1".into()), DdError::Cancelled),
            (Trouble::Refused(run("return new TypeError('x')"), JsValue::UNDEFINED), refused(None, "x")),
        ]
    };
    for (trouble, expected) in troubles() {
        let result = passed(Step::Loaded, Err(trouble));
        assert!(matches!(&result, Event::Loaded(Err(error)) if *error == expected), "{result:?}");
    }
    for (trouble, expected) in troubles() {
        let result = passed(Step::Verified, Err(trouble));
        assert!(matches!(&result, Event::Verified(Err(error)) if *error == expected), "{result:?}");
    }
    for (trouble, expected) in troubles() {
        let result = passed(Step::Code, Err(trouble));
        assert!(matches!(&result, Event::Code(Err(error)) if *error == expected), "{result:?}");
    }
    assert!(matches!(passed(Step::Loaded, Ok(object())), Event::Loaded(Ok(()))));
    assert!(matches!(passed(Step::Verified, Ok(JsValue::UNDEFINED)), Event::Verified(Ok(()))));
    let code = passed(Step::Code, Ok(run("return { code: 'c0de' }")));
    assert!(matches!(&code, Event::Code(Ok(code)) if code.as_str() == "c0de"), "{code:?}");
    for nonsense in ["undefined", "{}", "{ code: 7 }", "{ code: '' }", "{ code: 'a b' }"] {
        let code = passed(Step::Code, Ok(run(&format!("return {nonsense}"))));
        let none = refused(None, "no code in DingTalk's answer");
        assert!(matches!(&code, Event::Code(Err(error)) if *error == none), "{nonsense}: {code:?}");
    }
}

#[wasm_bindgen_test]
fn every_answer_of_the_server_passes_unchanged() {
    let config = config(true);
    let text = serde_json::to_string(&config).unwrap();
    assert!(
        matches!(passed(Step::Config, Ok(answer(200, &text))), Event::Config(Ok(read)) if read == config)
    );
    let SessionAnswer { user, expires_at, home, .. } = session(true);
    let login = LoginAnswer { user, expires_at, next: home.clone(), home };
    let text = serde_json::to_string(&login).unwrap();
    assert!(matches!(passed(Step::Login, Ok(answer(200, &text))), Event::Login(Ok(read)) if read == login));
    let busy = r#"{"error":{"code":"platform_busy","message":"正忙","hint":"稍候","upstream":null}}"#;
    let offline = || run("return new TypeError('Failed to fetch')");
    for (outcome, code, retry_after) in [
        (Ok(answer(503, busy)), ErrorCode::PlatformBusy, Some(7)),
        (Ok(answer(504, "<html>")), ErrorCode::RequestTimeout, Some(7)),
        (Ok(answer(200, "<html>")), ErrorCode::Unexpected, None),
        (Err(Trouble::Refused(offline(), JsValue::UNDEFINED)), ErrorCode::Network, None),
        (Err(Trouble::Timeout), ErrorCode::ServerTimeout, None),
    ] {
        let shows = |failure: &Failure| (failure.code, failure.retry_after) == (code, retry_after);
        let event = passed(Step::Config, outcome.clone());
        assert!(matches!(&event, Event::Config(Err(failure)) if shows(failure)), "{event:?}");
        let event = passed(Step::Login, outcome);
        assert!(matches!(&event, Event::Login(Err(failure)) if shows(failure)), "{event:?}");
    }
}

#[wasm_bindgen_test]
fn what_is_no_step_is_none() {
    for nonsense in [
        "undefined",
        "{}",
        "'login'",
        "{ step: 'tea', how: 'ok' }",
        "{ step: 'code' }",
        "{ step: 'code', how: 'missing', first: 'dd.tea' }",
    ] {
        assert!(happened::read(&run(&format!("return {nonsense}"))).is_none(), "{nonsense}");
    }
    let names: Vec<_> = STEPS.map(|step| happened::write(step, &Ok(JsValue::UNDEFINED))).to_vec();
    assert!(names.iter().all(|written| happened::read(written).is_some()));
}

// ---- the two modules, one after the other ----

/// A document as the server writes it, at its address, with a component whose login code call has the body `code`.
fn visit(code: &str) -> PageContext {
    run("history.replaceState(null, '', location.pathname + '?corpid=dingcorp1&agentid=2147483648123')");
    let href = run("return location.href").as_string().unwrap();
    let config = ConfigAnswer { url: Some(href.clone()), client_id: None, ..config(true) };
    let visit = Visit { config, session: None, error: None };
    let text = serde_json::to_string(&visit).unwrap();
    run(&format!(
        "var old = document.getElementById('visit'); if (old) old.remove(); \
         var block = document.createElement('script'); block.type = 'application/json'; block.id = 'visit'; \
         block.textContent = {text:?}; document.body.appendChild(block); \
         window.dd = {{ error: function () {{}}, config: function (p) {{ window.configured = p }}, \
             ready: function (f) {{ f() }}, \
             channel: {{ permission: {{ requestAuthCode: function (p) {{ {code} }} }} }} }}; \
         window.miandeng = {{ happened: [], fetchView: function () {{ window.miandeng.fetched = true }} }}"
    ));
    let (env, simulated) = (Env::Outside, Env::simulated(""));
    PageContext {
        entry: Entry::parse(&href),
        visit: Some(visit),
        env,
        simulated,
        reloaded: false,
        embedded: false,
    }
}

/// The flow, and the commands that it gives for what has happened.
fn replayed(context: PageContext) -> (Flow, Vec<Command>) {
    let (mut flow, first) = Flow::new(context).unwrap();
    let count = run("return miandeng.happened.length").as_f64().unwrap();
    let mut commands = vec![first];
    for at in 0..(count as u32) {
        commands.push(flow.step(happened::read(&run(&format!("return miandeng.happened[{at}]"))).unwrap()));
    }
    (flow, commands)
}

#[wasm_bindgen_test]
async fn the_flow_goes_the_way_that_the_login_has_gone() {
    let context = visit("p.onSuccess({ code: 'c0de' })");
    let SessionAnswer { user, expires_at, .. } = session(true);
    let answer = LoginAnswer { user, expires_at, next: None, home: None };
    serve(&format!("return [200, {:?}]", serde_json::to_string(&answer).unwrap()));
    fast_path::login();
    until("miandeng.fetched").await;
    assert!(asked().len() == 1 && asked()[0].contains("api/login"), "{:?}", asked());
    let options = run("return Object.keys(configured).sort().join()").as_string().unwrap();
    assert_eq!(options, "agentId,corpId,jsApiList,nonceStr,signature,timeStamp,type");
    let (flow, commands) = replayed(context);
    let went = matches!(
        commands[..],
        [Command::LoadSdk(_), Command::Verify(_), Command::AskCode(_), Command::Login(_), Command::Greet]
    );
    assert!(went, "{commands:?}");
    assert!(matches!(flow.stage(), Stage::Done(_)) && run("return miandeng.stuck").is_truthy());
}

#[wasm_bindgen_test]
async fn the_flow_goes_on_where_the_login_has_stopped() {
    let context = visit("p.onFail({ errorCode: 7, errorMessage: 'no' })");
    serve("return null");
    fast_path::login();
    until("miandeng.fetched").await;
    let (flow, _) = replayed(context);
    assert!(matches!(flow.stage(), Stage::Failed(failure) if failure.code == ErrorCode::CodeRefused));

    let context = visit("p.onSuccess({ code: 'c0de' })");
    fast_path::login();
    until("miandeng.fetched").await;
    let (flow, commands) = replayed(context);
    assert!(matches!(commands.last(), Some(Command::Pause(_))) && *flow.stage() == Stage::Pausing);

    // A document that is another server's: nothing has happened yet.
    let context = PageContext { visit: None, ..visit("") };
    run("document.getElementById('visit').remove()");
    fast_path::login();
    until("miandeng.fetched").await;
    let (_, commands) = replayed(context);
    assert!(matches!(commands[..], [Command::AskSession]));
}

#[wasm_bindgen_test]
async fn a_view_that_is_there_decides() {
    visit("window.succeed = p.onSuccess");
    serve("return null");
    fast_path::login();
    until("window.succeed").await;
    run("miandeng.told = []; miandeng.dispatch = function (what) { miandeng.told.push(what.step) }; \
         succeed({ code: 'c0de' })");
    assert_eq!(run("return miandeng.told.join()").as_string().unwrap(), "code");
    assert!(asked().is_empty(), "the login goes on in the view");
    run("delete window.dd; document.getElementById('visit').remove()");
}
