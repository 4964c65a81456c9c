//! S51 to S55: whose login it is, where the code and the state travel in an address.

use super::*;
use crate::support::until;

/// A browser with an attempt of its own, and without a session.
async fn with_an_attempt<'a>(sim: &'a Sim, server: &Server, person: &'static str) -> Visitor<'a> {
    let visitor = Visitor::new(sim, server, person);
    visitor.callback_of(&visitor.menu()).await;
    visitor
}

fn with_state(callback: &str, state: &str) -> String {
    callback.replace(&format!("state={}", parameter(callback, "state").unwrap()), &format!("state={state}"))
}

/// Login CSRF: a link that would log its reader in as its author.
#[tokio::test]
async fn s51_a_state_of_another_browser_logs_nobody_in() {
    let (sim, server) = start("audience = \"anyone\"").await;
    for victim in [
        Visitor::new(&sim, &server, "member"),
        with_an_attempt(&sim, &server, "member").await,
        Visitor::new(&sim, &server, "member").with(DESKTOP),
    ] {
        let attacker = Visitor::new(&sim, &server, "stranger");
        let planted = attacker.callback_of(&format!("{}&next=/planted", attacker.menu())).await;
        let before = count(&sim, CODE).await;
        let answer = victim.step(&planted).await;
        assert!(!victim.has_session(), "{:?}", victim.cookie_names(""));
        assert_eq!(count(&sim, CODE).await, before, "the attacker's code is not redeemed");
        let onwards = joined(&planted, &answer);
        assert!(!onwards.contains("planted"), "{onwards}");
        // What follows is the victim's own login, or the page.
        victim.open(&onwards).await;
        let who = victim.who().await;
        assert!(who.is_none() || who.as_deref() == Some("zhangsan"), "{who:?}");
        // The attacker's address is still good for the attacker only.
        assert_eq!(attacker.redirected(&planted).await, format!("{}/planted#", server.url));
    }
}

