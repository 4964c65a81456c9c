//! What reads the input of strangers, one function for each target of `fuzz/`. Each panics where a promise is broken.

#![allow(clippy::panic)]

use super::extract::{Body, Fields};
use super::{client_ip, guard, navigation};
use crate::config::{self, Config};
use crate::dingtalk::suite::{Envelope, Message, Push, seal, signature};
use crate::session::{Cookies, LoginCsrf, Sessions};
use crate::store::Store;
use axum::body::Body as Bytes;
use axum::extract::{ConnectInfo, FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miandeng_shared::{Address, AgentId, AuthCode, CorpId, decode_next, encode_next, next_in};
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};
use url::Url;

const CONFIG_TEXT: &str = r#"
    public_url = "https://h5.example.com"
    allowed_origins = ["https://www.example.com:8443"]
    trusted_proxies = ["192.0.2.0/24"]
    [store]
    url = "memory:"
    [session]
    key = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk="
    [[apps]]
    corp_id = "dingcorp1"
    agent_id = "123456"
    kind = "channel"
    channel_secret = "s"
    [[suites]]
    name = "main"
    suite_key = "suitexyz"
    suite_secret = "s"
    callback_token = "123456"
    callback_aes_key = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"
"#;

const ORIGINS: [&str; 2] = ["https://h5.example.com", "https://www.example.com:8443"];
const NOW_MS: u64 = 1_700_000_000_000;

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let config = config::parse(CONFIG_TEXT, std::iter::empty()).config;
    config.unwrap_or_else(|problems| panic!("{problems:?}"))
});

fn is_on_our_origin(path: &str) -> bool {
    let ours = Url::parse(ORIGINS[0]);
    ours.is_ok_and(|ours| ours.join(path).is_ok_and(|url| url.origin() == ours.origin()))
}

/// An address that is signed is one of ours to a URL parser, and any query names an application or does not.
pub fn url_rules(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if guard::page_url(&CONFIG, text).is_ok() {
        let origin = Url::parse(text).map(|url| url.origin().ascii_serialization());
        assert!(origin.is_ok_and(|origin| ORIGINS.contains(&origin.as_str())), "{text}");
    }
    let _ = Address::read(text);
    if let Some(next) = next_in(text) {
        assert!(is_on_our_origin(&next), "{next}");
    }
}

/// A return path stays on the origin, whether it comes plain or as the word of a query.
pub fn return_path(input: &[u8]) {
    use miandeng_shared::to_return_path;
    let Ok(text) = std::str::from_utf8(input) else { return };
    for path in [to_return_path(text), decode_next(text)].into_iter().flatten() {
        assert!(is_on_our_origin(&path), "{path}");
        assert_eq!(decode_next(&encode_next(&path)).as_deref(), Some(&*path));
    }
}

/// A JSON body becomes fields or a refusal.
pub fn bodies(input: &[u8]) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap_or_else(|e| panic!("{e}"));
    }
    let request = Request::post("/api/login").header(header::CONTENT_TYPE, "application/json");
    let Ok(request) = request.body(Bytes::from(input.to_vec())) else { return };
    let Ok(Body(mut fields)) = RUNTIME.with(|runtime| runtime.block_on(Body::from_request(request, &())))
    else {
        return;
    };
    let _ = fields.required("corpId", CorpId::new);
    let _ = fields.required("agentId", AgentId::new);
    let _ = fields.required("code", AuthCode::new);
    let _ = Fields::is_empty(&fields);
}

/// Cookies are sessions and login proofs of ours, or nothing.
pub fn cookies(input: &[u8]) {
    static SESSIONS: LazyLock<(Sessions, LoginCsrf)> = LazyLock::new(|| {
        let key = CONFIG.session.key.as_ref().unwrap_or_else(|| panic!("there is a key"));
        let cookies = Arc::new(Cookies::new(key, &[], true));
        let sessions =
            Sessions::new(Arc::clone(&cookies), Duration::from_secs(60), Arc::new(Store::memory()));
        (sessions, LoginCsrf::new(cookies))
    });
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(header::COOKIE, line);
    }
    let now = SystemTime::now();
    assert!(SESSIONS.0.all(&headers, now).is_empty(), "the key of this test has sealed none");
    assert!(CONFIG.apps.iter().all(|app| SESSIONS.1.verify(&headers, app, now).is_err()));
}

