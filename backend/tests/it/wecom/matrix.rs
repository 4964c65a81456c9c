//! Fault × step, as `crate::matrix` does it for DingTalk. The tables are part of docs/failures.md; `UPDATE_DOCS=1` writes
//! them.

use super::*;
use crate::matrix::check_documentation;

const STEPS: [(&str, &str); 3] = [("token", TOKEN), ("code", CODE), ("range", RANGE)];

/// Name, fault, and what each step comes to: met once, and as long as it takes.
type Row = (&'static str, Value, [&'static str; 3], [&'static str; 3]);

fn rows() -> Vec<Row> {
    let code = |code: i64| json!({ "errcode": code });
    let html = |status: u16| json!({ "reply": { "status": status, "contentType": "text/html", "body": "<html>系统繁忙</html>" } });
    let empty = json!({ "reply": { "status": 404, "body": "" } });
    let bare = json!({ "reply": { "body": { "errcode": 0, "errmsg": "ok" } } });
    // At the code, the login begins anew, once.
    let same = |error: &'static str| ([error; 3], [error; 3]);
    let heals = |error: &'static str| (["ok"; 3], [error; 3]);
    let (app, refused) = ("app_misconfigured", "platform_refused");
    let token = ([app, "ok", "ok"], [app; 3]);
    let spent = (["ok"; 3], ["code_rejected"; 3]);
    let rows = [
        ("-1 busy", code(-1), heals("platform_busy")),
        ("45033 too many at once", code(45033), heals("platform_throttled")),
        ("45009 too many calls", code(45009), {
            let limit = ["platform_banned", "platform_throttled", "platform_throttled"];
            (limit, limit)
        }),
        ("40001 secret or token wrong", code(40001), token),
        ("40014 token dead", code(40014), token),
        ("42001 token expired", code(42001), token),
        ("40029 code refused", code(40029), spent),
        ("42022 code used", code(42022), spent),
        ("40013 corporation wrong", code(40013), same(app)),
        ("50001 domain not trusted", code(50001), same(app)),
        ("60020 address not allowed", code(60020), same(app)),
        ("48002 interface not allowed", code(48002), same(app)),
        ("50002 person out of scope", code(50002), same("not_permitted")),
        ("60011 person out of range", code(60011), {
            let range = [app, app, "not_permitted"];
            (range, range)
        }),
        ("60111 no such member", code(60111), same("not_permitted")),
        ("41008 parameter missing", code(41008), same(refused)),
        ("48005 retired", code(48005), same("api_retired")),
        ("404 without a body", empty, heals("platform_bad_answer")),
        ("HTML instead of JSON", html(200), heals("platform_bad_answer")),
        ("502 of a gateway", html(502), heals("platform_bad_answer")),
        ("success without its fields", bare, {
            // The name of a member is nothing that a login needs.
            (["ok"; 3], ["platform_bad_answer", "platform_bad_answer", "ok"])
        }),
        ("connection broken", json!({ "drop": true }), heals("platform_unreachable")),
        ("no answer in time", json!({ "delayMs": 10_000 }), heals("platform_timeout")),
    ];
    rows.map(|(name, fault, (once, stays))| (name, fault, once, stays)).into()
}

/// One login on a fresh server, whose step meets the fault so often: `ok`, or the error.
async fn outcome(sim: &Sim, endpoint: &str, fault: &Value, times: u32) -> String {
    sim.post("/_sim/reset", json!({})).await;
    let server = server_for(sim, "visible_only = true", fault).await;
    let mut fault = fault.clone();
    fault["endpoint"] = json!(endpoint);
    fault["times"] = json!(times);
    sim.fault(fault).await;
    let visitor = Visitor::new(sim, &server, "member");
    let end = visitor.open(&visitor.menu()).await;
    let error = error_in(&end.at);
    assert_eq!(visitor.who().await.is_none(), error.is_some(), "{:?}", end.way);
    error.unwrap_or_else(|| "ok".to_owned())
}

async fn table(times: u32) -> String {
    use futures_util::StreamExt;
    let row = async |(name, fault, once, stays): Row| {
        let sim = Sim::start(1).await;
        let mut cells = Vec::new();
        for (_, endpoint) in STEPS {
            cells.push(outcome(&sim, endpoint, &fault, times).await);
        }
        (name, cells, if times == 1 { once } else { stays })
    };
    let rows: Vec<_> = futures_util::stream::iter(rows()).map(row).buffered(4).collect().await;
    let names = STEPS.map(|(name, _)| name).join(" | ");
    let mut table = format!("| fault | {names} |\n|---|---|---|---|\n");
    for (name, cells, _) in &rows {
        table.push_str(&format!("| {name} | `{}` |\n", cells.join("` | `")));
    }
    println!("{table}");
    for (name, cells, expected) in rows {
        assert_eq!(cells, expected, "{name}, {times} times");
    }
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step_of_wecom() {
    check_documentation("wecom, once", &table(1).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_that_stays_at_every_step_of_wecom() {
    check_documentation("wecom, stays", &table(1000).await);
}
