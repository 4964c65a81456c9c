//! What is written down of a login: in logs, metrics and the audit.

use super::*;

#[tokio::test]
async fn codes_tokens_and_secrets_are_in_no_log() {
    let (sim, server) = start("visible_only = true").await;
    let mut secrets = vec![format!("secret-of-{AGENT}")];
    for fault in [
        None,
        Some(json!({ "errcode": 60020 })),
        Some(json!({ "drop": true })),
        Some(json!({ "errcode": 40029 })),
        Some(json!({ "errcode": -1 })),
    ] {
        sim.clear_faults().await;
        for endpoint in [CODE, RANGE] {
            if let Some(mut fault) = fault.clone() {
                fault["endpoint"] = json!(endpoint);
                sim.fault(fault).await;
            }
            let visitor = Visitor::new(&sim, &server, "member");
            let end = visitor.open(&visitor.menu()).await;
            let callbacks = end.way.iter().filter(|at| at.contains("/wecom/callback"));
            secrets.extend(
                callbacks.flat_map(|at| [parameter(at, "code").unwrap(), parameter(at, "state").unwrap()]),
            );
            secrets.extend(visitor.cookies.lock().unwrap().values().cloned());
        }
    }
    let token = "/cgi-bin/gettoken?corpid=ww0123456789abcdef&corpsecret=secret-of-1000002";
    let token: Value =
        sim.http.get(format!("{}{token}", sim.url)).send().await.unwrap().json().await.unwrap();
    secrets.push(token["access_token"].as_str().unwrap().to_owned());
    assert!(secrets.len() > 20);
    let log = server.log_with("platform_unreachable", 1).await;
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in\n{log}");
    }
}

/// One line and one count for a login, however often its callback came.
#[tokio::test]
async fn every_login_is_counted_and_audited_once() {
    let (sim, server) = start("").await;
    for person in ["member", "customer"] {
        let visitor = Visitor::new(&sim, &server, person);
        let callback = visitor.callback_of(&visitor.menu()).await;
        visitor.several(&callback, 3).await;
    }
    let metrics = reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap();
    let logins: Vec<_> = metrics
        .lines()
        .filter(|line| {
            line.starts_with("miandeng_logins_total") && line.contains(CORP) && !line.ends_with(" 0")
        })
        .collect();
    assert_eq!(logins.len(), 2, "{logins:?}");
    assert!(logins.iter().all(|line| line.ends_with(" 1") && line.contains(AGENT)), "{logins:?}");
    assert!(logins.iter().any(|line| line.contains("not_permitted")), "{logins:?}");
    let log = server.log_with("not_permitted", 1).await;
    let audited = log.lines().filter(|line| line.contains("audit") && line.contains(AGENT));
    assert_eq!(audited.count(), 2, "{log}");
}
