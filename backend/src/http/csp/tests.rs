use super::*;
use crate::config;

fn config(top: &str, rest: &str) -> Config {
    let text = format!(
        "{top}\n[store]\nurl = \"memory:\"\n{rest}\n[[apps]]\ncorp_id = \"dingcorp1\"\nagent_id = \"123456\"\n\
         kind = \"channel\"\nchannel_secret = \"s\"\nlogo = \"https://cdn.example.com/logo.png\"\n"
    );
    config::parse(&text, std::iter::empty()).config.unwrap()
}

const PUBLIC: &str =
    "public_url = \"https://h5.example.com\"\nallowed_origins = [\"https://www.example.com\"]";

fn directive<'a>(policy: &'a str, name: &str) -> &'a str {
    let mut found = policy.split("; ").filter_map(|part| part.strip_prefix(name)?.strip_prefix(' '));
    let sources = found.next().unwrap_or_else(|| panic!("{name} is not in {policy}"));
    assert_eq!(found.next(), None, "{name} twice");
    sources
}

fn agent(text: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(text))])
}

#[test]
fn the_page_loads_its_own_files_and_the_jsapi() {
    let config = config(PUBLIC, "");
    let policy = page_policy(&config, Some(&config.apps[0]), Some(":root{}"), &agent("Chrome/120.0.0.0"));
    assert_eq!(directive(&policy, "script-src"), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
    assert_eq!(directive(&policy, "connect-src"), "'self'");
    assert_eq!(directive(&policy, "img-src"), "'self' data: https:");
    // echo -n ':root{}' | openssl dgst -sha256 -binary | base64
    let hashed = "'self' 'sha256-h3GYPBFE6Av6zUWOZYeC83lN95g5tnhsj1pyM3woz/c='";
    assert_eq!(directive(&policy, "style-src"), hashed);
    for (name, sources) in [("object-src", "'none'"), ("base-uri", "'none'"), ("form-action", "'none'")] {
        assert_eq!(directive(&policy, name), sources);
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
}

#[test]
fn nothing_stands_between_a_bridge_and_its_frames() {
    let config = config(PUBLIC, "");
    for policy in [page_policy(&config, None, None, &HeaderMap::new()), plain_policy(&config, "")] {
        for name in ["default-src", "frame-src", "child-src", "sandbox", "require-trusted-types-for"] {
            assert!(!policy.contains(name), "{name}: {policy}");
        }
    }
}

#[test]
fn an_old_engine_may_compile() {
    let policy = page_policy(&config(PUBLIC, ""), None, None, &agent("Chrome/69.0.3497.100"));
    assert_eq!(directive(&policy, "script-src"), "'self' https://g.alicdn.com 'unsafe-eval'");
}

#[test]
fn k01_an_application_that_is_not_known_yet_may_have_its_jsapi_where_any_may() {
    let suite = |name: &str, more: &str| {
        format!(
            "[[suites]]\nname = \"{name}\"\nsuite_key = \"{name}\"\nsuite_secret = \"s\"\ncallback_token = \"t\"\n\
             callback_aes_key = \"suite1callbackaeskeysuite1callbackaeskeyabc\"\n{more}\n"
        )
    };
    let scripts = |rest: &str| {
        let policy = page_policy(&config(PUBLIC, rest), None, None, &agent("Chrome/120.0.0.0"));
        directive(&policy, "script-src").to_owned()
    };
    assert_eq!(scripts(""), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
    assert_eq!(scripts(&suite("a", "")), "'self' https://g.alicdn.com 'wasm-unsafe-eval'");
    let [a, b] = ["a", "b"].map(|name| suite(name, "jsapi_url = \"https://cdn.example.com/NAME.js\""));
    assert_eq!(scripts(&(a + &b)), "'self' https://cdn.example.com https://g.alicdn.com 'wasm-unsafe-eval'");
}

#[test]
fn an_engine_that_is_not_what_it_says_may_ask() {
    let compile = |cookie: &'static str| {
        let mut headers = agent("Chrome/100.0.4896.58 UWS/5.12.4.0");
        headers.insert(header::COOKIE, HeaderValue::from_bytes(cookie.as_bytes()).unwrap());
        directive(&page_policy(&config(PUBLIC, ""), None, None, &headers), "script-src").to_owned()
    };
    for cookie in ["miandeng_eval=1", "a=b; miandeng_eval=1", "miandeng_eval=1;c=d", "a=中; miandeng_eval=1"]
    {
        assert_eq!(compile(cookie), "'self' https://g.alicdn.com 'unsafe-eval'", "{cookie}");
    }
    for cookie in ["", "miandeng_eval=0", "x_miandeng_eval=1", "a=miandeng_eval=1"] {
        assert_eq!(compile(cookie), "'self' https://g.alicdn.com 'wasm-unsafe-eval'", "{cookie}");
    }
}

#[test]
fn dingtalk_frames_the_page_unless_somebody_else_is_named() {
    let framed = |config: &Config| {
        let policy = policy_of_the_rest(config);
        directive(&policy, "frame-ancestors").to_owned()
    };
    let own = "'self' https://www.example.com";
    let dingtalk = format!("{own} https://*.dingtalk.com https://*.7ding.ai");
    assert_eq!(framed(&config(PUBLIC, "")), dingtalk);
    assert_eq!(framed(&config(PUBLIC, "[security]\nframe_ancestors = []")), own);
    let other = "[security]\nframe_ancestors = [\"https://portal.example.com:8443\", \"*\"]";
    assert_eq!(framed(&config(PUBLIC, other)), format!("{own} https://portal.example.com:8443 *"));
}

#[test]
fn a_simulator_is_believed_on_this_machine_or_where_it_is_announced() {
    let at = "oapi_url = \"http://127.0.0.1:7000\"\napi_url = \"http://127.0.0.1:7000\"";
    let connect = |public: &str, simulator: bool| {
        let rest = format!("[dingtalk]\n{at}\nsimulator = {simulator}");
        let config = config(&format!("public_url = \"{public}\""), &rest);
        let policy = page_policy(&config, None, None, &HeaderMap::new());
        assert_eq!(framing(&config).contains("127.0.0.1:7000"), policy.contains("data: https: http://127"));
        directive(&policy, "connect-src").to_owned()
    };
    for (public, simulator) in
        [("http://127.0.0.1:8080", false), ("http://localhost", true), ("https://h5.example.com", true)]
    {
        assert_eq!(connect(public, simulator), "'self' http://127.0.0.1:7000", "{public}");
    }
    assert_eq!(connect("https://h5.example.com", false), "'self'", "a proxy to the real DingTalk");
}

#[test]
fn the_policy_can_be_tried_or_left_to_a_proxy() {
    let name = |mode: &str| {
        let config = config(PUBLIC, &format!("[security]\ncontent_security_policy = \"{mode}\""));
        policy_header(&config, "x").map(|(name, _)| name)
    };
    assert_eq!(name("enforce"), Some(header::CONTENT_SECURITY_POLICY));
    assert_eq!(name("report-only"), Some(header::CONTENT_SECURITY_POLICY_REPORT_ONLY));
    assert_eq!(name("off"), None);
}