/// A cookie that another browser's attempt is sealed in fits no other state, whatever name it is given.
#[tokio::test]
async fn s52_a_callback_without_an_attempt_redeems_nothing() {
    let (sim, server) = start("").await;
    let owner = Visitor::new(&sim, &server, "member");
    let callback = owner.callback_of(&owner.menu()).await;
    let state = parameter(&callback, "state").unwrap();
    let code = parameter(&callback, "code").unwrap();
    let own = owner.cookie_names(ATTEMPT).pop().unwrap();
    let sealed = owner.cookies.lock().unwrap()[&own].clone();
    let flipped = |at: usize| {
        let other = if state[at..].starts_with('a') { "b" } else { "a" };
        format!("{}{other}{}", &state[..at], &state[at + 1..])
    };
    let (near, far) = (flipped(0), flipped(20));
    let restarted = format!("{}1", &state[..state.len() - 1]);
    let cookie = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let renamed = own.replace(&state[..8], &near[..8]);
    let cookies = [
        BTreeMap::new(),
        cookie(&own, "forged"),
        cookie(&own, &format!("{}AAAA", &sealed[..sealed.len() - 4])),
        cookie(&renamed, &sealed),
        cookie(&own.to_uppercase(), &sealed),
    ];
    let states = [state.as_str(), &near, &far, &restarted, &state[..8], "", "0", "state", "%00", "å", "*"];
    for cookies in &cookies {
        for state in states.iter().copied().chain([state.to_uppercase().as_str()]) {
            let thief = Visitor::new(&sim, &server, "stranger");
            *thief.cookies.lock().unwrap() = cookies.clone();
            let answer = thief.step(&with_state(&callback, state)).await;
            assert_eq!(answer.status(), StatusCode::FOUND, "{state}");
            assert!(!thief.has_session(), "{state} {cookies:?}");
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
    }
    // The right cookie with every other state.
    for state in &states[1..] {
        let thief = Visitor::new(&sim, &server, "stranger");
        *thief.cookies.lock().unwrap() = cookie(&own, &sealed);
        thief.step(&with_state(&callback, state)).await;
        assert!(!thief.has_session(), "{state}");
    }
    for address in ["", "?", "?state=", "?code=", "?code=x", "?code=x&code=y", &format!("?code={code}")] {
        let thief = Visitor::new(&sim, &server, "stranger");
        let answer = thief.step(&format!("{}/wecom/callback{address}", server.url)).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{address}");
        assert!(!thief.has_session(), "{address}");
    }
    assert_eq!(count(&sim, CODE).await, 0);
    owner.open(&callback).await;
    assert_eq!(owner.who().await.as_deref(), Some("zhangsan"), "the code is as good as before");
}

/// From a log, the history or a forwarded message: before, while and after its owner uses it, and beside an attempt of the
/// thief's own.
#[tokio::test]
async fn s53_a_leaked_callback_address_logs_nobody_in() {
    let (sim, server) = start("audience = \"anyone\"").await;
    for when in ["before", "while", "after"] {
        let owner = Visitor::new(&sim, &server, "member");
        let callback = owner.callback_of(&owner.menu()).await;
        let thief = Visitor::new(&sim, &server, "stranger");
        let own = thief.callback_of(&thief.menu()).await;
        let code = parameter(&callback, "code").unwrap();
        let own_state = parameter(&own, "state").unwrap();
        // The code of one in the attempt of the other; unused, it would be as good as a password.
        let injected = format!("{}/wecom/callback?code={code}&state={own_state}", server.url);
        let addresses = if when == "before" { vec![&callback] } else { vec![&callback, &injected] };
        if when == "while" {
            sim.fault(json!({ "endpoint": CODE, "delayMs": 500 })).await;
        }
        let steal = async {
            for address in addresses {
                let answer = thief.step(address).await;
                assert_eq!(answer.status(), StatusCode::FOUND);
                assert!(!thief.has_session(), "{when}: {address}");
            }
        };
        let seen = count(&sim, CODE).await;
        match when {
            "while" => {
                let in_flight = async {
                    until("the code at WeCom", async || count(&sim, CODE).await > seen).await;
                    steal.await;
                };
                tokio::join!(owner.open(&callback), in_flight);
            }
            "before" => {
                steal.await;
                owner.open(&callback).await;
            }
            _ => {
                owner.open(&callback).await;
                steal.await;
            }
        }
        assert_eq!(thief.who().await, None, "{when}");
        assert_eq!(owner.who().await.as_deref(), Some("zhangsan"), "{when}");
    }
}

/// Mix-up: the application comes from the attempt, and so do secret and token.
#[tokio::test]
async fn s54_a_code_is_redeemed_for_the_application_of_its_attempt() {
    let (sim, server) = start("").await;
    let visitor = Visitor::new(&sim, &server, "member");
    let of_one = visitor.callback_of(&visitor.menu()).await;
    let of_other = visitor.callback_of(&visitor.menu_of(OTHER_AGENT)).await;
    let (state, other_state) = (parameter(&of_one, "state").unwrap(), parameter(&of_other, "state").unwrap());
    // A state whose digest names the other application is no state of this browser's.
    let mixed = format!("{}{}", &state[..32], &other_state[32..]);
    assert_ne!(mixed, state);
    visitor.step(&with_state(&of_one, &mixed)).await;
    assert!(!visitor.has_session());
    assert_eq!(count(&sim, CODE).await, 0);
    // The code of one in the attempt for the other: the platform refuses it for that application's token.
    let crossed = with_state(&of_one, &other_state);
    let answer = visitor.step(&crossed).await;
    assert!(!visitor.has_session(), "{:?}", answer.headers());
    // What the query says of an application does not count.
    let named = format!("{of_one}&corpid={CORP}&agentid={OTHER_AGENT}");
    visitor.step(&named).await;
    let (_, session) = visitor.session().await;
    assert_eq!(session["user"]["agentId"], AGENT, "{session}");
    let auth = format!("{}/auth?corpid={CORP}&agentid={OTHER_AGENT}", visitor.url);
    let auth = visitor.request(Method::GET, &auth).send().await.unwrap();
    assert_eq!(auth.status(), StatusCode::UNAUTHORIZED, "the other application's session is another");
}

/// Forwarded, opened in the system browser, or the cookie was lost.
#[tokio::test]
async fn s55_a_stray_link_restarts_once_and_then_says_why() {
    let (sim, server) = start("").await;
    for agent in [AGENT, OTHER_AGENT] {
        let visitor = Visitor::new(&sim, &server, "member");
        let stray = visitor.callback_of(&visitor.menu_of(agent)).await;
        visitor.forget("miandeng");
        // Cookies are kept from here on: the restart is not noticed.
        let end = visitor.open(&stray).await;
        assert_eq!(error_in(&end.at), None, "{:?}", end.way);
        assert_eq!(parameter(&end.at, "agentid").as_deref(), Some(agent));
        assert_eq!(visitor.who().await.as_deref(), Some("zhangsan"));
        // With a session it leads on.
        let again = visitor.callback_of(&visitor.start("")).await;
        visitor.forget(ATTEMPT);
        assert_eq!(error_in(&visitor.redirected(&again).await), None);

        let before = count(&sim, CODE).await;
        let without = Visitor::new(&sim, &server, "member");
        let stray = without.callback_of(&without.menu_of(agent)).await;
        without.forget("miandeng");
        let restarted = without.callback_of(&stray).await;
        without.forget("miandeng");
        let end = without.open(&restarted).await;
        assert_eq!(error_in(&end.at).as_deref(), Some("cookies_refused"), "{:?}", end.way);
        assert_eq!(parameter(&end.at, "agentid").as_deref(), Some(agent));
        assert_eq!((end.status, count(&sim, CODE).await), (StatusCode::OK, before));
    }
    // In a browser that WeCom does not redirect, the page says where to open it.
    let owner = Visitor::new(&sim, &server, "member");
    let stray = owner.callback_of(&owner.menu()).await;
    let desktop = Visitor::new(&sim, &server, "member").with(DESKTOP);
    let end = desktop.open(&stray).await;
    assert_eq!(error_in(&end.at).as_deref(), Some("not_in_wecom"), "{:?}", end.way);
}

/// No script reads an attempt, no other site sends or sets it, and none outlives its ten minutes.
#[tokio::test]
async fn an_attempt_lies_in_a_cookie_as_strict_as_a_session() {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        let own = config.lines().find(|line| line.starts_with("public_url")).unwrap().to_owned();
        *config = config.replace(&own, "public_url = \"https://h5.example.com\"");
        beside(config, &sim, "");
    })
    .await;
    let visitor = Visitor::new(&sim, &server, "member");
    for address in [visitor.menu(), visitor.start("")] {
        let answer = visitor.step(&address).await;
        let set: Vec<_> =
            answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
        let [line] = set[..] else { panic!("{set:?}") };
        assert!(line.starts_with("__Host-miandeng_wecom_"), "{line}");
        for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/", "; Max-Age=600"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        let link = joined(&address, &answer);
        assert_eq!(parameter(&link, "redirect_uri").unwrap(), "https://h5.example.com/wecom/callback");
        let state = parameter(&link, "state").unwrap();
        assert!(state.len() <= 128 && state.bytes().all(|b| b.is_ascii_alphanumeric()), "{state}");
        assert!(!line.contains(&state[8..]), "what is in the address is not in the clear beside it");
    }
}
