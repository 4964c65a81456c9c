use super::*;
use crate::{
    dd::{DdError, Refusal},
    env::Env,
};
use miandeng_shared::{
    AgentId, AppKind, AuthCode, CorpId, ErrorBody, ErrorCode, LoginAnswer, SessionAnswer, User, encode_next,
};

const PAGE: &str = "https://h5.example.com/app/?corpid=dingcorp1&agentid=123456";

fn context(href: &str) -> PageContext {
    let env = Env::Phone { version: Some("7.5.36".to_owned()) };
    let simulated = Env::Phone { version: None };
    PageContext { entry: Entry::parse(href), visit: None, env, simulated, reloaded: false, embedded: false }
}

fn user(corp: &str) -> User {
    let user = User::new(AppId::new(CorpId::new(corp).unwrap(), AgentId::new("123456").unwrap()));
    User { nick: Some("小明".to_owned()), ..user }
}

fn session(corp: &str, home: Option<&str>) -> Event {
    let home = home.map(str::to_owned);
    let (user, expires_at) = (user(corp), "later".to_owned());
    Event::Session(Ok(Some(SessionAnswer { user, expires_at, home, simulator: false })))
}

fn logged_in(next: Option<&str>) -> Event {
    logged_in_at(next, None)
}

fn logged_in_at(next: Option<&str>, home: Option<&str>) -> Event {
    let (next, home) = (next.map(str::to_owned), home.map(str::to_owned));
    Event::Login(Ok(LoginAnswer { user: user("dingcorp1"), expires_at: "later".to_owned(), next, home }))
}

fn config() -> ConfigAnswer {
    ConfigAnswer {
        corp_id: CorpId::new("dingcorp1").unwrap(),
        agent_id: AgentId::new("123456").unwrap(),
        kind: AppKind::Channel,
        jsapi_url: "https://g.alicdn.com/dingtalk.js".to_owned(),
        jsapi_fallback_url: None,
        client_id: None,
        login_url: None,
        simulator: false,
        js_api_list: vec!["channel.permission.requestAuthCode".to_owned()],
        config_type: 1,
        time_stamp: Some("1700000000".to_owned()),
        nonce_str: Some("nonce1".to_owned()),
        signature: Some("sig".to_owned()),
        url: Some(PAGE.to_owned()),
    }
}

fn unsigned() -> ConfigAnswer {
    ConfigAnswer { time_stamp: None, nonce_str: None, signature: None, url: None, ..config() }
}

fn refusal(code: &str, message: &str) -> DdError {
    DdError::Refused(Refusal { code: Some(code.to_owned()), message: message.to_owned() })
}

fn from_server(code: &str, status: u16) -> Failure {
    let (message, hint) = (String::new(), String::new());
    Failure::from_server(
        status,
        Some(ErrorBody { code: code.to_owned(), message, hint, upstream: None }),
        None,
    )
}

fn code() -> Event {
    Event::Code(Ok(AuthCode::new("c0de").unwrap()))
}

/// The flow after these events, each of which must belong to its stage.
fn after(context: PageContext, events: impl IntoIterator<Item = Event>) -> Flow {
    let (mut flow, _) = Flow::new(context).unwrap();
    for event in events {
        let before = flow.stage().clone();
        flow.step(event.clone());
        assert_ne!(*flow.stage(), before, "{event:?} did nothing");
    }
    flow
}

fn up_to_verify() -> [Event; 3] {
    [Event::Session(Ok(None)), Event::Config(Ok(config())), Event::Loaded(Ok(()))]
}

fn failed(flow: &Flow) -> ErrorCode {
    match flow.stage() {
        Stage::Failed(failure) => failure.code,
        other => panic!("not failed but {other:?}"),
    }
}

mod success {
    use super::*;

    #[test]
    fn every_call_once_and_in_order() {
        let (mut flow, first) = Flow::new(context(&format!("{PAGE}#next=/orders/7"))).unwrap();
        assert!(matches!(first, Command::AskSession));
        assert!(matches!(flow.step(Event::Session(Ok(None))), Command::AskConfig { url } if url == PAGE));
        assert!(
            matches!(flow.step(Event::Config(Ok(config()))), Command::LoadSdk(source) if source.url == config().jsapi_url)
        );
        assert!(matches!(flow.step(Event::Loaded(Ok(()))), Command::Verify(sent) if *sent == config()));
        assert!(
            matches!(flow.step(Event::Verified(Ok(()))), Command::AskCode(request) if request.corp_id.as_str() == "dingcorp1" && request.client_id.is_none())
        );
        let Command::Login(request) = flow.step(code()) else { panic!("no login") };
        assert_eq!(request.code.as_str(), "c0de");
        assert_eq!(request.next.as_deref(), Some("/orders/7"));
        assert!(matches!(flow.step(logged_in(Some("/orders/7"))), Command::Leave(to) if to == "/orders/7"));
        assert_eq!(*flow.stage(), Stage::Leaving("/orders/7".to_owned()));
    }

    #[test]
    fn a_session_costs_dingtalk_nothing() {
        let flow = after(context(PAGE), [session("dingcorp1", None)]);
        assert!(matches!(flow.stage(), Stage::Done(who) if who.user.nick.as_deref() == Some("小明")));
    }

