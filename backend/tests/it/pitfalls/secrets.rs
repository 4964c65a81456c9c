//! S17 to S25 and S36: what never leaves, and what nobody can guess.

use super::wire::{exchange, request};
use crate::support::{AGENT, CORP, Person, Redis, Server, Sim, json_of, report_of, start};
use proptest::prelude::*;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;

const TOKEN: &str = "/channel/get_channel_token";
const TICKET: &str = "/channel/get_channel_jsapi_ticket";
const BY_CODE: &str = "/channel/user/get_by_code";

/// Everything of an answer that a browser gets.
async fn whole(response: Response) -> String {
    let head = format!("{} {:?}", response.status(), response.headers());
    head + &response.text().await.unwrap()
}

/// The page without the signature in its block of data, whose URL is that of the request: the one place where an address
/// stands, and as JSON that is no markup to any parser.
fn without_signature(html: &str) -> (String, Value) {
    const BLOCK: &str = "<script id=\"visit\" type=\"application/json\">";
    let (before, rest) = html.split_once(BLOCK).unwrap();
    let (block, after) = rest.split_once("</script>").unwrap();
    assert!(!block.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{block}");
    let mut visit: Value = serde_json::from_str(block).unwrap();
    for field in ["timeStamp", "nonceStr", "signature", "url"] {
        visit["config"][field] = Value::Null;
    }
    (format!("{before}{after}"), visit)
}

#[tokio::test]
async fn s17_nothing_of_the_address_is_written_into_the_page() {
    let (sim, server) = start("name = \"某某商城\"\n").await;
    let page = async |query: String| {
        let answer = sim.http.get(format!("{}/{query}", server.url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "the page itself tells what is wrong with an address");
        answer.text().await.unwrap()
    };
    let plain = page(String::new()).await;
    let branded = page(format!("?corpid={CORP}&agentid={AGENT}")).await;
    assert!(branded.contains("某某商城") && !plain.contains("某某商城"));
    for attack in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "';alert(1)//",
        "</title><script>alert(1)</script>",
        "{{constructor.constructor('alert(1)')()}}",
        "${alert(1)}",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "\u{2028}alert(1)",
        "javascript:alert(1)",
    ] {
        let attack: String = url::form_urlencoded::byte_serialize(attack.as_bytes()).collect();
        for query in [
            format!("?corpid={attack}&agentid={AGENT}"),
            format!("?corpid={CORP}&agentid={attack}"),
            format!("?{attack}"),
            format!("?{attack}={attack}"),
            format!("?corpid={CORP}&corpid={attack}&agentid={AGENT}"),
        ] {
            assert_eq!(page(query.clone()).await, plain, "{query}");
        }
        for query in [format!("&next={attack}"), format!("&{attack}=1"), format!("&lang={attack}#{attack}")] {
            let html = page(format!("?corpid={CORP}&agentid={AGENT}{query}")).await;
            assert_eq!(without_signature(&html), without_signature(&branded), "{query}");
        }
        // An error answers JSON, and does not quote.
        let config = format!("{}/api/config?corpid={attack}&agentid={attack}&url={attack}", server.url);
        let error = whole(sim.http.get(config).send().await.unwrap()).await;
        assert!(
            error.contains("application/json") && !error.contains("alert") && error.contains("nosniff"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn s18_a_ticket_never_leaves_the_server() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let planted = "PLANTED-ticket-7f3a";
    sim.reply(TICKET, 1, json!({ "errcode": 0, "errmsg": "ok", "ticket": planted, "expires_in": 7200 }))
        .await;
    let mut said = String::new();
    let config = person.config().await;
    assert_eq!(config.status(), StatusCode::OK);
    let config = json_of(config).await;
    said.push_str(&config.to_string());
    said.push_str(
        &whole(person.send(person.request(Method::GET, &format!("/?corpid={CORP}&agentid={AGENT}"))).await)
            .await,
    );
    let report = report_of(&config, "52011");
    said.push_str(
        &whole(person.request(Method::POST, "/api/report").json(&report).send().await.unwrap()).await,
    );
    said.push_str(&whole(person.session().await).await);
    said.push_str(&reqwest::get(format!("{}/metrics", server.ops_url)).await.unwrap().text().await.unwrap());
    said.push_str(&server.log_with("dd.config", 1).await);
    assert!(!said.contains(planted) && !said.contains("jsapi_ticket="), "{said}");
    assert!(said.contains(config["signature"].as_str().unwrap()), "but what it signed does");
}

#[tokio::test]
async fn s19_no_code_and_no_token_in_an_address() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let code = person.code().await;
    // The login takes its code from a body and from nowhere else.
    let query = format!("/api/login?corpId={CORP}&agentId={AGENT}&code={code}");
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let answer = person.request(method.clone(), &query).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let form = [("corpId", CORP), ("agentId", AGENT), ("code", &code)];
    let form: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request =
        person.request(Method::POST, &query).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(request.body(form).send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let empty = person.request(Method::POST, &query).header("content-type", "application/json").body("{}");
    assert_eq!(empty.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let login = person.post_code(&code).await;
    assert_eq!(login.status(), StatusCode::OK);
    // No answer leads to an address with either in it, and what a page links to learns no address of ours.
    let token = json_of(person.request(Method::POST, "/api/token").send().await.unwrap()).await;
    let token = token["token"].as_str().unwrap();
    for path in [
        "/",
        &format!("/?corpid={CORP}&agentid={AGENT}"),
        "/auth",
        "/start",
        "/api/session",
        "/nothing",
        "/api/login",
    ] {
        let answer =
            person.request(Method::GET, path).header("sec-fetch-mode", "navigate").send().await.unwrap();
        assert_eq!(answer.headers()["referrer-policy"], "same-origin", "{path}");
        for name in ["location", "x-miandeng-login", "link"] {
            let value = answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
            assert!(!value.contains(&code) && !value.contains(token), "{path}: {value}");
        }
    }
    // A token in an address is none.
    let answer = sim.http.get(format!("{}/auth?token={token}", server.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn s21_long_words_in_any_script_are_cut_and_nothing_breaks() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    let chinese = "埋下的话，不该给人看到。".repeat(500);
    let astral = "\u{1f511}".repeat(3000);
    let lines = "first\nWARN forged log line\r\n\u{1b}[31mred\u{0}\u{202e}".repeat(20);
    for words in [chinese.as_str(), &astral, &lines, &"x".repeat(20_000), ""] {
        for code in [json!(60011), json!("60011"), json!(88)] {
            let reply = json!({ "errcode": code, "errmsg": words, "sub_code": "60011", "sub_msg": words, "request_id": words });
            sim.reply(BY_CODE, 1, reply).await;
            let answer = person.post_code(&person.code_again().await).await;
            assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
            let body = answer.text().await.unwrap();
            assert!(!body.contains("埋下") && !body.contains("forged") && body.len() < 1000, "{body}");
        }
    }
    let log = server.log_with("埋下的话", 3).await;
    assert!(!log.contains("panicked"), "{log}");
    assert!(log.lines().all(|line| line.chars().count() < 2000), "no line repeats 7,500 characters");
    assert!(
        !log.lines().any(|line| line.starts_with("WARN forged")) && !log.contains("\u{1b}[31mred"),
        "{log}"
    );
}

#[tokio::test]
async fn s22_no_secret_is_part_of_a_name() {
    let (sim, redis) = (Sim::start(1).await, Redis::start().await);
    let server = Server::start(&sim, |config| *config = config.replace("memory:", &redis.url())).await;
    assert!(Person::new(&sim, &server).login().await.status().is_success());
    let keys = redis.cli(&["keys", "*"]);
    assert!(
        keys.contains("channel_token") && keys.contains("channel_ticket") && keys.contains("corp_token"),
        "{keys}"
    );
    for key in keys.lines().filter(|key| !key.ends_with("session_key")) {
        // None of the configuration's secrets, and none of what they buy.
        let value: Value = serde_json::from_str(&redis.cli(&["get", key])).unwrap_or_default();
        assert!(!keys.contains("secret") && !keys.contains(value["value"].as_str().unwrap()), "{keys}");
        assert!(!value.to_string().contains("secret-of"), "{value}");
    }
    let file = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    assert!(Person::new(&sim, &file).login().await.status().is_success());
    let bytes = std::fs::read(file.state_dir().join("miandeng.redb")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(
        text.contains("channel_token:dingcorp1:123456") && !text.contains("secret-of"),
        "a secret is in the file"
    );
    for entry in std::fs::read_dir(file.state_dir()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert_eq!(name, "miandeng.redb", "a file's name tells nothing either");
    }
}

#[tokio::test]
async fn s23_nobody_else_reads_what_is_kept() {
    let sim = Sim::start(1).await;
    let mut server = Server::start(&sim, |config| *config = config.replace("memory:", "embedded:")).await;
    let file = server.state_dir().join("miandeng.redb");
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // An older version, or a backup that was brought back, may have left it open.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    server.kill_and_start_again().await;
    assert_eq!(mode(), 0o600);
    for path in [
        "/miandeng.redb",
        "/state/miandeng.redb",
        "/../state/miandeng.redb",
        "/..%2fstate%2fmiandeng.redb",
        "/miandeng.toml",
        "/%2e%2e/miandeng.toml",
    ] {
        let answer = exchange(&server.url, &request(&format!("GET {path}"), &[], None)).await;
        assert_eq!(answer.status, Some(404), "{path}");
    }
}

#[tokio::test]
async fn s24_nonces_and_sessions_cannot_be_guessed() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    let mut seen = HashSet::new();
    for _ in 0..200 {
        let config = json_of(person.config().await).await;
        let nonce = config["nonceStr"].as_str().unwrap().to_owned();
        assert!(nonce.len() >= 32 && nonce.bytes().all(|b| b.is_ascii_hexdigit()), "128 bits: {nonce}");
        // Neither repeated nor counted up: no two share a beginning that 200 of 64 bits could share by chance.
        assert!(seen.insert(nonce[..16].to_owned()) && seen.insert(nonce[16..].to_owned()), "{nonce}");
        let proof = person.cookie_header().unwrap();
        assert!(seen.insert(proof), "a login cookie is new each time");
    }
}

#[tokio::test]
async fn s25_what_dingtalk_said_is_not_told_to_people() {
    let (sim, server) = start("").await;
    let person = Person::new(&sim, &server);
    person.code().await;
    let planted = "PLANTED <script>alert(1)</script> http://internal.example/?access_token=abc";
    for code in [-1, 22, 404, 40001, 40029, 40078, 50002, 60011, 60020, 88, 90018, 123_456] {
        let reply = json!({
            "errcode": code, "errmsg": planted, "sub_code": "40035", "sub_msg": planted, "request_id": planted, "stack": planted,
        });
        sim.reply(BY_CODE, 2, reply).await;
        let answer = person.post_code(&person.code_again().await).await;
        assert!(!answer.status().is_success());
        let body = whole(answer).await;
        assert!(
            !body.contains("PLANTED") && !body.contains("script") && !body.contains("access_token"),
            "{body}"
        );
        sim.clear_faults().await;
    }
    // Neither is a page of somebody in between, nor what a token's endpoint says.
    let server = Server::start(&sim, |_| {}).await;
    let person = Person::new(&sim, &server);
    for reply in [json!({ "errcode": 40089, "errmsg": planted }), json!(planted)] {
        sim.reply(TOKEN, 3, reply).await;
        let body = whole(person.config().await).await;
        assert!(!body.contains("PLANTED"), "{body}");
    }
}

/// A good configuration with secrets in it, written wrongly at one place.
fn mangled() -> impl Strategy<Value = String> {
    let good = "public_url = \"https://h5.example.com\"\n[store]\nurl = \"redis://:PLANTED-5@127.0.0.1/0\"\n\
                [session]\nkey = \"UExBTlRFRC0xUExBTlRFRC0xUExBTlRFRC0xUExBTlQ=\"\n\
                [[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\n\
                channel_secret = \"PLANTED-2\"\ncorp_secret = { file = \"/no/such\" }\n\
                [[apps]]\ncorp_id = \"ding2\"\nagent_id = \"8\"\nkind = \"h5\"\nclient_id = \"k\"\nclient_secret = 'PLANTED-3'\n";
    let odd = prop::sample::select(
        &[
            "",
            "\"",
            "'",
            "=",
            "[",
            "]",
            "{",
            "}",
            "\n",
            "#",
            " ",
            "\\",
            ".",
            "中",
            "\u{1f511}",
            "\0",
            "7",
            "true",
            "\"\"\"",
        ][..],
    );
    (any::<prop::sample::Index>(), 0..12_usize, odd).prop_map(|(at, gone, odd)| {
        let at = at.index(good.len());
        let end = (at + gone).min(good.len());
        format!("{}{odd}{}", &good[..at], &good[end..])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s20_no_problem_with_a_configuration_quotes_a_secret(text in mangled()) {
        let loaded = miandeng::config::parse(&text, std::iter::empty());
        let mut said: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
        match loaded.config {
            Ok(config) => said.push(config.masked().unwrap() + &format!("{config:?}")),
            Err(problems) => said.extend(problems.iter().map(ToString::to_string)),
        }
        let said = said.join("\n");
        prop_assert!(!said.contains("PLANTED") && !said.contains("UExBTlRFR"), "{}\n---\n{}", text, said);
    }
}

#[test]
fn s36_insecure_settings_need_a_loopback_host() {
    let parse = |top: &str, dingtalk: &str| {
        let text = format!(
            "{top}\n[dingtalk]\n{dingtalk}\n[[apps]]\ncorp_id = \"ding1\"\nagent_id = \"7\"\nkind = \"channel\"\nchannel_secret = \"s\"\n"
        );
        miandeng::config::parse(&text, std::iter::empty()).config
    };
    for origin in [
        "http://h5.example.com",
        "http://192.168.0.1:8080",
        "http://0.0.0.0",
        "http://127.0.0.1.evil.example",
        "ws://127.0.0.1",
    ] {
        assert!(parse(&format!("public_url = \"{origin}\""), "").is_err(), "{origin}");
        let allowed = format!("public_url = \"https://h5.example.com\"\nallowed_origins = [\"{origin}\"]");
        assert!(parse(&allowed, "").is_err(), "{origin}");
        assert!(
            parse("public_url = \"https://h5.example.com\"", &format!("oapi_url = \"{origin}\"")).is_err(),
            "{origin}"
        );
    }
    for origin in ["*", "null", "https://*.example.com", ""] {
        assert!(
            parse(&format!("public_url = \"https://h5.example.com\"\nallowed_origins = [\"{origin}\"]"), "")
                .is_err(),
            "{origin}"
        );
    }
    let elsewhere = parse("public_url = \"https://h5.example.com\"", "simulator = true");
    assert!(elsewhere.is_err(), "a simulator that any browser may log in to is none of DingTalk's hosts");
}
