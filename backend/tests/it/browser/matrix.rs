//! Fault × step as the person meets it: the page in a browser, each fault once, and the screen that is left at the end. The
//! tables are part of the documentation (docs/failures.md); `UPDATE_DOCS=1` writes them.

use super::{Phone, Ua};
use crate::support::{AGENT, CORP, Server, Sim};
use serde_json::{Value, json};

/// What DingTalk is asked for during a login.
const CALLS: [(&str, &str); 5] = [
    ("channel token", "/channel/get_channel_token"),
    ("ticket", "/channel/get_channel_jsapi_ticket"),
    ("code", "/channel/user/get_by_code"),
    ("corp token", "/gettoken"),
    ("userid", "/topapi/user/getbyunionid"),
];

/// What the page asks its server for.
const REQUESTS: [(&str, &str); 3] =
    [("session", "/api/session"), ("config", "/api/config"), ("login", "/api/login")];

/// DingTalk's faults that pass by themselves.
fn passing() -> Vec<(&'static str, Value)> {
    let errcode = |code: i64| json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } });
    let html =
        |status| json!({ "reply": { "status": status, "contentType": "text/html", "body": "<html>" } });
    vec![
        ("-1 busy", errcode(-1)),
        ("90018 too many calls", errcode(90018)),
        ("HTML instead of JSON", html(200)),
        ("502 of a gateway", html(502)),
        ("success without its fields", errcode(0)),
        ("connection broken", json!({ "drop": true })),
        ("connection broken after the work was done", json!({ "drop": true, "after": true })),
        ("no answer in time", json!({ "delayMs": 10_000 })),
    ]
}

/// What may happen once to a request on its way between page and server, as the last lines of a `fetch`. `ask()` is the
/// request as it is.
const ON_THE_WAY: [(&str, &str); 14] = [
    ("connection broken", "return Promise.reject(new TypeError('Failed to fetch'))"),
    (
        "answer lost after the work was done",
        "return ask().then(() => Promise.reject(new TypeError('Failed to fetch')))",
    ),
    ("502 of a proxy", "return answer(502, '<html>', 'text/html')"),
    ("503 of a proxy, `Retry-After: 2`", "return answer(503, '<html>', 'text/html', 2)"),
    ("504 of a proxy", "return answer(504, '', 'text/plain')"),
    ("522 of a CDN", "return answer(522, '<html>', 'text/html')"),
    ("`store_unavailable`", "return answer(503, error('store_unavailable'), 'application/json')"),
    (
        "`too_many_requests`, `Retry-After: 1`",
        "return answer(429, error('too_many_requests'), 'application/json', 1)",
    ),
    ("`internal`", INTERNAL),
    ("500 of a proxy", "return answer(500, '<html>', 'text/html')"),
    ("403 of a proxy", "return answer(403, '<html>', 'text/html')"),
    ("404 of a proxy", PROXY_404),
    ("200 of a captive portal", PORTAL),
    ("200 without a body", "return answer(200, '', 'application/json')"),
];

const INTERNAL: &str = "return answer(500, error('internal'), 'application/json')";
const PROXY_404: &str = "return answer(404, '<html>', 'text/html')";
const PORTAL: &str = "return answer(200, '<html>', 'text/html')";

/// The person's screen, and the server and DingTalk behind it.
struct Scene {
    sim: Sim,
    phone: Phone,
}

impl Scene {
    async fn start() -> Self {
        Self { sim: Sim::start(1).await, phone: Phone::open(Ua::Ordinary, "zh-CN").await }
    }

    /// A server that has asked DingTalk nothing yet.
    async fn server(&self) -> Server {
        self.sim.post("/_sim/reset", json!({})).await;
        Server::start(&self.sim, |config| {
            *config = config.replace("timeout = \"6s\"", "simulator = true\ntimeout = \"1s\"");
        })
        .await
    }

    /// What a visit of the page ends in: `ok`, or the code on the screen.
    async fn visit(&self, server: &Server) -> String {
        self.phone.client.delete_all_cookies().await.unwrap();
        self.phone.goto(&format!("{}/?corpid={CORP}&agentid={AGENT}", server.url)).await;
        self.phone.text("#identity, #error-code").await;
        let ended =
            "const code = document.querySelector('#error-code'); return code ? code.textContent : 'ok'";
        self.phone.run(ended).await.as_str().unwrap().to_owned()
    }

    /// A login whose call to `endpoint` meets `fault` so many times.
    async fn at(&self, endpoint: &str, fault: &Value, times: u64) -> String {
        let server = self.server().await;
        let mut fault = fault.clone();
        fault["endpoint"] = json!(endpoint);
        fault["times"] = json!(times);
        self.sim.fault(fault).await;
        self.visit(&server).await
    }
}

fn table(head: &str, steps: &[&str], rows: &[Row]) -> String {
    let mut table = format!("| {head} | {} |\n|---{}|\n", steps.join(" | "), "|---".repeat(steps.len()));
    for (name, cells) in rows {
        table.push_str(&format!("| {name} | `{}` |\n", cells.join("` | `")));
    }
    table
}

type Row = (String, Vec<String>);