    #[test]
    fn a_session_counts_outside_dingtalk_too() {
        for env in [Env::Outside, Env::Pc { version: None }] {
            let flow = after(PageContext { env, ..context(PAGE) }, [session("dingcorp1", None)]);
            assert!(matches!(flow.stage(), Stage::Done(_)));
        }
    }

    #[test]
    fn another_corporations_session_is_none() {
        let flow = after(context(PAGE), [session("dingother", Some("/"))]);
        assert_eq!(*flow.stage(), Stage::Config);
    }

    #[test]
    fn where_to_go() {
        for (fragment, home, embedded, expected) in [
            ("", None, false, None),
            ("", Some("/home"), false, Some("/home")),
            ("#next=/a?b#c", Some("/home"), false, Some("/a?b#c")),
            ("#next=https://evil.example", Some("/home"), false, Some("/home")),
            // The page itself: going there would come back here.
            ("#next=/app/", Some("/home"), false, None),
            ("#next=/app?x=1", None, false, None),
            ("", Some("/app/"), false, None),
            // What the server says is checked like everything else.
            ("", Some("https://evil.example/"), false, None),
            ("", Some("//evil.example"), false, None),
            // An application around the page is where people want to be; a deep link is still followed.
            ("", Some("/home"), true, None),
            ("#next=/a", Some("/home"), true, Some("/a")),
        ] {
            let context = || PageContext { embedded, ..context(&format!("{PAGE}{fragment}")) };
            let expected = expected.map(|to: &str| Stage::Leaving(to.to_owned()));
            let with_session = after(context(), [session("dingcorp1", home)]);
            // The server puts `next` before `home`, as we do.
            let entry = context().entry;
            let answer = logged_in_at(entry.next.as_deref().or(home), home);
            let with_login =
                after(context(), up_to_verify().into_iter().chain([Event::Verified(Ok(())), code(), answer]));
            for flow in [with_session, with_login] {
                match &expected {
                    Some(leaving) => assert_eq!(flow.stage(), leaving, "{fragment} {home:?}"),
                    None => assert!(matches!(flow.stage(), Stage::Done(_)), "{fragment} {home:?}: {flow:?}"),
                }
            }
        }
    }

    #[test]
    fn k16_a_greeting_has_a_way_on_where_home_is_known() {
        for (fragment, home, way) in [
            // The place that was asked for is this page.
            ("#next=/app/", Some("/home"), Some("/home")),
            ("#next=/app?x=1", Some("/home?a=b#c"), Some("/home?a=b#c")),
            ("#next=/app/", None, None),
            // A link to this page, or to another origin, is no way on.
            ("#next=/app/", Some("/app/"), None),
            ("", Some("/app"), None),
            ("", Some("//evil.example"), None),
            ("", Some("https://evil.example/"), None),
        ] {
            let page = || context(&format!("{PAGE}{fragment}"));
            let answer = logged_in_at(page().entry.next.as_deref().or(home), home);
            let with_login =
                after(page(), up_to_verify().into_iter().chain([Event::Verified(Ok(())), code(), answer]));
            for flow in [after(page(), [session("dingcorp1", home)]), with_login] {
                let Stage::Done(logged_in) = flow.stage() else { panic!("{fragment} {home:?}: {flow:?}") };
                assert_eq!(logged_in.home.as_deref(), way, "{fragment} {home:?}");
            }
        }
        // An application around the page stays what is shown, and knows the way.
        let flow =
            after(PageContext { embedded: true, ..context(PAGE) }, [session("dingcorp1", Some("/home"))]);
        assert!(matches!(flow.stage(), Stage::Done(who) if who.home.as_deref() == Some("/home")));
    }

    #[test]
    fn not_you_ends_the_session_and_starts_on_a_fresh_page() {
        let mut flow = after(context(PAGE), [session("dingcorp1", None)]);
        assert!(matches!(flow.step(Event::NotMe), Command::EndSession));
        assert!(matches!(flow.step(Event::NotMe), Command::Nothing), "a second tap does nothing");
        assert!(matches!(flow.step(Event::Ended(Ok(()))), Command::Reload));
    }

    #[test]
    fn a_session_that_does_not_end_is_told() {
        let mut flow = after(context(PAGE), [session("dingcorp1", None), Event::NotMe]);
        flow.step(Event::Ended(Err(Failure::new(ErrorCode::Network))));
        assert_eq!(failed(&flow), ErrorCode::Network);
    }
}

mod elsewhere {
    use super::*;

    #[test]
    fn an_incomplete_address_is_told_at_once() {
        for (query, code, details) in [
            ("", ErrorCode::LinkIncomplete, &[("corpid", "missing"), ("agentid", "missing")][..]),
            ("?corpid=a", ErrorCode::LinkIncomplete, &[("agentid", "missing")]),
            ("?agentid=1&corpid=", ErrorCode::LinkIncomplete, &[("corpid", "missing")]),
            ("?corpid=a&corpId=b&agentid=1", ErrorCode::LinkInvalid, &[("corpid", "two values that differ")]),
            ("?corpid=企业&agentid=1", ErrorCode::LinkInvalid, &[("corpid", "no identifier")]),
            ("?corpid=a%20b", ErrorCode::LinkInvalid, &[("corpid", "no identifier"), ("agentid", "missing")]),
        ] {
            assert_told(query, code, details);
        }
    }

