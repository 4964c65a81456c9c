//! Fault × step: what becomes of a login whose every step meets every fault. The tables are part of the documentation
//! (docs/failures.md); `UPDATE_DOCS=1` writes them.

use crate::h5;
use crate::support::{Person, Server, Sim, impatient};
use futures_util::StreamExt;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Turns a secret into a token.
    Token,
    Ticket,
    /// Spends the code.
    Code,
    /// Gives a fact that the login can do without.
    Unionid,
    Userid,
}

struct Step {
    name: &'static str,
    endpoint: &'static str,
    does: Does,
}

const fn step(name: &'static str, endpoint: &'static str, does: Does) -> Step {
    Step { name, endpoint, does }
}

static CHANNEL: [Step; 6] = [
    step("channel token", "/channel/get_channel_token", Does::Token),
    step("ticket", "/channel/get_channel_jsapi_ticket", Does::Ticket),
    step("code", "/channel/user/get_by_code", Does::Code),
    step("unionid", "/channel/user/get_by_openid", Does::Unionid),
    step("corp token", "/gettoken", Does::Token),
    step("userid", "/topapi/user/getbyunionid", Does::Userid),
];

static H5: [Step; 3] = [
    step("app token", "/v1.0/oauth2/accessToken", Does::Token),
    step("ticket", "/v1.0/oauth2/jsapiTickets", Does::Ticket),
    step("code", "/topapi/v2/user/getuserinfo", Does::Code),
];

/// What heals a fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heals {
    Never,
    /// Another token; where a token is fetched there is none yet, so there it means that the secret is wrong.
    Token,
    /// The call again, unless it spends a code.
    Again,
}

struct Fault {
    name: &'static str,
    fault: Value,
    heals: Heals,
    /// The error that the person meets where it does not heal.
    outcome: &'static str,
}

impl Fault {
    /// `ok`: not noticed; else the error that the person meets.
    fn expected(&self, step: &Step, stays: bool) -> &'static str {
        match (self.heals, step.does, self.name) {
            (Heals::Token, Does::Token, _) => "app_misconfigured",
            (Heals::Token, ..) => "ok",
            (_, Does::Userid, NO_USER | NO_FIELDS) | (_, Does::Unionid, NO_FIELDS) => "ok",
            (Heals::Again, does, _) if does != Does::Code && !stays => "ok",
            (_, _, GONE) if !step.endpoint.starts_with("/channel/") => "platform_refused",
            _ => self.outcome,
        }
    }
}

const NO_USER: &str = "60121 no user by that id";
const NO_FIELDS: &str = "success without its fields";
const GONE: &str = "404 path gone";

fn errcode(code: i64) -> Value {
    json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } })
}

fn word(status: u16, code: &str) -> Value {
    json!({ "reply": { "status": status, "body": { "code": code, "message": "x", "requestid": "r" } } })
}

fn faults() -> Vec<Fault> {
    let wrapped = json!({ "reply": { "body": {
        "errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token", "errmsg": "x",
    } } });
    let html = |status: u16| json!({ "reply": { "status": status, "contentType": "text/html", "body": "<html>系统繁忙</html>" } });
    let ban = json!({ "reply": { "body": { "status": 1111, "wait": 5, "punish": "deny" } } });
    let (again, never, token) = (Heals::Again, Heals::Never, Heals::Token);
    let rows = [
        ("-1 busy", errcode(-1), again, "platform_busy"),
        ("`systemBusy`", word(503, "systemBusy"), again, "platform_busy"),
        ("90018 too many calls", errcode(90018), again, "platform_throttled"),
        ("`QpsLimitForApi`", word(403, "Forbidden.AccessDenied.QpsLimitForApi"), again, "platform_throttled"),
        ("90020 quota used up", errcode(90020), never, "platform_quota"),
        ("40014 token dead", errcode(40014), token, ""),
        ("42001 token expired", errcode(42001), token, ""),
        ("88/40014 token dead, wrapped", wrapped, token, ""),
        ("`InvalidAuthentication`", word(400, "InvalidAuthentication"), token, ""),
        ("40089 wrong secret", errcode(40089), never, "app_misconfigured"),
        ("60020 address not allowed", errcode(60020), never, "app_misconfigured"),
        ("60011 permission missing", errcode(60011), never, "app_misconfigured"),
        ("50002 person out of scope", errcode(50002), never, "not_permitted"),
        (GONE, errcode(404), never, "api_retired"),
        (NO_USER, errcode(60121), never, "platform_refused"),
        ("HTML instead of JSON", html(200), again, "platform_bad_answer"),
        ("502 of a gateway", html(502), again, "platform_bad_answer"),
        (NO_FIELDS, errcode(0), again, "platform_bad_answer"),
        ("1111 address banned", ban, never, "platform_banned"),
        ("connection broken", json!({ "drop": true }), again, "platform_unreachable"),
        ("no answer in time", json!({ "delayMs": 10_000 }), again, "platform_timeout"),
    ];
    rows.map(|(name, fault, heals, outcome)| Fault { name, fault, heals, outcome }).into()
}

