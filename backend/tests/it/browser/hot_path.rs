//! What a login costs the person who waits for it: requests, and what there is to be seen meanwhile.

use super::Ua;
use super::sdk::{dingtalk_phone, start};
use crate::support::{AGENT, CORP, Person, Server};
use serde_json::json;

fn page(server: &Server) -> String {
    format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)
}

/// Where the login goes: a document of the same origin.
const HOME: &str = "home = \"/.well-known/jwks.json\"\n";

/// Keeps for the next document what this one asked the server, and all that had been requested when the login was sent.
const REQUESTS: &str = "(() => { const ask = window.fetch; window.fetch = function (request) { \
    const url = new URL(request.url || request, location.href), asked = JSON.parse(sessionStorage.asked || '[]'); \
    if (/\\/api\\//.test(url.pathname)) sessionStorage.asked = JSON.stringify(asked.concat(url.pathname)); \
    if (/login$/.test(url.pathname)) sessionStorage.before = \
        JSON.stringify(performance.getEntriesByType('resource').map((entry) => entry.name)); \
    return ask.apply(this, arguments) } })()";

/// Keeps what is to be seen, frame by frame, each change once.
const FRAMES: &str = "(() => { const look = () => { \
    const seen = JSON.parse(sessionStorage.seen || '[]'), app = document.getElementById('app'); \
    const shows = (selector) => { const found = document.querySelector(selector); \
        return found && found.offsetParent !== null && getComputedStyle(found).visibility === 'visible' }; \
    const now = location.pathname !== '/' ? 'home' : shows('#upgrade') ? 'upgrade' : shows('#app [role=alert]') ? 'failure' \
        : shows('#identity') ? 'greeting' : shows('#app .mark') ? 'wait' : 'blank'; \
    if (seen[seen.length - 1] !== now) sessionStorage.seen = JSON.stringify(seen.concat(now)); \
    requestAnimationFrame(look) }; requestAnimationFrame(look) })()";