    #[test]
    fn k01_a_placeholder_that_was_not_replaced_has_words_of_its_own() {
        for (query, details) in [
            ("?corpid=$CORPID$&agentid=1", &[("corpid", "a placeholder")][..]),
            ("?agentId=1&corpId=%24CORPID%24", &[("corpid", "a placeholder")]),
            ("?corpid=$corpId$&agentid=1", &[("corpid", "a placeholder")]),
            ("?corpid=ding1&agentid=$APPID$", &[("agentid", "a placeholder")]),
            ("?corpid=$CORPID$", &[("corpid", "a placeholder"), ("agentid", "missing")]),
        ] {
            assert_told(query, ErrorCode::LinkPlaceholder, details);
        }
    }

    fn assert_told(query: &str, code: ErrorCode, details: &[(&'static str, &str)]) {
        let failure = Flow::new(context(&format!("https://h5.example.com/{query}"))).unwrap_err();
        assert_eq!(failure.code, code, "{query}");
        let told: Vec<_> = failure.details.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(&told[..details.len()], details, "{query}");
        assert_eq!(told[details.len()].0, "url", "{query}: {told:?}");
    }

    #[test]
    fn nothing_is_signed_outside_dingtalk() {
        for (env, expected) in
            [(Env::Outside, ErrorCode::NotInDingtalk), (Env::Pc { version: None }, ErrorCode::PcUnsupported)]
        {
            let (mut flow, _) = Flow::new(PageContext { env, ..context(PAGE) }).unwrap();
            assert!(matches!(flow.step(Event::Session(Ok(None))), Command::AskApp));
            flow.step(Event::Config(Ok(unsigned())));
            assert_eq!(failed(&flow), expected);
        }
    }

    #[test]
    fn on_a_simulator_any_browser_is_a_phone() {
        for env in [Env::Outside, Env::Pc { version: None }] {
            let (mut flow, _) = Flow::new(PageContext { env, ..context(PAGE) }).unwrap();
            flow.step(Event::Session(Ok(None)));
            let app = ConfigAnswer { simulator: true, ..unsigned() };
            assert!(matches!(flow.step(Event::Config(Ok(app))), Command::AskConfig { .. }));
            assert!(flow.simulator());
            let signed = ConfigAnswer { simulator: true, ..config() };
            assert!(matches!(flow.step(Event::Config(Ok(signed))), Command::LoadSdk(_)));
        }
    }

    #[test]
    fn a_simulator_decides_what_the_browser_counts_as() {
        let simulator = |answer| Event::Config(Ok(ConfigAnswer { simulator: true, ..answer }));
        for (simulated, expected) in
            [(Env::Outside, ErrorCode::NotInDingtalk), (Env::Pc { version: None }, ErrorCode::PcUnsupported)]
        {
            let played = || PageContext { simulated: simulated.clone(), ..context(PAGE) };
            let browser = PageContext { env: Env::Outside, ..played() };
            let (in_browser, on_phone) = (
                after(browser, [Event::Session(Ok(None)), simulator(unsigned())]),
                after(played(), [Event::Session(Ok(None)), simulator(config())]),
            );
            assert_eq!((failed(&in_browser), failed(&on_phone)), (expected, expected));
            // Elsewhere the window's name means nothing.
            let real = after(played(), [Event::Session(Ok(None)), Event::Config(Ok(config()))]);
            assert!(matches!(real.stage(), Stage::Sdk));
        }
    }

    #[test]
    fn a_returning_session_knows_the_simulator_too() {
        let (user, expires_at) = (user("dingcorp1"), "later".to_owned());
        let answer = SessionAnswer { user, expires_at, home: None, simulator: true };
        let flow = after(context(PAGE), [Event::Session(Ok(Some(answer)))]);
        assert!(flow.simulator() && matches!(flow.stage(), Stage::Done(_)));
    }

    #[test]
    fn todays_applications_log_in_without_dd_config_on_a_pc_too() {
        let h5 = |answer| {
            let client_id = Some("dingkey".to_owned());
            Event::Config(Ok(ConfigAnswer { kind: AppKind::H5, client_id, ..answer }))
        };
        let pc = Env::Pc { version: None };
        for context in [context(PAGE), PageContext { env: pc, ..context(PAGE) }] {
            let mut flow = after(context, [Event::Session(Ok(None)), h5(unsigned())]);
            let Command::AskCode(request) = flow.step(Event::Loaded(Ok(()))) else { panic!("{flow:?}") };
            assert_eq!(request.client_id.as_deref(), Some("dingkey"));
            assert!(matches!(flow.step(code()), Command::Login(_)));
        }
        let outside = PageContext { env: Env::Outside, ..context(PAGE) };
        let outside = after(outside, [Event::Session(Ok(None)), h5(unsigned())]);
        assert_eq!(failed(&outside), ErrorCode::NotInDingtalk);
    }

    #[test]
    fn a_server_that_does_not_sign_is_a_surprise() {
        let flow = after(context(PAGE), [Event::Session(Ok(None)), Event::Config(Ok(unsigned()))]);
        assert_eq!(failed(&flow), ErrorCode::Unexpected);
    }
}

mod refused_config {
    use super::*;

    const MISMATCH: &str = "Code:52013 - Message:签名校验失败,nonce:[n],timestamp:[1],url:[https://h5.example.com/other],ticketList:[secret]";

    fn refused() -> impl Iterator<Item = Event> {
        up_to_verify().into_iter().chain([Event::Verified(Err(refusal("3", MISMATCH)))])
    }

    #[test]
    fn it_is_reported_and_tried_once_on_a_fresh_page() {
        let (mut flow, _) = Flow::new(context(PAGE)).unwrap();
        let last = refused().map(|event| flow.step(event)).last();
        let Some(Command::Report(report)) = last else { panic!("no report") };
        assert_eq!((report.nonce_str.as_str(), report.error.as_str()), ("nonce1", "52013"));
        assert!(matches!(flow.step(Event::Reported), Command::ReloadOnce));
        assert!(matches!(flow.stage(), Stage::Reloading(Some(_))));
    }

    #[test]
    fn the_second_refusal_is_final_and_shows_both_urls() {
        let context = PageContext { reloaded: true, ..context(PAGE) };
        let flow = after(context, refused().chain([Event::Reported]));
        let Stage::Failed(failure) = flow.stage() else { panic!("{flow:?}") };
        assert_eq!(failure.code, ErrorCode::ConfigRefused);
        for detail in [
            ("upstream", "52013"),
            ("url signed", PAGE),
            ("url seen by DingTalk", "https://h5.example.com/other"),
            ("corpid", "dingcorp1"),
            ("agentid", "123456"),
            ("client", "phone 7.5.36"),
        ] {
            assert!(failure.details.contains(&(detail.0, detail.1.to_owned())), "{detail:?}");
        }
        let all = format!("{failure:?}");
        assert!(!all.contains("secret") && !all.contains("sig\""), "{all}");
    }

    #[test]
    fn a_page_that_cannot_remember_does_not_reload() {
        let flow = after(context(PAGE), refused().chain([Event::Reported, Event::ReloadBlocked]));
        assert_eq!(failed(&flow), ErrorCode::ConfigRefused);
    }

    #[test]
    fn silence_is_neither_reported_nor_tried_again() {
        let events = up_to_verify().into_iter().chain([Event::Verified(Err(DdError::Timeout))]);
        let mut flow = after(context(PAGE), events);
        assert_eq!(failed(&flow), ErrorCode::ConfigTimeout);
        assert!(matches!(flow.step(Event::Retry), Command::Reload), "dd.config works once per page");
    }
}

mod codes {
    use super::*;

    fn up_to_login() -> impl Iterator<Item = Event> {
        up_to_verify().into_iter().chain([Event::Verified(Ok(())), code()])
    }

    #[test]
    fn a_spent_code_is_replaced_once() {
        for (name, status) in [("code_rejected", 401), ("code_used", 409)] {
            let (mut flow, _) = Flow::new(context(PAGE)).unwrap();
            up_to_login().for_each(|event| drop(flow.step(event)));
            assert!(matches!(flow.step(Event::Login(Err(from_server(name, status)))), Command::AskCode(_)));
            assert!(matches!(flow.step(code()), Command::Login(_)));
            assert!(matches!(flow.step(Event::Login(Err(from_server(name, status)))), Command::Nothing));
            assert_eq!(failed(&flow).as_str(), name);
        }
    }

    #[test]
    fn any_other_refusal_is_final() {
        for name in ["not_following", "platform_quota", "cross_site", "unknown_app"] {
            let flow = after(context(PAGE), up_to_login().chain([Event::Login(Err(from_server(name, 500)))]));
            assert_eq!(failed(&flow).as_str(), name);
        }
    }

    #[test]
    fn the_clients_refusals() {
        for (error, expected) in [
            (refusal("3", "1002,err msg uid is not in employee for orgid"), ErrorCode::WrongNamespace),
            (refusal("1", ""), ErrorCode::ClientTooOld),
            (DdError::Missing("dd.channel"), ErrorCode::ClientTooOld),
            (refusal("22", ""), ErrorCode::PcUnsupported),
            (refusal("4050", ""), ErrorCode::PcUnsupported),
            (refusal("7", ""), ErrorCode::CodeRefused),
            (DdError::Cancelled, ErrorCode::Cancelled),
            (DdError::Timeout, ErrorCode::CodeTimeout),
        ] {
            let events = up_to_verify().into_iter().chain([Event::Verified(Ok(())), Event::Code(Err(error))]);
            assert_eq!(failed(&after(context(PAGE), events)), expected);
        }
    }
}

mod retry {
    use super::*;

    fn retry(events: impl IntoIterator<Item = Event>) -> (Flow, Command) {
        let mut flow = after(context(PAGE), events);
        let command = flow.step(Event::Retry);
        (flow, command)
    }

    fn verified() -> impl Iterator<Item = Event> {
        up_to_verify().into_iter().chain([Event::Verified(Ok(()))])
    }

    /// A failure that a pause heals, after a pause that is too long to be waited for.
    fn banned() -> Failure {
        Failure { retry_after: Some(300), ..from_server("platform_banned", 503) }
    }

    #[test]
    fn what_passes_by_itself_starts_over_in_place() {
        for (events, in_place) in [
            (vec![Event::Session(Err(banned()))], true),
            (vec![Event::Session(Ok(None)), Event::Config(Err(banned()))], true),
            (verified().chain([code(), Event::Login(Err(banned()))]).collect(), true),
            (verified().chain([Event::Code(Err(DdError::Cancelled))]).collect(), true),
            (vec![Event::Session(Ok(None)), Event::Config(Err(from_server("unknown_app", 404)))], false),
            (verified().chain([code(), Event::Login(Err(from_server("cross_site", 403)))]).collect(), false),
            (verified().chain([Event::Code(Err(DdError::Timeout))]).collect(), false),
            (verified().chain([Event::Code(Err(refusal("7", "")))]).collect(), false),
        ] {
            let (flow, command) = retry(events.clone());
            assert_eq!(matches!(command, Command::AskSession), in_place, "{events:?}: {command:?}");
            assert_eq!(matches!(command, Command::Reload), !in_place, "{events:?}: {command:?}");
            assert_eq!(*flow.stage() == Stage::Session, in_place);
        }
    }

    #[test]
    fn a_second_try_in_place_configures_nothing_twice() {
        let (mut flow, _) = retry(verified().chain([code(), Event::Login(Err(banned()))]));
        assert!(matches!(flow.step(Event::Session(Ok(None))), Command::AskCode(_)));
        assert!(matches!(flow.step(code()), Command::Login(_)));
        assert!(matches!(flow.step(logged_in(None)), Command::Greet));
    }

    #[test]
    fn the_person_is_owed_a_first_try() {
        let mut flow = after(
            PageContext { reloaded: true, ..context(PAGE) },
            [Event::Session(Err(banned())), Event::Retry].into_iter().chain(up_to_verify()),
        );
        flow.step(Event::Verified(Err(refusal("3", "Code:52013"))));
        assert!(matches!(flow.step(Event::Reported), Command::ReloadOnce));
    }

    #[test]
    fn a_login_whose_answer_was_lost_is_found_again() {
        let (mut flow, _) = retry(verified().chain([code(), Event::Login(Err(banned()))]));
        assert!(matches!(flow.step(session("dingcorp1", None)), Command::Greet));
    }
}

mod component {
    use super::*;

    fn not_loaded(error: DdError) -> impl Iterator<Item = Event> {
        [Event::Session(Ok(None)), Event::Config(Ok(config())), Event::Loaded(Err(error))].into_iter()
    }

    /// A document that was made when the server did not know the application forbids its component.
    #[test]
    fn k01_one_that_does_not_come_is_tried_once_on_a_fresh_page() {
        for error in [refusal("", ""), DdError::Missing("dd.config")] {
            let mut flow = after(context(PAGE), not_loaded(error.clone()));
            assert!(matches!(flow.stage(), Stage::Reloading(Some(_))), "{error:?}");
            flow.step(Event::ReloadBlocked);
            assert_eq!(failed(&flow), ErrorCode::SdkUnavailable);

            let mut flow = after(PageContext { reloaded: true, ..context(PAGE) }, not_loaded(error));
            assert_eq!(failed(&flow), ErrorCode::SdkUnavailable);
            assert!(matches!(flow.step(Event::Retry), Command::Reload), "a fresh document");
        }
    }

    #[test]
    fn after_a_long_wait_the_person_is_asked() {
        let mut flow = after(context(PAGE), not_loaded(DdError::Timeout));
        assert_eq!(failed(&flow), ErrorCode::SdkUnavailable);
        assert!(matches!(flow.step(Event::Retry), Command::Reload));
    }
}

/// A person never sees what trying again heals.
mod healing {
    use super::*;

    /// The server's failure, with its `Retry-After`.
    fn failing(name: &str, status: u16, retry_after: Option<u32>) -> Failure {
        Failure { retry_after, ..from_server(name, status) }
    }

    fn busy() -> Failure {
        failing("platform_busy", 503, Some(1))
    }

    /// Where the server may fail: the events before, and the failure.
    fn steps(failure: &Failure) -> Vec<Vec<Event>> {
        let login = up_to_verify().into_iter().chain([Event::Verified(Ok(())), code()]);
        vec![
            vec![Event::Session(Err(failure.clone()))],
            vec![Event::Session(Ok(None)), Event::Config(Err(failure.clone()))],
            login.chain([Event::Login(Err(failure.clone()))]).collect(),
        ]
    }

    /// What the machine waits for after `events`, if it waits.
    fn pause(flow: &mut Flow, events: impl IntoIterator<Item = Event>) -> Option<u32> {
        let mut command = Command::Nothing;
        for event in events {
            command = flow.step(event);
        }
        match command {
            Command::Pause(seconds) => {
                assert_eq!(*flow.stage(), Stage::Pausing);
                Some(seconds)
            }
            _ => None,
        }
    }

    fn new(href: &str) -> Flow {
        Flow::new(context(href)).unwrap().0
    }

    #[test]
    fn every_passing_failure_at_every_step_is_tried_again() {
        for failure in [
            busy(),
            failing("platform_bad_answer", 502, None),
            failing("platform_timeout", 504, None),
            failing("store_unavailable", 503, None),
            failing("too_many_requests", 429, Some(1)),
            failing("call_budget", 503, Some(1)),
            failing("of_a_newer_server", 503, None),
            Failure::from_server(502, None, None),
            Failure::from_server(504, None, None),
            Failure::new(ErrorCode::Network),
            Failure::new(ErrorCode::ServerTimeout),
        ] {
            for events in steps(&failure) {
                let mut flow = new(PAGE);
                assert_eq!(pause(&mut flow, events.clone()), Some(1), "{events:?}");
                assert!(matches!(flow.step(Event::Paused), Command::AskSession));
                assert_eq!(*flow.stage(), Stage::Session);
            }
        }
    }

    /// Our server's own accident, and what something in between has said.
    fn unclear() -> Vec<Failure> {
        let foreign = [200, 403, 404, 500].map(|status| Failure::from_server(status, None, None));
        [&[failing("internal", 500, None)][..], &foreign].concat()
    }

    #[test]
    fn what_is_unclear_is_tried_twice_and_then_told_as_it_is() {
        for failure in unclear() {
            for events in steps(&failure) {
                let mut flow = new(PAGE);
                assert_eq!(pause(&mut flow, events.clone()), Some(1), "{events:?}");
                assert!(matches!(flow.step(Event::Paused), Command::AskSession));
                assert_eq!(pause(&mut flow, [Event::Session(Err(failure.clone()))]), Some(2));
                flow.step(Event::Paused);
                assert_eq!(pause(&mut flow, [Event::Session(Err(failure.clone()))]), None);
                let Stage::Failed(shown) = flow.stage() else { panic!("{flow:?}") };
                assert_eq!((shown.code, &shown.said), (failure.code, &failure.said));
            }
        }
    }

    #[test]
    fn a_newer_server_that_says_what_it_is_is_believed() {
        let said = Some(("我是茶壶。".to_owned(), "请用杯子。".to_owned()));
        let failure = Failure { said, ..failing("teapot", 418, None) };
        let mut flow = new(PAGE);
        assert_eq!(pause(&mut flow, [Event::Session(Err(failure))]), None);
        assert_eq!(failed(&flow), ErrorCode::Unexpected);
    }

    #[test]
    fn what_no_pause_heals_is_told_at_once() {
        for failure in [
            failing("app_misconfigured", 502, None),
            failing("platform_quota", 503, None),
            failing("unknown_app", 404, None),
            failing("not_following", 403, None),
            failing("platform_banned", 503, Some(300)),
            failing("platform_throttled", 503, Some(60)),
            failing("too_many_requests", 429, Some(16)),
        ] {
            for events in steps(&failure) {
                let mut flow = new(PAGE);
                assert_eq!(pause(&mut flow, events.clone()), None, "{events:?}");
                assert_eq!(failed(&flow), failure.code);
            }
        }
    }

    #[test]
    fn a_login_is_tried_again_with_a_new_code() {
        for failure in [&[busy()][..], &unclear()].concat() {
            let mut flow = new(PAGE);
            let [_, _, login] = &steps(&failure)[..] else { unreachable!() };
            assert_eq!(pause(&mut flow, login.clone()), Some(1));
            assert!(matches!(flow.step(Event::Paused), Command::AskSession));
            assert!(
                matches!(flow.step(Event::Session(Ok(None))), Command::AskCode(_)),
                "no second dd.config"
            );
            assert!(matches!(flow.step(code()), Command::Login(_)));
            assert!(matches!(flow.step(logged_in(None)), Command::Greet));
        }
    }

    #[test]
    fn a_login_whose_answer_was_lost_is_found_again() {
        let mut flow = new(PAGE);
        let [_, _, login] = &steps(&Failure::new(ErrorCode::Network))[..] else { unreachable!() };
        assert_eq!(pause(&mut flow, login.clone()), Some(1));
        flow.step(Event::Paused);
        assert!(matches!(flow.step(session("dingcorp1", None)), Command::Greet), "no second login");
    }

    #[test]
    fn at_most_three_tries_that_grow_apart() {
        let mut flow = new(PAGE);
        for expected in [1, 2, 4] {
            assert_eq!(pause(&mut flow, [Event::Session(Err(busy()))]), Some(expected));
            flow.step(Event::Paused);
        }
        assert_eq!(pause(&mut flow, [Event::Session(Err(busy()))]), None);
        assert_eq!(failed(&flow), ErrorCode::PlatformBusy);
        // Who taps is owed as much again.
        flow.step(Event::Retry);
        assert_eq!(pause(&mut flow, [Event::Session(Err(busy()))]), Some(1));
    }

    #[test]
    fn at_most_eight_seconds_at_a_time_and_fifteen_in_all() {
        let asks = |seconds| [Event::Session(Err(failing("too_many_requests", 429, Some(seconds))))];
        let mut flow = new(PAGE);
        flow.tick(100);
        assert_eq!(pause(&mut flow, asks(12)), Some(8));
        flow.tick(108);
        flow.step(Event::Paused);
        assert_eq!(pause(&mut flow, asks(7)), Some(7), "at fifteen seconds");
        flow.tick(115);
        flow.step(Event::Paused);
        assert_eq!(pause(&mut flow, asks(1)), None);
        assert_eq!(failed(&flow), ErrorCode::TooManyRequests);

        // A server that takes its time uses the patience up as well, but one try there is always.
        let mut flow = new(PAGE);
        flow.tick(30);
        assert_eq!(pause(&mut flow, [Event::Session(Err(Failure::new(ErrorCode::ServerTimeout)))]), Some(1));
        flow.step(Event::Paused);
        flow.tick(61);
        assert_eq!(pause(&mut flow, [Event::Session(Err(Failure::new(ErrorCode::ServerTimeout)))]), None);
    }
}

/// At every stage, whatever happens that does not belong there changes nothing and asks for nothing.
#[test]
fn what_does_not_belong_to_a_stage_is_ignored() {
    let failure = || Failure::new(ErrorCode::Network);
    let refused = || Event::Verified(Err(refusal("3", "x")));
    let paths: Vec<Vec<Event>> = vec![
        vec![],
        up_to_verify()[..1].to_vec(),
        up_to_verify()[..2].to_vec(),
        up_to_verify().to_vec(),
        [&up_to_verify()[..], &[refused()]].concat(),
        [&up_to_verify()[..], &[refused(), Event::Reported]].concat(),
        [&up_to_verify()[..], &[Event::Verified(Ok(()))]].concat(),
        [&up_to_verify()[..], &[Event::Verified(Ok(())), code()]].concat(),
        vec![session("dingcorp1", None)],
        vec![session("dingcorp1", None), Event::NotMe],
        vec![session("dingcorp1", Some("/x"))],
        vec![Event::Session(Err(failure()))],
        vec![Event::Session(Err(from_server("unknown_app", 404)))],
    ];
    let events = [
        (Event::Session(Ok(None)), "Session"),
        (Event::Config(Ok(config())), "Config"),
        (Event::Loaded(Ok(())), "Sdk"),
        (Event::Verified(Ok(())), "Verify"),
        (Event::Reported, "Reporting"),
        (Event::ReloadBlocked, "Reloading"),
        (code(), "Code"),
        (logged_in(None), "Login"),
        (Event::Paused, "Pausing"),
        (Event::Ended(Ok(())), "Ending"),
        (Event::NotMe, "Done"),
        (Event::Retry, "Failed"),
    ];
    for path in &paths {
        for (event, stage) in &events {
            let mut flow = after(context(PAGE), path.iter().cloned());
            let before = flow.stage().clone();
            if format!("{before:?}").starts_with(stage) {
                continue;
            }
            assert!(matches!(flow.step(event.clone()), Command::Nothing), "{before:?} took {event:?}");
            assert_eq!(*flow.stage(), before, "{event:?}");
        }
    }
}

/// What the server wrote into the document.
mod visit {
    use super::*;

    fn start(context: PageContext, config: ConfigAnswer, session: Option<SessionAnswer>) -> (Flow, Command) {
        Flow::new(PageContext { visit: Some(Visit { config, session, error: None }), ..context }).unwrap()
    }

    fn answer(corp: &str, home: Option<&str>) -> Option<SessionAnswer> {
        match session(corp, home) {
            Event::Session(Ok(answer)) => answer,
            _ => None,
        }
    }

    #[test]
    fn nothing_is_asked_that_the_server_knows() {
        let (mut flow, first) = start(context(PAGE), config(), None);
        assert!(matches!(first, Command::LoadSdk(source) if source.url == config().jsapi_url));
        assert!(matches!(flow.step(Event::Loaded(Ok(()))), Command::Verify(sent) if *sent == config()));
    }

    #[test]
    fn what_is_signed_for_another_address_is_asked_for_again() {
        for url in
            ["https://h5.example.com/", "http://127.0.0.1:8080/app/?corpid=dingcorp1&agentid=123456", ""]
        {
            let (mut flow, first) =
                start(context(PAGE), ConfigAnswer { url: Some(url.to_owned()), ..config() }, None);
            assert!(matches!(first, Command::AskConfig { url } if url == PAGE), "{url}");
            assert!(matches!(flow.step(Event::Config(Ok(config()))), Command::LoadSdk(_)));
        }
        // The fragment is not signed.
        let (_, first) = start(context(&format!("{PAGE}#next=/a")), config(), None);
        assert!(matches!(first, Command::LoadSdk(_)));
    }

    #[test]
    fn a_cold_ticket_is_asked_for() {
        let (_, first) = start(context(PAGE), unsigned(), None);
        assert!(matches!(first, Command::AskConfig { url } if url == PAGE));
    }

    #[test]
    fn todays_applications_need_no_signature() {
        let h5 = ConfigAnswer { kind: AppKind::H5, client_id: Some("dingkey".to_owned()), ..unsigned() };
        for env in [context(PAGE).env, Env::Pc { version: None }] {
            let (_, first) = start(PageContext { env, ..context(PAGE) }, h5.clone(), None);
            assert!(matches!(first, Command::LoadSdk(_)));
        }
    }

    #[test]
    fn a_session_goes_on_without_a_question() {
        for (fragment, home, leaves) in [
            ("", Some("/home"), Some("/home")),
            ("#next=/a?b#c", Some("/home"), Some("/a?b#c")),
            ("", None, None),
        ] {
            for env in [context(PAGE).env, Env::Outside] {
                let page = PageContext { env, ..context(&format!("{PAGE}{fragment}")) };
                let (_, first) = start(page, unsigned(), answer("dingcorp1", home));
                match leaves {
                    Some(target) => {
                        assert!(matches!(first, Command::Leave(to) if to == target), "{fragment}");
                    }
                    None => assert!(matches!(first, Command::Greet)),
                }
            }
        }
    }

    #[test]
    fn a_client_that_cannot_log_in_is_told_at_once() {
        for (env, code) in
            [(Env::Outside, ErrorCode::NotInDingtalk), (Env::Pc { version: None }, ErrorCode::PcUnsupported)]
        {
            let page = || PageContext { env: env.clone(), ..context(PAGE) };
            for config in [config(), unsigned()] {
                let (flow, first) = start(page(), config.clone(), None);
                assert!(matches!(first, Command::Nothing));
                assert_eq!(failed(&flow), code);
                let (flow, _) = start(page(), ConfigAnswer { simulator: true, ..config }, None);
                assert!(
                    matches!(flow.stage(), Stage::Sdk | Stage::Config),
                    "a simulator's browser is a phone"
                );
            }
        }
    }

    #[test]
    fn another_applications_document_is_none() {
        let (_, first) = start(context(PAGE), config(), answer("dingother", Some("/")));
        assert!(matches!(first, Command::LoadSdk(_)), "another corporation's session");
        let other = ConfigAnswer { agent_id: AgentId::new("7").unwrap(), ..config() };
        let (_, first) = start(context(PAGE), other, answer("dingcorp1", None));
        assert!(matches!(first, Command::AskSession), "a document of another application");
    }

    #[test]
    fn a_second_start_asks_the_server() {
        let (mut flow, _) = start(context(PAGE), config(), None);
        flow.step(Event::Loaded(Err(DdError::Timeout)));
        assert!(matches!(flow.step(Event::Retry), Command::Reload), "on a document of its own");
        let (mut flow, _) = start(context(PAGE), unsigned(), None);
        flow.step(Event::Config(Err(from_server("platform_busy", 503))));
        assert!(matches!(flow.step(Event::Paused), Command::AskSession));
    }
}

mod redirects {
    use super::*;

    const START: &str = "wecom/start?corpid=dingcorp1&agentid=123456";

    fn wecom(login_url: Option<&str>) -> Event {
        let login_url = login_url.map(str::to_owned);
        Event::Config(Ok(ConfigAnswer { kind: AppKind::Wecom, login_url, ..unsigned() }))
    }

    fn outside(href: &str) -> PageContext {
        PageContext { env: Env::Outside, ..context(href) }
    }

    #[test]
    fn it_leads_to_the_platform_with_the_deep_link_of_the_fragment() {
        let (mut flow, _) = Flow::new(outside(&format!("{PAGE}#next=/orders/7%3Fa#b"))).unwrap();
        assert!(matches!(flow.step(Event::Session(Ok(None))), Command::AskApp));
        let Command::Leave(target) = flow.step(wecom(Some(START))) else { panic!("stays") };
        assert_eq!(target, format!("{START}&next={}", encode_next("/orders/7%3Fa#b")));
        let (mut flow, _) = Flow::new(context(PAGE)).unwrap();
        flow.step(Event::Session(Ok(None)));
        assert!(matches!(flow.step(wecom(Some(START))), Command::Leave(target) if target == START));
    }

    #[test]
    fn elsewhere_it_says_where_to_open_it() {
        let flow = after(outside(PAGE), [Event::Session(Ok(None)), wecom(None)]);
        assert_eq!(failed(&flow), ErrorCode::NotInWecom);
    }

    #[test]
    fn an_attempt_that_failed_is_shown_and_the_next_one_is_the_persons() {
        let mut flow = after(
            outside(&format!("{PAGE}&error=not_permitted")),
            [Event::Session(Ok(None)), wecom(Some(START))],
        );
        assert_eq!(failed(&flow), ErrorCode::NotPermitted);
        assert!(
            matches!(flow.step(Event::Retry), Command::AskSession),
            "no fresh page with the same error in it"
        );
        assert!(matches!(flow.step(Event::Session(Ok(None))), Command::AskApp));
        assert!(matches!(flow.step(wecom(Some(START))), Command::Leave(_)));
        // Of an application that logs in on its page the address says nothing of errors.
        let flow = after(context(&format!("{PAGE}&error=not_permitted")), up_to_verify());
        assert_eq!(*flow.stage(), Stage::Verify);
    }
}