/// What was sealed opens again, and what was only signed is read or refused.
pub fn envelope(input: &[u8]) {
    let suite = &CONFIG.suites[0];
    let text = String::from_utf8_lossy(input);
    let sealed = seal(suite, &text, &suite.suite_key, NOW_MS, "n".into(), [7; 16]);
    let push = Push {
        signature: &sealed.msg_signature,
        timestamp: &sealed.timestamp,
        nonce: "n",
        encrypt: &sealed.encrypt,
    };
    let opened = push.open(suite, NOW_MS);
    assert!(opened.is_ok_and(|opened| opened.text == text));
    for encrypt in [STANDARD.encode(input), text.into_owned()] {
        let timestamp = NOW_MS.to_string();
        let signature = signature(suite, &timestamp, "n", &encrypt);
        let push = Push { signature: &signature, timestamp: &timestamp, nonce: "n", encrypt: &encrypt };
        let _ = push.open(suite, NOW_MS);
    }
}

/// A push's text, and its items of every kind with `input` as their data, are read or refused.
pub fn sync_http(input: &[u8]) {
    let suite = &CONFIG.suites[0];
    let read = |text: String| {
        let opened = Envelope { text, receiver: suite.suite_key.clone(), at_ms: NOW_MS };
        let _ = Message::read(suite, opened);
    };
    let text = String::from_utf8_lossy(input);
    let items: Vec<_> = [2, 4, 7, 13, 16]
        .map(
            |kind| serde_json::json!({"biz_type": kind, "corp_id": "ding1", "biz_id": "1", "biz_data": text}),
        )
        .into();
    read(serde_json::json!({"EventType": "SYNC_HTTP_PUSH_HIGH", "bizData": items}).to_string());
    read(text.into_owned());
}

/// A configuration is read, or every problem is named.
pub fn config(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(problems) = config::parse(text, std::iter::empty()).config {
        assert!(!problems.is_empty());
    }
}

/// Whatever a proxy and a browser say, the way back stays on the origin. The first byte of a line names the header.
pub fn forwarded(input: &[u8]) {
    const NAMES: [&str; 9] = [
        "x-forwarded-uri",
        "x-forwarded-for",
        "x-forwarded-method",
        "referer",
        "accept",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "x-requested-with",
        "origin",
    ];
    let mut request = Request::new(Bytes::empty());
    for line in input.split(|byte| *byte == b'\n') {
        let Some((first, value)) = line.split_first() else { continue };
        let name = HeaderName::from_static(NAMES[usize::from(*first) % NAMES.len()]);
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request.headers_mut().append(name, value);
        }
    }
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1))));
    let _ = client_ip::client(&CONFIG, request.headers(), request.extensions());
    let _ = navigation::is_navigation(&CONFIG, &request);
    let _ = navigation::is_from_login(&CONFIG, request.headers());
    if let Some(next) = navigation::return_to(&CONFIG, &request) {
        assert!(is_on_our_origin(&next), "{next}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// What is in fuzz/corpus, what was found once among it, passes in every run of the tests.
    #[test]
    fn the_corpora_pass() {
        let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        type Target = fn(&[u8]);
        let targets: [(&str, Target); 8] = [
            ("url_rules", super::url_rules),
            ("return_path", super::return_path),
            ("bodies", super::bodies),
            ("cookies", super::cookies),
            ("envelope", super::envelope),
            ("sync_http", super::sync_http),
            ("config", super::config),
            ("forwarded", super::forwarded),
        ];
        for (name, target) in targets {
            let files: Vec<_> = std::fs::read_dir(corpora.join(name)).unwrap().collect();
            assert!(!files.is_empty(), "{name}");
            for file in files {
                target(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
