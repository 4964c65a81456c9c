//! Fault × step: what becomes of a login whose every step meets every fault. The table is part of the documentation
//! (docs/failures.md); `UPDATE_DOCS=1` writes it.

use crate::support::{Person, Server, Sim};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

const STEPS: [(&str, &str); 5] = [
    ("channel token", "/channel/get_channel_token"),
    ("ticket", "/channel/get_channel_jsapi_ticket"),
    ("code", "/channel/user/get_by_code"),
    ("corp token", "/gettoken"),
    ("userid", "/topapi/user/getbyunionid"),
];

struct Fault {
    name: &'static str,
    fault: Value,
    /// By step. `ok`: nobody notices; else the error that the person meets.
    expected: [&'static str; 5],
}

fn errcode(code: i64) -> Value {
    json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } })
}

/// The same at every step.
fn everywhere(name: &'static str, fault: Value, expected: &'static str) -> Fault {
    Fault { name, fault, expected: [expected; 5] }
}

/// A rejected token: there is none yet where a token is fetched, so there it means that the secret is wrong.
fn token_error(name: &'static str, fault: Value) -> Fault {
    Fault { name, fault, expected: ["app_misconfigured", "ok", "ok", "app_misconfigured", "ok"] }
}

fn faults() -> Vec<Fault> {
    let wrapped = json!({ "reply": { "body": {
        "errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token", "errmsg": "x",
    } } });
    let html = json!({ "reply": { "contentType": "text/html", "body": "<html>系统繁忙</html>" } });
    let ban = json!({ "reply": { "body": { "status": 1111, "wait": 5, "punish": "deny" } } });
    vec![
        everywhere("-1 busy", errcode(-1), "dingtalk_busy"),
        everywhere("90018 too many calls", errcode(90018), "dingtalk_throttled"),
        everywhere("90020 quota used up", errcode(90020), "dingtalk_quota"),
        token_error("40014 token dead", errcode(40014)),
        token_error("42001 token expired", errcode(42001)),
        token_error("88/40014 token dead, wrapped", wrapped),
        everywhere("40089 wrong secret", errcode(40089), "app_misconfigured"),
        everywhere("60020 address not allowed", errcode(60020), "app_misconfigured"),
        everywhere("60011 permission missing", errcode(60011), "app_misconfigured"),
        everywhere("50002 person out of scope", errcode(50002), "not_permitted"),
        Fault {
            name: "404 path gone",
            fault: errcode(404),
            expected: ["api_retired", "api_retired", "api_retired", "dingtalk_refused", "dingtalk_refused"],
        },
        Fault {
            name: "60121 nobody by that id",
            fault: errcode(60121),
            expected: ["dingtalk_refused", "dingtalk_refused", "dingtalk_refused", "dingtalk_refused", "ok"],
        },
        everywhere("HTML instead of JSON", html, "dingtalk_bad_answer"),
        everywhere("success without its fields", errcode(0), "dingtalk_bad_answer"),
        everywhere("1111 address banned", ban, "dingtalk_banned"),
        everywhere("connection broken", json!({ "drop": true }), "dingtalk_unreachable"),
        everywhere("no answer in time", json!({ "delayMs": 10_000 }), "dingtalk_timeout"),
    ]
}

/// One login on a fresh server whose `endpoint` meets `fault` once.
async fn outcome(sim: &Sim, endpoint: &str, fault: &Value) -> String {
    sim.post("/_sim/reset", json!({})).await;
    let server = Server::start(sim, |_| {}).await;
    let mut fault = fault.clone();
    fault["endpoint"] = json!(endpoint);
    sim.fault(fault).await;
    let person = Person::new(sim, &server);
    let config = person.config().await;
    if config.status() != StatusCode::OK {
        return code(config).await;
    }
    let config = config.json().await.unwrap();
    assert_eq!(person.dd_config(&config).await["ok"], true);
    let login = person.post_code(&person.code_again().await).await;
    if login.status() == StatusCode::OK { "ok".into() } else { code(login).await }
}

async fn code(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

async fn at_every_step(row: Fault) -> (Fault, Vec<String>) {
    let sim = Sim::start(1).await;
    let mut cells = Vec::new();
    for (_, endpoint) in STEPS {
        cells.push(outcome(&sim, endpoint, &row.fault).await);
    }
    (row, cells)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step() {
    let rows = futures_util::future::join_all(faults().into_iter().map(at_every_step)).await;
    let mut table =
        format!("| fault | {} |\n|---|---|---|---|---|---|\n", STEPS.map(|(name, _)| name).join(" | "));
    for (row, cells) in &rows {
        table.push_str(&format!("| {} | `{}` |\n", row.name, cells.join("` | `")));
    }
    println!("{table}");
    for (row, cells) in &rows {
        assert_eq!(cells[..], row.expected, "{}", row.name);
    }
    check_documentation(&table);
}

fn check_documentation(table: &str) {
    const MARK: &str = "<!-- table -->\n";
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, documented) = written.split_once(MARK).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{MARK}{table}")).unwrap();
    } else {
        assert!(documented == table, "docs/failures.md is stale: run this test with UPDATE_DOCS=1");
    }
}
