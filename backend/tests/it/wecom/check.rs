//! What `check` says of `kind = "wecom"` and `[wecom]`.

use std::process::Command;

const GOOD: &str = r#"
public_url = "https://h5.example.com"
[store]
url = "memory:"
[[apps]]
corp_id = "ww0123456789abcdef"
agent_id = "1000002"
kind = "wecom"
secret = "planted-secret"
[wecom]
"#;

/// Exit code, standard output, standard error of `check`.
fn check(config: &str) -> (Option<i32>, String, String) {
    let dir = std::env::temp_dir().join(format!(
        "miandeng-wecom-{}-{}",
        std::process::id(),
        crate::support::free_port()
    ));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("miandeng.toml"), config).unwrap();
    std::fs::write(dir.join("WW_verify_abc.txt"), "abc").unwrap();
    std::fs::write(dir.join("WW_verify_big.txt"), "a".repeat(2000)).unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_miandeng")).arg("check").current_dir(&dir).output().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn check_prints_a_wecom_application_with_its_secret_masked() {
    let (code, printed, said) = check(&format!("{GOOD}verify_files = [\"WW_verify_abc.txt\"]"));
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "secret = \"***\"",
        "kind = \"wecom\"",
        "audience = \"members\"",
        "visible_only = false",
        "web_login = false",
        "WW_verify_abc.txt",
        "https://qyapi.weixin.qq.com/",
        "https://open.weixin.qq.com/connect/oauth2/authorize",
        "https://login.work.weixin.qq.com/wwlogin/sso/login",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    assert!(!format!("{printed}{said}").contains("planted"), "{printed}");
    assert!(!printed.contains("jsapi"), "{printed}");
}

#[test]
fn check_names_what_is_wrong_with_a_wecom_application() {
    let in_app = |line: &str| GOOD.replace("[wecom]", &format!("{line}\n[wecom]"));
    for (config, said) in [
        (GOOD.replace("secret = \"planted-secret\"", ""), "apps[0].secret: is missing"),
        (in_app("audience = \"everybody\""), "apps[0].audience"),
        (in_app("audience = 1"), "apps[0].audience"),
        (in_app("visible_only = \"yes\""), "apps[0].visible_only"),
        (in_app("web_login = 1"), "apps[0].web_login"),
        (in_app("jsapi_url = \"https://g.alicdn.com/x.js\""), "apps[0].jsapi_url: is not a known key"),
        (in_app("js_api_list = [\"a\"]"), "apps[0].js_api_list: is not a known key"),
        (in_app("sign_alg = \"sha256\""), "apps[0].sign_alg: is not a known key"),
        (in_app("sign_plus_as_space = true"), "apps[0].sign_plus_as_space: is not a known key"),
        (in_app("client_id = \"x\""), "apps[0].client_id: is not a known key"),
        (in_app("channel_secret = \"x\""), "apps[0].channel_secret: is not a known key"),
        (GOOD.replace("\"wecom\"", "\"wechat\""), "apps[0].kind"),
        (GOOD.replace("agent_id = \"1000002\"", "agent_id = 1000002"), "apps[0].agent_id"),
        (format!("{GOOD}qyapi_url = \"http://qyapi.weixin.qq.com\""), "wecom.qyapi_url"),
        (format!("{GOOD}authorize_url = \"ftp://x\""), "wecom.authorize_url"),
        (format!("{GOOD}login_url = \"x\""), "wecom.login_url"),
        (format!("{GOOD}oapi_url = \"https://x.example\""), "wecom.oapi_url: is not a known key"),
        (format!("{GOOD}timeout = \"5\""), "wecom.timeout"),
        (format!("{GOOD}max_calls_per_minute = -1"), "wecom.max_calls_per_minute"),
        (format!("{GOOD}verify_files = \"WW_verify_abc.txt\""), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_none.txt\"]"), "WW_verify_none.txt"),
        (format!("{GOOD}verify_files = [\"WW_verify_big.txt\"]"), "WW_verify_big.txt"),
        (format!("{GOOD}verify_files = [\"miandeng.toml\"]"), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_.txt\"]"), "wecom.verify_files"),
        (format!("{GOOD}verify_files = [\"WW_verify_{{x}}.txt\"]"), "wecom.verify_files"),
        (
            format!("{GOOD}verify_files = [\"WW_verify_abc.txt\", \"WW_verify_abc.txt\"]"),
            "wecom.verify_files",
        ),
    ] {
        let (code, _, problems) = check(&config);
        assert_eq!(code, Some(2), "{said}: {problems}");
        assert!(problems.contains(said), "{said}: {problems}");
        assert!(!problems.contains("planted") && !problems.contains("panicked"), "{problems}");
    }
}