/// One login on a fresh server whose `step` meets the fault, once or for as long as it takes.
async fn outcome(sim: &Sim, step: &Step, fault: &Fault, stays: bool) -> String {
    sim.post("/_sim/reset", json!({})).await;
    sim.settings(json!({ "unionidInGetByCode": false })).await;
    let mut fault = fault.fault.clone();
    let server = Server::start(sim, |config| {
        h5::beside(config);
        if fault["delayMs"].is_u64() {
            impatient(config);
        }
    })
    .await;
    fault["endpoint"] = json!(step.endpoint);
    fault["times"] = json!(if stays { 1000 } else { 1 });
    sim.fault(fault).await;
    let login = if H5.iter().any(|of| of.endpoint == step.endpoint) {
        through_h5(sim, &server).await
    } else {
        through_channel(sim, &server).await
    };
    if login.status() == StatusCode::OK { "ok".into() } else { code(login).await }
}

/// The login's answer, or that of the step before it that failed.
async fn through_channel(sim: &Sim, server: &Server) -> Response {
    let person = Person::new(sim, server);
    let config = person.config().await;
    if config.status() != StatusCode::OK {
        return config;
    }
    let config = config.json().await.unwrap();
    assert_eq!(person.dd_config(&config).await["ok"], true);
    person.post_code(&person.code_again().await).await
}

async fn through_h5(sim: &Sim, server: &Server) -> Response {
    let person = Person::new(sim, server);
    let url = format!("{}/", server.url);
    let query = [("corpid", h5::CORP), ("agentid", h5::AGENT), ("sign", "1"), ("url", url.as_str())];
    let config = person.send(person.request(Method::GET, "/api/config").query(&query)).await;
    if config.status() != StatusCode::OK {
        return config;
    }
    h5::login(&person, h5::CORP, h5::AGENT, &h5::code(sim, "employee").await).await
}

async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

/// How many rows are worked on at a time: a call that has two seconds must get a turn.
const AT_ONCE: usize = 6;

/// The table of `faults` at `steps`; every cell is as expected.
async fn table(steps: &'static [Step], faults: Vec<Fault>, stays: bool) -> String {
    let row = async |fault: Fault| {
        let sim = Sim::start(1).await;
        let mut cells = Vec::new();
        for step in steps {
            cells.push(outcome(&sim, step, &fault, stays).await);
        }
        (fault, cells)
    };
    let rows: Vec<_> = futures_util::stream::iter(faults).map(row).buffered(AT_ONCE).collect().await;
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    let mut table = format!("| fault | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(steps.len()));
    for (fault, cells) in &rows {
        table.push_str(&format!("| {} | `{}` |\n", fault.name, cells.join("` | `")));
    }
    println!("{table}");
    for (fault, cells) in &rows {
        let expected: Vec<_> = steps.iter().map(|step| fault.expected(step, stays)).collect();
        assert_eq!(*cells, expected, "{}, stays: {stays}", fault.name);
    }
    table
}

fn transient() -> Vec<Fault> {
    faults().into_iter().filter(|fault| fault.heals == Heals::Again).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step_of_a_window() {
    check_documentation("channel, once", &table(&CHANNEL, faults(), false).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_that_stays_at_every_step_of_a_window() {
    check_documentation("channel, stays", &table(&CHANNEL, transient(), true).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step_of_an_h5_application() {
    check_documentation("h5, once", &table(&H5, faults(), false).await);
    check_documentation("h5, stays", &table(&H5, transient(), true).await);
}

pub fn check_documentation(name: &str, table: &str) {
    let (begin, end) = (format!("<!-- table: {name} -->\n"), format!("<!-- end of {name} -->\n"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rest) = written.split_once(&begin).unwrap();
    let (documented, tail) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{begin}{table}{end}{tail}")).unwrap();
    } else {
        assert!(documented == table, "docs/failures.md is stale: run this test with UPDATE_DOCS=1");
    }
}
