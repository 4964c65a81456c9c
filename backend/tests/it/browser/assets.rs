//! The page's own files, where what is in front of the server does not serve one of them.

use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode, header};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the front does instead of passing a request on.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// A page of its own with this status.
    Page(u16),
    /// It ends the connection after the first bytes of an answer.
    Cut,
    /// It passes the request on, but so much later.
    Late(Duration),
}

/// Decides of each request.
type Faults = Box<dyn FnMut(&Request) -> Option<Fault> + Send>;

/// A server and what stands in front of it, which a person meets.
struct Front {
    url: String,
    faults: Arc<Mutex<Faults>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Shared {
    server: String,
    faults: Arc<Mutex<Faults>>,
}

impl Front {
    async fn start(sim: &Sim) -> (Self, Server) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Server::start(sim, |config| {
            let own = config.lines().find(|line| line.starts_with("public_url")).unwrap().to_owned();
            *config = config
                .replace(&own, &format!("public_url = \"{url}\""))
                .replace("timeout = ", "simulator = true\ntimeout = ");
        })
        .await;
        let faults: Arc<Mutex<Faults>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let shared = Shared { server: server.url.clone(), faults: Arc::clone(&faults) };
        let router = Router::new().fallback(pass).with_state(shared);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (Self { url, faults, task }, server)
    }

    fn fail(&self, faults: impl FnMut(&Request) -> Option<Fault> + Send + 'static) {
        *self.faults.lock().unwrap() = Box::new(faults);
    }

    /// The file `asset` of the page meets `fault`, once or for ever.
    fn fail_at(&self, asset: Asset, fault: Fault, once: bool) {
        let mut met = false;
        self.fail(move |request| {
            let fails = asset.is_at(request) && !(once && met);
            met |= fails;
            fails.then_some(fault)
        });
    }

    fn heal(&self) {
        self.fail(|_| None);
    }

    fn page(&self) -> String {
        format!("{}/?corpid={CORP}&agentid={AGENT}", self.url)
    }
}

async fn pass(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let fault = (shared.faults.lock().unwrap())(&request);
    match fault {
        Some(Fault::Page(status)) => {
            let answer = Response::builder().status(status).header(header::CONTENT_TYPE, "text/html");
            return answer.body("<!doctype html><title>of a proxy</title>".into()).unwrap();
        }
        Some(Fault::Cut) => {
            let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            let pieces = [Ok(Bytes::from_static(b"\0asm")), Err(broken)];
            return Response::new(Body::from_stream(futures_util::stream::iter(pieces)));
        }
        Some(Fault::Late(late)) => tokio::time::sleep(late).await,
        None => {}
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let sent = client
        .request(head.method, format!("{}{}", shared.server, head.uri))
        .headers(head.headers)
        .body(body);
    let Ok(answer) = sent.send().await else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap();
    };
    let mut passed = Response::builder().status(answer.status());
    *passed.headers_mut().unwrap() = answer.headers().clone();
    passed.body(answer.bytes().await.unwrap().into()).unwrap()
}

/// A file of the page: how its name begins and how it ends.
#[derive(Clone, Copy, Debug)]
struct Asset(&'static str, &'static str);

impl Asset {
    fn is_at(self, request: &Request) -> bool {
        let path = request.uri().path();
        path.starts_with(self.0) && path.ends_with(self.1)
    }
}

const ASSETS: [Asset; 3] = [Asset("/login-", ".wasm"), Asset("/view-", ".js"), Asset("/view-", ".wasm")];

/// Keeps how many documents there were, and whether one said that it could not start.
const WATCH: &str = "if (window.origin !== 'null') { sessionStorage.opened = 1 + Number(sessionStorage.opened || 0); \
    const look = () => { const told = document.getElementById('upgrade'); \
        if (told && told.offsetParent && getComputedStyle(told).visibility === 'visible') sessionStorage.told = 1; requestAnimationFrame(look) }; \
    requestAnimationFrame(look) }";

const TOLD: &str = "document.querySelector('#upgrade') && !document.querySelector('#upgrade').hidden";

async fn phone() -> Phone {
    let phone = Phone::open(Ua::Ordinary, "zh-CN").await;
    phone.inject(WATCH).await;
    phone
}

/// As a person who has never been there, but in the same tab.
async fn visit(phone: &Phone, front: &Front) {
    phone.cdp("Network.clearBrowserCache", json!({})).await;
    phone.client.delete_all_cookies().await.unwrap();
    phone.goto(&format!("{}/.well-known/jwks.json", front.url)).await;
    phone.run("delete sessionStorage.opened; delete sessionStorage.told").await;
    phone.goto(&front.page()).await;
}