async fn at_dingtalk(scene: &Scene, faults: &[(&'static str, Value)]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, fault) in faults {
        let mut cells = Vec::new();
        for (_, endpoint) in CALLS {
            cells.push(scene.at(endpoint, fault, 1).await);
        }
        rows.push(((*name).to_owned(), cells));
    }
    rows
}

/// Which request fails, and how, stands in the tab's memory, so that a reload does not fail again. What the document says of
/// the visit is hidden where that would keep the page from asking.
const FAIL: &str = "(() => { const find = document.getElementById.bind(document); \
    document.getElementById = (id) => { \
        const asks = id === 'visit' && /session|config/.test(sessionStorage.fault); return asks ? null : find(id) }; \
    const ask = window.fetch; window.fetch = function (request) { \
    const [path, how, stays] = (sessionStorage.fault || '').split(' '); \
    if (!path || new URL(request.url || request, location.href).pathname !== path) return ask(request); \
    if (!stays) sessionStorage.removeItem('fault'); return faults[how](() => ask(request)) }; \
    const error = (code) => JSON.stringify({ error: { code, message: 'm', hint: 'h', upstream: null } }); \
    const answer = (status, body, type, after) => Promise.resolve(new Response(body, { status, \
        headers: Object.assign({ 'Content-Type': type }, after && { 'Retry-After': after }) })); \
    const faults = [FAULTS] })()";

/// From now on the pages of `scene` can fail in these ways.
async fn prepare<'a>(scene: &Scene, faults: impl Iterator<Item = &'a str>) {
    let ways: Vec<String> = faults.map(|how| format!("function (ask) {{ {how} }}")).collect();
    scene.phone.inject(&FAIL.replace("FAULTS", &ways.join(", "))).await;
}

async fn on_the_way(scene: &Scene, faults: &[(&'static str, &str)]) -> Vec<Row> {
    let server = scene.server().await;
    prepare(scene, faults.iter().map(|(_, how)| *how)).await;
    let mut rows = Vec::new();
    for (how, (name, _)) in faults.iter().enumerate() {
        let mut cells = Vec::new();
        for (_, path) in REQUESTS {
            scene.phone.goto(&format!("{}/.well-known/jwks.json", server.url)).await;
            scene.phone.run(&format!("sessionStorage.fault = '{path} {how}'")).await;
            cells.push(scene.visit(&server).await);
            let left = scene.phone.run("return sessionStorage.fault || ''").await;
            assert_eq!(left, "", "{name} at {path} has happened");
        }
        rows.push(((*name).to_owned(), cells));
    }
    rows
}

/// No single fault that passes is ever seen. Half of the rows of each table, because two browsers run side by side.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_trying_again_heals() {
    async fn half(dingtalk: &[(&'static str, Value)], way: &[(&'static str, &str)]) -> (Vec<Row>, Vec<Row>) {
        let scene = Scene::start().await;
        let rows = (at_dingtalk(&scene, dingtalk).await, on_the_way(&scene, way).await);
        scene.phone.close().await;
        rows
    }
    let faults = passing();
    let (dingtalk, way) = (faults.split_at(faults.len() / 2), ON_THE_WAY.split_at(ON_THE_WAY.len() / 2));
    let (first, second) = tokio::join!(half(dingtalk.0, way.0), half(dingtalk.1, way.1));
    let (dingtalk, way) = ([first.0, second.0].concat(), [first.1, second.1].concat());
    let tables = format!(
        "{}\n{}",
        table("once, at DingTalk", &CALLS.map(|(name, _)| name), &dingtalk),
        table("once, between page and server", &REQUESTS.map(|(name, _)| name), &way)
    );
    println!("{tables}");
    for (name, cells) in dingtalk.iter().chain(&way) {
        assert!(cells.iter().all(|cell| cell == "ok"), "{name}: {cells:?}");
    }
    check_documentation(&tables);
}

/// What stays is told, and by its own name, however often the page tries.
#[tokio::test]
async fn what_stays_is_told() {
    let errcode = |code: i64| json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } });
    let ban = json!({ "reply": { "body": { "status": 1111, "wait": 5, "punish": "deny" } } });
    let scene = Scene::start().await;
    for (fault, step, expected) in [
        (errcode(-1), 2, "platform_busy"),
        (errcode(90018), 0, "platform_throttled"),
        (errcode(40089), 0, "app_misconfigured"),
        (errcode(90020), 4, "platform_quota"),
        (errcode(50002), 2, "not_permitted"),
        (ban, 1, "platform_banned"),
    ] {
        assert_eq!(scene.at(CALLS[step].1, &fault, 99).await, expected);
    }
    scene.phone.close().await;
}

/// The same of what stays between page and server.
#[tokio::test]
async fn what_stays_on_the_way_is_told() {
    let scene = Scene::start().await;
    let server = scene.server().await;
    let faults = [(INTERNAL, "internal"), (PROXY_404, "unexpected"), (PORTAL, "unexpected")];
    prepare(&scene, faults.iter().map(|(how, _)| *how)).await;
    for (how, (_, expected)) in faults.iter().enumerate() {
        for (_, path) in REQUESTS {
            scene.phone.goto(&format!("{}/.well-known/jwks.json", server.url)).await;
            scene.phone.run(&format!("sessionStorage.fault = '{path} {how} stays'")).await;
            assert_eq!(scene.visit(&server).await, *expected, "{path}");
        }
    }
    scene.phone.close().await;
}

fn check_documentation(tables: &str) {
    const BEGIN: &str = "<!-- person -->\n";
    const END: &str = "<!-- end of person -->\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rest) = written.split_once(BEGIN).unwrap();
    let (documented, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{BEGIN}{tables}{END}{tail}")).unwrap();
    } else {
        assert!(documented == tables, "docs/failures.md is stale: run this test with UPDATE_DOCS=1");
    }
}
