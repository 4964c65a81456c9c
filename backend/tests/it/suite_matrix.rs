//! Fault × step of a suite: what becomes of a push whose every step meets every fault. The table is part of the
//! documentation (docs/failures.md); `UPDATE_DOCS=1` writes it.

use crate::suites::{CORP, MICRO_APP, WINDOW, micro_app_login, person, start};
use crate::support::Sim;
use futures_util::StreamExt;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// The call that meets the fault, and whether a SyncHTTP change makes it, or else a classic authorisation.
const STEPS: [(&str, &str, bool); 6] = [
    ("suite token", "/service/get_suite_token", false),
    ("permanent code", "/service/get_permanent_code", false),
    ("allowed applications", "/service/get_auth_info", false),
    ("activation", "/service/activate_suite", false),
    ("suite token, SyncHTTP", "/service/get_suite_token", true),
    ("allowed applications, SyncHTTP", "/service/get_auth_info", true),
];

/// DingTalk pushes again a few times what was not acknowledged.
const PUSHES: usize = 3;

struct Fault {
    name: &'static str,
    fault: Value,
    /// The answer to the last push where fetching the suite's token meets it, and elsewhere.
    expected: [&'static str; 2],
}

fn faults() -> Vec<Fault> {
    let errcode = |code: i64| json!({ "reply": { "body": { "errcode": code, "errmsg": "x" } } });
    let html = json!({ "reply": { "contentType": "text/html", "body": "<html>系统繁忙</html>" } });
    let ban = json!({ "reply": { "body": { "status": 1111, "wait": 5, "punish": "deny" } } });
    let rows = [
        ("-1 busy", errcode(-1), ["ok", "ok"]),
        ("90018 too many calls", errcode(90018), ["ok", "ok"]),
        ("42009 token expired", errcode(42009), ["app_misconfigured", "ok"]),
        ("40080 wrong secret", errcode(40080), ["app_misconfigured", "ok"]),
        ("60011 permission missing", errcode(60011), ["app_misconfigured", "ok"]),
        ("HTML instead of JSON", html, ["ok", "ok"]),
        ("1111 address banned", ban, ["platform_banned", "platform_banned"]),
        ("connection broken", json!({ "drop": true }), ["ok", "ok"]),
        ("no answer in time", json!({ "delayMs": 10_000 }), ["ok", "ok"]),
    ];
    rows.map(|(name, fault, expected)| Fault { name, fault, expected }).into()
}

/// The answer to the last of at most [`PUSHES`] pushes, after which people log in.
async fn outcome(sim: &Sim, (_, endpoint, by_sync): (&str, &str, bool), fault: &Value) -> String {
    sim.post("/_sim/reset", json!({})).await;
    let server = start(sim, "memory:").await;
    let to = |control: &str| format!("/_sim/suites/suite1/{control}");
    sim.post(&to("ticket"), json!({})).await;
    let item = |what: &str| json!({ "items": [{ "what": what, "corpId": CORP, "microApp": true }] });
    if by_sync {
        sim.post(&to("sync"), item("auth")).await;
    }
    let mut fault = fault.clone();
    fault["endpoint"] = json!(endpoint);
    sim.fault(fault).await;
    let first = match by_sync {
        true => sim.post(&to("sync"), item("change")).await,
        false => sim.post(&to("authorise"), json!({ "corpId": CORP })).await,
    };
    let mut verdict = first.clone();
    for _ in 1..PUSHES {
        if verdict["ok"] == false {
            verdict = sim.post(&to("event"), json!({ "event": first["event"] })).await;
        }
    }
    if verdict["ok"] == true {
        assert_eq!(person(sim, &server, WINDOW).login().await.status(), StatusCode::OK, "{endpoint}");
        let employee = person(sim, &server, MICRO_APP);
        assert_eq!(micro_app_login(sim, &employee).await.status(), StatusCode::OK, "{endpoint}");
        return "ok".to_owned();
    }
    let body: Value = serde_json::from_str(verdict["answer"]["body"].as_str().unwrap()).unwrap();
    body["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step_of_a_push() {
    let row = async |row: Fault| {
        let sim = Sim::start(1).await;
        let mut cells = Vec::new();
        for step in STEPS {
            cells.push(outcome(&sim, step, &row.fault).await);
        }
        (row, cells)
    };
    // A call that has two seconds must get a turn.
    let rows: Vec<_> = futures_util::stream::iter(faults()).map(row).buffered(4).collect().await;
    let names: Vec<_> = STEPS.iter().map(|(name, ..)| *name).collect();
    let mut table = format!("| fault | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(STEPS.len()));
    for (row, cells) in &rows {
        table.push_str(&format!("| {} | `{}` |\n", row.name, cells.join("` | `")));
    }
    println!("{table}");
    for (row, cells) in &rows {
        let [token, other] = row.expected;
        let expected = STEPS.map(|(name, ..)| if name.starts_with("suite token") { token } else { other });
        assert_eq!(cells[..], expected, "{}", row.name);
    }
    check_documentation(&table);
}

fn check_documentation(table: &str) {
    let (begin, end) = ("<!-- table: suite -->\n", "<!-- end of suite -->\n");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/failures.md");
    let written = std::fs::read_to_string(file).unwrap();
    let (head, rest) = written.split_once(begin).unwrap();
    let (documented, tail) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, format!("{head}{begin}{table}{end}{tail}")).unwrap();
    } else {
        assert!(documented == table, "docs/failures.md is stale: run this test with UPDATE_DOCS=1");
    }
}