/// How many documents there were, and whether one of them said that it could not start.
async fn seen(phone: &Phone) -> (u64, bool) {
    let opened = phone.run("return Number(sessionStorage.opened)").await;
    (opened.as_u64().unwrap(), phone.run("return !!sessionStorage.told").await == true)
}

#[tokio::test]
async fn a_file_that_is_not_served_once_is_not_noticed() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    for asset in ASSETS {
        for fault in [Fault::Page(502), Fault::Page(404), Fault::Page(200), Fault::Cut] {
            front.fail_at(asset, fault, true);
            visit(&phone, &front).await;
            phone.identity().await;
            let (opened, told) = seen(&phone).await;
            // The browser asks again by itself for a module that it could not preload, and after a broken connection.
            let by_browser = asset.1 == ".wasm" || matches!(fault, Fault::Cut);
            assert!(opened == 2 || opened == 1 && by_browser, "{asset:?} {fault:?}: {opened}");
            assert!(!told, "{asset:?} {fault:?}");
            phone.until("!sessionStorage['miandeng.reloaded']").await;
            assert!(
                !phone.run("return document.cookie").await.as_str().unwrap().contains("eval"),
                "{fault:?}"
            );
        }
    }
    phone.close().await;
}

#[tokio::test]
async fn a_file_that_is_never_served_ends_in_words_and_no_circle() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    for asset in ASSETS {
        for fault in [Fault::Page(502), Fault::Page(404), Fault::Page(200), Fault::Cut] {
            front.fail_at(asset, fault, false);
            visit(&phone, &front).await;
            phone.until(TOLD).await;
            assert_eq!(seen(&phone).await.0, 2, "{asset:?} {fault:?}");
            front.heal();
            phone.click("#reload").await;
            phone.identity().await;
            phone.until("!sessionStorage['miandeng.reloaded']").await;
        }
    }
    phone.close().await;
}

/// Where the document is not served either, the words of this page stay, and not those of a proxy.
#[tokio::test]
async fn a_server_that_is_away_leaves_the_pages_words() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    for asset in ASSETS {
        let mut away = false;
        front.fail(move |request| {
            away |= asset.is_at(request);
            let asked = asset.is_at(request) || request.uri().path() == "/";
            (away && asked).then_some(Fault::Page(502))
        });
        visit(&phone, &front).await;
        phone.until(TOLD).await;
        assert_eq!(seen(&phone).await.0, 1, "{asset:?}");
        front.heal();
        phone.click("#reload").await;
        phone.identity().await;
    }
    phone.close().await;
}

#[tokio::test]
async fn a_slow_network_is_waited_for() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    for asset in ASSETS {
        front.fail_at(asset, Fault::Late(Duration::from_secs(4)), true);
        visit(&phone, &front).await;
        phone.identity().await;
        assert_eq!(seen(&phone).await, (1, false), "{asset:?}");
    }
    // Later than people wait without a word; a start that comes then still takes over.
    front.fail_at(ASSETS[0], Fault::Late(Duration::from_secs(26)), false);
    visit(&phone, &front).await;
    phone.until("sessionStorage.told").await;
    phone.identity().await;
    assert_eq!(phone.run("return document.querySelector('#upgrade').offsetParent === null").await, true);
    assert_eq!(seen(&phone).await.0, 1);
    phone.close().await;
}

/// Without the script of the login no other runs, so the style sheet speaks, and a tap heals.
#[tokio::test]
async fn a_login_script_that_is_not_served_ends_in_words() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    front.fail_at(Asset("/login-", ".js"), Fault::Page(502), true);
    visit(&phone, &front).await;
    phone.until("sessionStorage.told").await;
    phone.click("#reload").await;
    phone.identity().await;
    phone.close().await;
}

/// What heals failures may be one of them.
#[tokio::test]
async fn a_failure_that_is_not_read_ends_in_words_too() {
    let sim = Sim::start(1).await;
    let (front, _server) = Front::start(&sim).await;
    let phone = phone().await;
    front.fail(|request| {
        let path = request.uri().path();
        (path.ends_with(".wasm") || path.starts_with("/upgrade-")).then_some(Fault::Page(502))
    });
    visit(&phone, &front).await;
    phone.until("sessionStorage.told").await;
    front.heal();
    phone.click("#reload").await;
    phone.identity().await;
    phone.close().await;
}
