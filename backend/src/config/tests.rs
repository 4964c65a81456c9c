mod environment;
mod store;
mod suites;

use super::*;
use base64::Engine;
use std::time::Duration;

const MINIMAL: &str = r#"
    public_url = "https://h5.example.com"
    [store]
    url = "memory:"
    [[apps]]
    corp_id = "dingcorp1"
    agent_id = "123456"
    kind = "channel"
    channel_secret = "planted-channel-secret"
"#;

const SUITE: &str = r#"
    public_url = "https://h5.example.com"
    [[suites]]
    name = "main"
    suite_key = "suitexyz"
    suite_secret = "planted-suite-secret"
    callback_token = "planted-callback-token"
    callback_aes_key = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
"#;

fn read(text: &str) -> Result<Config, Vec<String>> {
    read_with(text, &[])
}

fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    parse(text, environment).config.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn the_minimum_has_defaults_for_the_rest() {
    let config = read(MINIMAL).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.ops_listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.base_path, "/");
    assert_eq!(config.session.ttl, Duration::from_secs(43_200));
    assert_eq!(config.dingtalk.oapi_url.as_str(), "https://oapi.dingtalk.com/");
    assert_eq!(config.dingtalk.max_calls_per_minute, 6000);
    assert_eq!(
        config.apps[0].jsapi.as_ref().unwrap().url,
        "https://g.alicdn.com/dingding/open-develop/1.5.1/dingtalk.js"
    );
    assert_eq!(config.apps[0].jsapi.as_ref().unwrap().js_api_list, ["channel.permission.requestAuthCode"]);
}

#[test]
fn a_dingtalk_on_this_machine_is_called_without_a_bound() {
    let here = "[dingtalk]\noapi_url = \"http://127.0.0.1:1\"\napi_url = \"http://[::1]:1\"\n";
    let calls = |more: &str| {
        let text = MINIMAL.replace("[store]", &format!("{here}{more}\n[store]"));
        read(&text).unwrap().dingtalk.max_calls_per_minute
    };
    assert_eq!(calls(""), 0);
    assert_eq!(calls("max_calls_per_minute = 60"), 60);
}

#[test]
fn every_problem_is_named_at_once() {
    let problems = read(
        r#"
        public_url = "http://h5.example.com"
        lisen = "x"
        [session]
        ttl = "soon"
        key = "c2hvcnQ="
        [dingtalk]
        simulator = true
        [[apps]]
        corp_id = "$CORPID$"
        kind = "channel"
        channel_secret = { env = "MIANDENG_TEST_UNSET" }
        "#,
    )
    .unwrap_err();
    for key in [
        "public_url:",
        "lisen:",
        "session.ttl:",
        "session.key:",
        "dingtalk.simulator:",
        "apps[0].corp_id:",
        "apps[0].agent_id:",
        "apps[0].channel_secret:",
    ] {
        assert!(problems.iter().any(|p| p.starts_with(key)), "{key} not in {problems:#?}");
    }
    assert_eq!(problems.len(), 8, "{problems:#?}");
}