async fn kept(phone: &super::Phone, name: &str) -> Vec<String> {
    let list = phone.run(&format!("return JSON.parse(sessionStorage.{name} || '[]')")).await;
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// `name` of a file of dist/ without its hash.
fn plain(url: &str) -> String {
    let file = url.rsplit('/').next().unwrap_or_default();
    let (name, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    let name = name.split('-').next().unwrap_or_default();
    format!("{name}.{extension}")
}

#[tokio::test]
async fn before_the_login_call_there_is_nothing_that_it_does_not_need() {
    for ua in [Ua::Ios, Ua::Android] {
        let (sim, _sdk, server) = start(|config| config.push_str(HOME)).await;
        Person::new(&sim, &server).config().await;
        let phone = dingtalk_phone(&sim, ua, "employee").await;
        phone.inject(REQUESTS).await;
        phone.goto(&page(&server)).await;
        phone.arrives_at(&format!("{}/.well-known/jwks.json", server.url)).await;
        assert_eq!(kept(&phone, "asked").await, ["/api/login"], "nothing is asked that the server knows");
        let mut before: Vec<String> = kept(&phone, "before").await.iter().map(|url| plain(url)).collect();
        before.retain(|name| !name.starts_with("request"));
        before.sort();
        before.dedup();
        // The last is small, and what watches over the others; no login waits for it.
        before.retain(|name| name != "upgrade.js");
        assert_eq!(before, ["login.js", "login.wasm", "sdk.js", "style.css"]);
        phone.close().await;
    }
}

#[tokio::test]
async fn a_visitor_with_a_session_goes_on_without_a_request() {
    let (sim, _sdk, server) = start(|config| config.push_str(HOME)).await;
    let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
    phone.inject(REQUESTS).await;
    phone.goto(&page(&server)).await;
    phone.arrives_at(&format!("{}/.well-known/jwks.json", server.url)).await;
    for (fragment, target) in
        [("", "/.well-known/jwks.json"), ("#next=/api/session?next", "/api/session?next")]
    {
        phone.run("sessionStorage.removeItem('asked')").await;
        phone.goto(&format!("{}&n{fragment}", page(&server))).await;
        phone.arrives_at(&format!("{}{target}", server.url)).await;
        assert_eq!(kept(&phone, "asked").await, [""; 0], "{target}");
    }
    phone.close().await;
}

#[tokio::test]
async fn an_address_that_the_server_does_not_see_is_signed_on_demand() {
    let (sim, _sdk, server) = start(|config| config.push_str(HOME)).await;
    Person::new(&sim, &server).config().await;
    let phone = dingtalk_phone(&sim, Ua::Ios, "employee").await;
    phone.inject(REQUESTS).await;
    // As behind a proxy that rewrites addresses: the block is of another one than the browser shows.
    phone.inject("new MutationObserver(() => { const block = document.getElementById('visit'); \
        if (block && /agentid/.test(block.textContent)) \
            block.textContent = block.textContent.replace(/\"url\":\"[^\"]*/, '\"url\":\"http://inner.example/') \
        }).observe(document, { childList: true, subtree: true })").await;
    phone.goto(&page(&server)).await;
    phone.arrives_at(&format!("{}/.well-known/jwks.json", server.url)).await;
    assert_eq!(kept(&phone, "asked").await, ["/api/config", "/api/login"]);
    phone.close().await;
}

/// What was to be seen, where the machine may be busy with other tests: a wait that shows after 400 ms may show or not.
async fn seen(phone: &super::Phone, last: &str, slow: bool) -> Vec<String> {
    phone.until(&format!("/{last}/.test(sessionStorage.seen)")).await;
    let mut seen = kept(phone, "seen").await;
    seen.retain(|state| slow || state != "wait");
    seen
}

#[tokio::test]
async fn nothing_flashes_on_the_way() {
    let (sim, _sdk, server) = start(|config| config.push_str(HOME)).await;
    for slow in [false, true] {
        for fails in [false, true] {
            let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
            phone.inject(FRAMES).await;
            if slow {
                // A wait of more than a second has the view take over.
                sim.fault(json!({ "endpoint": "native/requestJsApis", "times": 1, "delayMs": 2000 })).await;
            }
            if fails {
                let refused = json!({ "body": { "errorCode": 3, "errorMessage": "no" } });
                sim.fault(json!({ "endpoint": "native/requestAuthCode", "times": 1, "reply": refused }))
                    .await;
            }
            phone.goto(&page(&server)).await;
            let last = if fails { "failure" } else { "home" };
            match fails {
                true => drop(phone.failure().await),
                false => phone.arrives_at(&format!("{}/.well-known/jwks.json", server.url)).await,
            }
            let expected = if slow { vec!["blank", "wait", last] } else { vec!["blank", last] };
            assert_eq!(seen(&phone, last, slow).await, expected);
            phone.close().await;
        }
    }
}

/// The component's host is slow: the wait says so, and a copy comes in its place, for either kind of application.
#[tokio::test]
async fn a_copy_of_the_component_is_tried_after_four_seconds() {
    for kind in ["channel", "h5"] {
        let (sim, sdk, server) = start(|config| {
            let jsapi = config.lines().find(|line| line.starts_with("jsapi_url")).unwrap().to_owned();
            let url = jsapi.split('"').nth(1).unwrap().to_owned();
            let slow = format!(
                "jsapi_url = \"{}\"\njsapi_fallback_url = \"{url}\"",
                url.replace("/sdk.js", "/slow.js")
            );
            *config = config.replace(&jsapi, &slow);
            config.push_str(&format!(
                "[[apps]]\ncorp_id = \"dingvirtual1\"\nagent_id = \"223456\"\nkind = \"h5\"\n{slow}\n\
                 client_id = \"client-of-dingvirtual1\"\nclient_secret = \"client-secret-of-dingvirtual1\"\n"
            ));
        })
        .await;
        let (corp, agent) = if kind == "h5" { ("dingvirtual1", "223456") } else { (CORP, AGENT) };
        let phone = dingtalk_phone(&sim, Ua::Android, "employee").await;
        phone
            .inject(
                "window.said = []; setInterval(() => { const says = document.getElementById('says'); \
            if (says && getComputedStyle(says).visibility === 'visible') said.push(says.textContent) }, 50)",
            )
            .await;
        phone.goto(&format!("{}/?corpid={corp}&agentid={agent}", server.url)).await;
        phone.identity().await;
        let asked = phone
            .run(
                "return performance.getEntriesByType('resource').filter((e) => /sdk\\.js/.test(e.name)) \
            .map((e) => [e.name, e.startTime])",
            )
            .await;
        let [name, at] = asked[0].as_array().unwrap().as_slice() else { panic!("{asked}") };
        assert_eq!(*name, format!("{}/sdk.js", sdk.url));
        assert!((4000.0..7000.0).contains(&at.as_f64().unwrap()), "{asked}");
        // On a machine that is busy with other tests the login may begin after the words have come.
        let said = phone.run("return said.indexOf('正在载入钉钉组件…') >= 0").await;
        assert_eq!(said, true, "after three seconds the wait says what it waits for");
        phone.close().await;
    }
}
