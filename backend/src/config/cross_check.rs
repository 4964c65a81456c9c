//! Rules that concern several keys.

use super::reader::Findings;
use super::{Config, Store};
use std::collections::HashSet;
use url::Url;

/// Records what is wrong with keys that are right one by one.
pub fn cross_check(config: &Config, found: &Findings) {
    if config.listen == config.ops_listen && config.listen.port() != 0 {
        found.problem("ops_listen", "must differ from listen: metrics are never on the public listener");
    }
    let mut seen = HashSet::new();
    for (i, app) in config.apps.iter().enumerate() {
        if !seen.insert(&app.id) {
            found.problem(format!("apps[{i}]"), format!("{} is configured twice; remove one", app.id));
        }
    }
    let mut defaults = config.apps.iter().enumerate().filter(|(_, app)| app.default).skip(1);
    if let Some((i, _)) = defaults.next() {
        found.problem(
            format!("apps[{i}].default"),
            "is true for another application already; people can be sent to one only, leave it to that one",
        );
    }
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    for (i, suite) in config.suites.iter().enumerate() {
        if !names.insert(&suite.name) {
            found.problem(format!("suites[{i}].name"), "is another suite's too; each needs its own callback");
        }
        if !keys.insert(&suite.suite_key) {
            found.problem(format!("suites[{i}].suite_key"), "is configured twice; remove one");
        }
    }
    if !config.suites.is_empty() {
        found.warn(
            "suites",
            "/auth without corpid and agentid lets in every corporation that authorised a suite, with user ids of its \
             own choosing: name the application in the proxy's question",
        );
    }
    if !config.suites.is_empty() && matches!(config.store, Store::Memory) {
        found.warn(
            "store.url",
            "\"memory:\" loses every corporation's permanent code at the end of the process, and each would have to \
             authorise the suite again; use \"embedded:\" or Redis",
        );
    }
    if config.dingtalk.simulator {
        found.warn(
            "dingtalk.simulator",
            "is on: any browser counts as DingTalk, anybody is let in as whom they choose, and the pages say that it is a demo",
        );
    }
    if !config.wecom.verify_files.is_empty() && config.base_path != "/" {
        found.warn(
            "wecom.verify_files",
            "are served from the root of the host only, and base_path is below it: let the proxy serve them",
        );
    }
    for (i, origin) in config.allowed_origins.iter().enumerate() {
        if !same_site(origin, &config.public_url) {
            found.warn(
                format!("allowed_origins[{i}]"),
                "shares no parent domain with public_url: browsers will withhold the cookies from its pages",
            );
        }
    }
}

/// Whether browsers may treat two hosts as one site. Without the public suffix list this is a guess that errs towards
/// no warning: the last two labels are the same.
fn same_site(a: &Url, b: &Url) -> bool {
    let tail = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
        if !is_name {
            return host;
        }
        let labels: Vec<&str> = host.rsplit('.').take(2).collect();
        labels.join(".")
    };
    a.scheme() == b.scheme() && tail(a) == tail(b)
}