#[test]
fn each_kind_has_its_own_keys() {
    let h5 = "[[apps]]
corp_id = \"dingvirtual1\"
agent_id = \"2\"
kind = \"h5\"
client_id = \"key\"
client_secret = \"s\"
";
    let config = read(&format!(
        "{MINIMAL}
{h5}"
    ))
    .unwrap();
    assert_eq!(config.apps[1].credentials.client_id(), Some("key"));
    assert_eq!(
        config.apps[1].jsapi.as_ref().unwrap().url,
        "https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js"
    );
    let problems = read(&format!(
        "{MINIMAL}
{h5}channel_secret = \"s\""
    ))
    .unwrap_err();
    assert!(problems[0].starts_with("apps[1].channel_secret: is not a known key"), "{problems:?}");
    let problems = read(&format!(
        "{MINIMAL}
{}",
        h5.replace("h5", "mini")
    ))
    .unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn printing_masks_secrets() {
    let key = base64::engine::general_purpose::STANDARD.encode([7_u8; 32]);
    let config =
        read(&format!("{MINIMAL}\ncorp_secret = \"planted-corp-secret\"\n[session]\nkey = \"{key}\""))
            .unwrap();
    let printed = format!("{}{config:?}", config.masked().unwrap());
    assert!(printed.contains("***") && printed.contains("dingcorp1"), "{printed}");
    assert!(!printed.contains("planted") && !printed.contains(&key), "{printed}");
}

#[test]
fn toml_errors_do_not_quote_the_line() {
    let problems = read("channel_secret = planted-secret\n").unwrap_err();
    assert!(!problems.join("").contains("planted"), "{problems:?}");
}

#[test]
fn one_application_is_configured_once() {
    let twice = format!("{MINIMAL}{}", &MINIMAL[MINIMAL.find("[[apps]]").unwrap()..]);
    assert!(read(&twice).unwrap_err()[0].contains("twice"));
}

#[test]
fn people_are_sent_to_one_application() {
    let app = |corp: &str, more: &str| {
        format!(
            "[[apps]]\ncorp_id = \"{corp}\"\nagent_id = \"1\"\nkind = \"channel\"\nchannel_secret = \"s\"\n{more}\n"
        )
    };
    let config = |more: &str| read(&format!("{MINIMAL}{}{}", app("ding2", more), app("ding3", more)));
    assert_eq!(config("").unwrap().default_app().unwrap().id.corp_id.as_str(), "dingcorp1");
    let problems = config("default = true").unwrap_err();
    assert!(problems.len() == 1 && problems[0].starts_with("apps[2].default:"), "{problems:?}");
    let one = read(&format!("{MINIMAL}{}", app("ding2", "default = true"))).unwrap();
    assert_eq!(one.default_app().unwrap().id.corp_id.as_str(), "ding2");
}

#[test]
fn the_issuer_is_written_like_the_configuration() {
    for (base, issuer) in [
        ("/", "https://h5.example.com/"),
        ("/_miandeng", "https://h5.example.com/_miandeng"),
        ("/_miandeng/", "https://h5.example.com/_miandeng"),
    ] {
        assert_eq!(read(&format!("base_path = \"{base}\"\n{MINIMAL}")).unwrap().issuer(), issuer);
    }
}

#[test]
fn an_origin_of_another_site_is_warned_of() {
    let text = format!("allowed_origins = [\"https://a.example.com\", \"https://other.test\"]\n{MINIMAL}");
    let loaded = parse(&text, std::iter::empty());
    assert!(loaded.config.is_ok());
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert_eq!(loaded.warnings[0].key, "allowed_origins[1]");
}

#[test]
fn a_pace_without_trusted_proxies_is_warned_of() {
    let limits = "[limits]\nlogins_per_minute = 60\nconfigs_per_minute = 0\n[store]";
    let warned = |text: &str| -> Vec<String> {
        parse(text, std::iter::empty()).warnings.iter().map(|warning| warning.key.clone()).collect()
    };
    let without = MINIMAL.replace("[store]", limits);
    assert_eq!(warned(&without), ["limits.logins_per_minute"]);
    assert_eq!(warned(&format!("trusted_proxies = [\"10.0.0.0/8\"]\n{without}")), [""; 0]);
}

#[test]
fn k20_a_state_dir_has_a_name() {
    for empty in ["", " "] {
        let problems = read_with(&format!("state_dir = \"{empty}\"\n{MINIMAL}"), &[]).unwrap_err();
        assert!(problems[0].starts_with("state_dir: is empty"), "{problems:?}");
    }
    assert!(
        read_with(MINIMAL, &[("MIANDENG__STATE_DIR", "")]).unwrap_err()[0].contains("MIANDENG__STATE_DIR")
    );
}

#[test]
fn k20_what_is_odd_about_an_item_of_a_list_names_the_item() {
    let random = base64::engine::general_purpose::STANDARD.encode(rand::random::<[u8; 32]>());
    let zero = base64::engine::general_purpose::STANDARD.encode([0; 32]);
    let keys = format!("[session]\nprevious_keys = [\"{random}\", \"{zero}\", \"{random} \"]");
    let text = format!("trusted_proxies = [\"10.0.0.1\", \"10.0.0.1/8\"]\n{MINIMAL}\n{keys}");
    let Loaded { config, warnings } = parse(&text, std::iter::empty());
    assert!(config.unwrap_err()[0].to_string().starts_with("session.previous_keys: [2] must be"));
    let said: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    for (said, front) in said.iter().zip([
        "trusted_proxies: [1] 10.0.0.1/8 is all",
        "session.previous_keys: [1] is not random",
        "session.previous_keys: [2] has a blank",
    ]) {
        assert!(said.starts_with(front), "{said} for {front}");
    }
    assert_eq!(said.len(), 3, "{said:?}");
}

/// A bare address was refused, and one that was written as IPv6 never matched.
#[test]
fn k20_trusted_proxies_may_be_addresses() {
    let proxies =
        |written: &str| parse(&format!("trusted_proxies = [\"{written}\"]\n{MINIMAL}"), std::iter::empty());
    for (written, range, warned) in [
        ("10.0.0.1", "10.0.0.1/32", None),
        ("::1", "::1/128", None),
        ("2001:db8::7", "2001:db8::7/128", None),
        ("::ffff:10.0.0.1", "10.0.0.1/32", None),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8", None),
        ("10.0.0.0/8", "10.0.0.0/8", None),
        ("2001:db8::/32", "2001:db8::/32", None),
        ("10.0.0.1/8", "10.0.0.0/8", Some("\"10.0.0.1\" for the one address")),
        ("2001:db8::1/64", "2001:db8::/64", Some("all of 2001:db8::/64")),
        ("0.0.0.0/0", "0.0.0.0/0", Some("every address")),
        ("::/0", "::/0", Some("every address")),
    ] {
        let Loaded { config, warnings } = proxies(written);
        assert_eq!(config.unwrap().trusted_proxies[0].to_string(), range, "{written}");
        assert_eq!(warnings.len(), usize::from(warned.is_some()), "{written}: {warnings:?}");
        assert!(
            warnings.iter().all(|w| w.key == "trusted_proxies" && w.remedy.contains(warned.unwrap())),
            "{warnings:?}"
        );
    }
    for written in [
        "nginx",
        "localhost",
        "10.0.0.1:80",
        "[::1]",
        "10.0.0.0/33",
        "10.0.0.0/255.0.0.0",
        "10.0.0.*",
        "10.0.0",
        "",
    ] {
        let problems = proxies(written).config.unwrap_err();
        let problem = problems[0].to_string();
        assert!(
            problem.starts_with("trusted_proxies: [0] must be an address such as")
                && problem.contains(written),
            "{problem}"
        );
    }
}

#[test]
fn p13_what_a_check_ought_to_say() {
    let warned = |text: &str, key: &str, part: &str| {
        let warnings = parse(text, std::iter::empty()).warnings;
        warnings.iter().any(|warning| warning.key == key && warning.remedy.contains(part))
    };
    let with_key = |key: &str, bytes: &[u8]| {
        let key = format!("[session]\n{key}\n[store]");
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        MINIMAL.replace("[store]", &key.replace("KEY", &format!("\"{base64}\"")))
    };
    for weak in [&[0; 32][..], &[170; 32], b"0123456789abcdef0123456789abcdef"] {
        assert!(warned(&with_key("key = KEY", weak), "session.key", "not random"), "{weak:?}");
        assert!(warned(&with_key("previous_keys = [KEY]", weak), "session.previous_keys", "not random"));
    }
    assert!(!warned(&with_key("key = KEY", &rand::random::<[u8; 32]>()), "session.key", ""));
    assert!(warned(SUITE, "suites", "/auth without corpid and agentid"));
    assert!(!warned(MINIMAL, "suites", ""));
    let here = "[dingtalk]\noapi_url = \"http://127.0.0.1:1\"\napi_url = \"http://[::1]:1\"\nsimulator = true\n[store]";
    assert!(warned(&MINIMAL.replace("[store]", here), "dingtalk.simulator", "is on"));
    assert!(!warned(&MINIMAL.replace("[store]", &here.replace("true", "false")), "dingtalk.simulator", ""));
}

#[test]
fn a_byte_order_mark_before_the_configuration_is_none_of_it() {
    assert!(read(&format!("\u{feff}{MINIMAL}")).is_ok());
}
