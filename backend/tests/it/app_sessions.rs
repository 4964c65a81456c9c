//! Several applications on one host: a session for each, and whose they are.

use crate::support::{Person, Server, Sim, json_of};
use aes_gcm::aead::Payload;
use aes_gcm::{Aes256Gcm, KeyInit, aead::Aead};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

async fn get(sim: &Sim, server: &Server, path: &str, cookie: &str) -> Response {
    sim.http.get(format!("{}{path}", server.url)).header("cookie", cookie).send().await.unwrap()
}

/// Two applications of one enterprise and one of another, on one host.
const OTHERS: &str = r#"
[[apps]]
corp_id = "dingcorp1"
agent_id = "2147483648123"
kind = "channel"
channel_secret = "channel-secret-of-dingcorp1"
[[apps]]
corp_id = "dingcorp2"
agent_id = "123456"
kind = "channel"
channel_secret = "channel-secret-of-dingcorp2"
"#;

const APPS: [(&str, &str); 3] =
    [("dingcorp1", "123456"), ("dingcorp1", "2147483648123"), ("dingcorp2", "123456")];

async fn three_apps() -> (Sim, Server) {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| config.push_str(OTHERS)).await;
    (sim, server)
}

/// One browser: tabs for three applications that share its cookies.
struct Tabs<'a> {
    person: Person<'a>,
}

impl<'a> Tabs<'a> {
    fn new(name: &'static str, sim: &'a Sim, server: &Server) -> Self {
        Self { person: Person::named(name, sim, server) }
    }

    async fn log_in(&mut self, (corp, agent): (&str, &str)) {
        (self.person.corp, self.person.agent) = (corp.to_owned(), agent.to_owned());
        assert_eq!(self.person.login().await.status(), StatusCode::OK, "{corp}/{agent}");
    }

    async fn ask(&self, method: Method, path: &str) -> Response {
        self.person.send(self.person.request(method, path)).await
    }

    /// For each application: whether `/auth` lets the browser through to it, as that application's.
    async fn opens(&self) -> [bool; 3] {
        let mut opens = [false; 3];
        for (open, (corp, agent)) in opens.iter_mut().zip(APPS) {
            let answer = self.ask(Method::GET, &format!("/auth?corpid={corp}&agentid={agent}")).await;
            *open = answer.status() == StatusCode::OK;
            if *open {
                assert_eq!(answer.headers()["x-miandeng-corp"], corp);
                assert_eq!(answer.headers()["x-miandeng-agent"], agent);
            }
        }
        opens
    }

    async fn session(&self, query: &str) -> Option<(String, String)> {
        let answer = self.ask(Method::GET, &format!("/api/session{query}")).await;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return None;
        }
        let user = json_of(answer).await["user"].clone();
        let text = |name: &str| user[name].as_str().unwrap().to_owned();
        Some((text("corpId"), text("agentId")))
    }
}

fn query((corp, agent): (&str, &str)) -> String {
    format!("?corpid={corp}&agentid={agent}")
}

#[tokio::test]
async fn k15_applications_on_one_host_do_not_log_each_other_out() {
    let (sim, server) = three_apps().await;
    let mut tabs = Tabs::new("employee", &sim, &server);
    assert_eq!(tabs.opens().await, [false; 3]);
    let mut logged_in = [false; 3];
    // In turn, and again, as two tabs do whose sessions end at different times.
    for app in [0, 1, 0, 2, 1, 0] {
        tabs.log_in(APPS[app]).await;
        logged_in[app] = true;
        assert_eq!(tabs.opens().await, logged_in);
        assert_eq!(tabs.ask(Method::GET, "/auth").await.status(), StatusCode::OK, "any of them");
        let newest = (APPS[app].0.to_owned(), APPS[app].1.to_owned());
        assert_eq!(tabs.session("").await, Some(newest), "the newest where no application is named");
    }
    for (corp, agent) in APPS {
        let named = Some((corp.to_owned(), agent.to_owned()));
        assert_eq!(tabs.session(&query((corp, agent))).await, named);
        let answer = tabs.ask(Method::POST, &format!("/api/token{}", query((corp, agent)))).await;
        let token = json_of(answer).await["token"].as_str().unwrap().to_owned();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[format!("{corp}/{agent}")]);
        let keys = tabs.ask(Method::GET, "/.well-known/jwks.json").await;
        let keys: JwkSet = serde_json::from_value(json_of(keys).await).unwrap();
        let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
        assert!(decode::<Value>(&token, &key, &validation).is_ok(), "{corp}/{agent}");
    }
    for wrong in
        ["?corpid=dingcorp1", "?agentid=123456", "?corpid=&agentid=1", "?corpid=a&corpid=b&agentid=1"]
    {
        for method in [Method::GET, Method::DELETE] {
            let answer = tabs.ask(method, &format!("/api/session{wrong}")).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
        }
        let answer = tabs.ask(Method::POST, &format!("/api/token{wrong}")).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    for name in
        [["corpId", "agentId"], ["CORPID", "AGENTID"], ["%43orpid", "+AgentID"], ["amp;corpid", "agentid"]]
    {
        let spelled = |(corp, agent): (&str, &str)| format!("?{}={corp}&{}={agent}", name[0], name[1]);
        for app in APPS {
            let named = Some((app.0.to_owned(), app.1.to_owned()));
            assert_eq!(tabs.session(&spelled(app)).await, named, "{name:?}");
            let answer = tabs.ask(Method::GET, &format!("/auth{}", spelled(app))).await;
            assert_eq!(answer.headers()["x-miandeng-corp"], app.0, "{name:?}");
        }
        // It never means every application.
        let nobodys = spelled(("dingcorp9", "1"));
        for wrong in ["=", &format!("=dingcorp1&{}=dingcorp2&agentid", name[0])] {
            let wrong = format!("?{}{wrong}=123456", name[0]);
            for method in [Method::GET, Method::DELETE] {
                let answer = tabs.ask(method, &format!("/api/session{wrong}")).await;
                assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
            }
        }
        assert_eq!(tabs.session(&nobodys).await, None, "{name:?}");
        assert_eq!(
            tabs.ask(Method::POST, &format!("/api/token{nobodys}")).await.status(),
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            tabs.ask(Method::GET, &format!("/auth{nobodys}")).await.status(),
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            tabs.ask(Method::DELETE, &format!("/api/session{nobodys}")).await.status(),
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(tabs.session("?corpid=dingcorp9&agentid=1").await, None);
    assert_eq!(tabs.opens().await, [true; 3], "and nothing of this has ended one");
}

#[tokio::test]
async fn k15_a_logout_ends_the_application_it_names_or_all() {
    let (sim, server) = three_apps().await;
    for (logout, left) in [
        (query(APPS[0]), [false, true, true]),
        (query(APPS[2]), [true, true, false]),
        (query(("dingcorp9", "1")), [true; 3]),
        ("?CorpID=dingcorp1&agentId=123456".to_owned(), [false, true, true]),
        (String::new(), [false; 3]),
        ("?everywhere=0".to_owned(), [false; 3]),
        ("?everywhere=1".to_owned(), [false; 3]),
        // Everywhere is every application of that person's enterprise, and an enterprise knows its own people only.
        (format!("{}&everywhere=1", query(APPS[1])), [false, false, true]),
    ] {
        let mut tabs = Tabs::new("employee", &sim, &server);
        for app in APPS {
            tabs.log_in(app).await;
        }
        let before = tabs.person.cookie_header().unwrap();
        let answer = tabs.ask(Method::DELETE, &format!("/api/session{logout}")).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{logout}");
        assert_eq!(tabs.opens().await, left, "{logout}");
        // A copy of the cookies is no better than what the browser still has.
        for (open, (corp, agent)) in left.into_iter().zip(APPS) {
            let answer = get(&sim, &server, &format!("/auth{}", query((corp, agent))), &before).await;
            assert_eq!(answer.status() == StatusCode::OK, open, "{logout} {corp}/{agent}");
        }
    }
}

/// 32 nines.
const KEY: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";

/// The session cookie of version 0.1.0, one for the whole host, for a person in the first application.
fn earlier() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let session = json!({
        "id": "00112233445566778899aabbccddeeff", "issued_at_ms": now.as_millis() as u64, "expires_at": now.as_secs() + 3600,
        "user": {
            "corpId": "dingcorp1", "agentId": "123456", "openId": "o", "unionId": null, "userId": null,
            "contactType": null, "nick": null, "avatar": null,
        },
    });
    let mut keys = [0; 64];
    let purpose = b"COOKIE;SIGNED:HMAC-SHA256;PRIVATE:AEAD-AES-256-GCM";
    Hkdf::<Sha256>::from_prk(&[9; 32]).unwrap().expand(purpose, &mut keys).unwrap();
    let nonce = [7; 12];
    let session = session.to_string();
    let payload = Payload { msg: session.as_bytes(), aad: b"miandeng" };
    let sealed = Aes256Gcm::new_from_slice(&keys[32..]).unwrap().encrypt(&nonce.into(), payload).unwrap();
    STANDARD.encode([nonce.as_slice(), &sealed].concat())
}

#[tokio::test]
async fn k15_a_session_of_before_counts_until_the_next_login_to_its_application() {
    let sim = Sim::start(2).await;
    let server = Server::start(&sim, |config| {
        *config = config.replace("[store]", &format!("[session]\nkey = \"{KEY}\"\n[store]"));
        config.push_str(OTHERS);
    })
    .await;
    let value = earlier();
    let mut tabs = Tabs::new("employee", &sim, &server);
    tabs.person.take_cookie("miandeng", &value);
    assert_eq!(tabs.opens().await, [true, false, false]);
    tabs.log_in(APPS[1]).await;
    assert_eq!(tabs.opens().await, [true, true, false], "another application's login leaves it");
    tabs.log_in(APPS[0]).await;
    assert_eq!(tabs.opens().await, [true, true, false]);
    let cookies = tabs.person.cookie_header().unwrap();
    assert!(!cookies.contains("miandeng="), "it is replaced: {cookies}");
    // K18: other programs hand it on in their own way.
    let encoded = value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for handed_on in
        [&value, &encoded, &format!("\"{value}\""), &format!("\"{encoded}\""), &value.replace('+', " ")]
    {
        let cookie = format!("theme=dark; miandeng={handed_on}");
        assert_eq!(get(&sim, &server, "/auth", &cookie).await.status(), StatusCode::OK, "{cookie}");
    }
    let mut late = Tabs::new("employee", &sim, &server);
    late.person.take_cookie("miandeng", &value);
    assert_eq!(late.ask(Method::DELETE, "/api/session").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(late.person.cookie_header(), None);
    let cookie = format!("miandeng={value}");
    assert_eq!(
        get(&sim, &server, "/auth", &cookie).await.status(),
        StatusCode::UNAUTHORIZED,
        "it can be ended"
    );
    late.log_in(APPS[0]).await;
}

#[tokio::test]
async fn k15_many_applications_do_not_overflow_what_proxies_pass_on() {
    let sim = Sim::start(12).await;
    let server = Server::start(&sim, |config| {
        for corp in 2..=12 {
            config.push_str(&format!(
                "[[apps]]\ncorp_id = \"dingcorp{corp}\"\nagent_id = \"123456\"\nkind = \"channel\"\n\
                 channel_secret = \"channel-secret-of-dingcorp{corp}\"\n"
            ));
        }
    })
    .await;
    let mut tabs = Tabs::new("employee", &sim, &server);
    let open = |corp: &str| format!("/auth?corpid={corp}&agentid=123456");
    for corp in (1..=12).chain([1]).map(|corp| format!("dingcorp{corp}")) {
        tabs.log_in((&corp, "123456")).await;
        let cookies = tabs.person.cookie_header().unwrap();
        assert!(cookies.len() < 3700, "{} bytes of cookies: {cookies}", cookies.len());
        assert_eq!(tabs.ask(Method::GET, &open(&corp)).await.status(), StatusCode::OK, "{corp}");
        for pair in cookies.split("; ") {
            let value = pair.split_once('=').unwrap().1;
            assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "K18: {pair}");
        }
    }
    for corp in ["dingcorp1", "dingcorp12", "dingcorp11"] {
        let answer = tabs.ask(Method::GET, &open(corp)).await;
        assert_eq!(answer.status(), StatusCode::OK, "the newest are those that stay: {corp}");
    }
}

#[tokio::test]
async fn f4_two_peoples_sessions_for_one_application_count_for_nothing_and_the_log_says_so_once() {
    let (sim, server) = three_apps().await;
    let mut alice = Tabs::new("employee", &sim, &server);
    let mut bob = Tabs::new("partner", &sim, &server);
    alice.log_in(APPS[0]).await;
    bob.log_in(APPS[0]).await;
    bob.log_in(APPS[2]).await;
    let cookies = [alice.person.cookie_header().unwrap(), bob.person.cookie_header().unwrap()];
    for both in [cookies.join("; "), format!("{}; {}", cookies[1], cookies[0])] {
        for path in ["/auth?corpid=dingcorp1&agentid=123456", "/api/session?corpid=dingcorp1&agentid=123456"]
        {
            assert_eq!(get(&sim, &server, path, &both).await.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
        let other = get(&sim, &server, "/auth?corpid=dingcorp2&agentid=123456", &both).await;
        assert_eq!(other.status(), StatusCode::OK, "the application that is not disputed");
    }
    let log = server.log_with("sessions of two people", 1).await;
    assert_eq!(log.matches("sessions of two people").count(), 1, "not a line for each request");
    assert!(log.lines().any(|line| line.contains("sessions of two people") && line.contains("agent=123456")));
    // The same person twice is one person.
    let mut again = Tabs::new("employee", &sim, &server);
    again.log_in(APPS[0]).await;
    let twice = format!("{}; {}", again.person.cookie_header().unwrap(), cookies[0]);
    assert_eq!(
        get(&sim, &server, "/auth?corpid=dingcorp1&agentid=123456", &twice).await.status(),
        StatusCode::OK
    );
    // A logout ends both.
    let both = cookies.join("; ");
    let delete = sim.http.delete(format!("{}/api/session", server.url)).header("cookie", &both);
    assert_eq!(delete.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    for cookie in &cookies {
        let path = "/auth?corpid=dingcorp1&agentid=123456";
        assert_eq!(get(&sim, &server, path, cookie).await.status(), StatusCode::UNAUTHORIZED);
    }
}

/// What a login that is refused as `cross_site` says to people.
async fn refusal(answer: Response) -> String {
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let error = json_of(answer).await["error"].clone();
    assert_eq!(error["code"], "cross_site");
    format!("{} {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap())
}

#[tokio::test]
async fn replicas_without_a_common_key_say_that_they_have_none() {
    let sim = Sim::start(1).await;
    // Two replicas of one site: one public_url, and no store or key in common.
    let here = Server::start(&sim, |_| {}).await;
    let there = Server::start(&sim, |config| {
        let from = config.find("public_url").unwrap();
        let to = from + config[from..].find('\n').unwrap();
        config.replace_range(from..to, &format!("public_url = \"{}\"", here.url));
    })
    .await;
    for (language, words) in [
        ("en", ["allow cookies", "session.key", "allowed_origins"]),
        ("zh-CN", ["允许本站使用 Cookie", "session.key", "allowed_origins"]),
    ] {
        let person = Person::new(&sim, &here);
        let code = person.code().await;
        let body = json!({ "corpId": "dingcorp1", "agentId": "123456", "code": code });
        let post = |to: &Server, origin: &str, cookie: Option<String>| {
            let request = sim.http.post(format!("{}/api/login", to.url)).header("origin", origin);
            let request = request.header("accept-language", language).json(&body);
            cookie.into_iter().fold(request, |request, cookie| request.header("cookie", cookie)).send()
        };
        let cookie = || person.cookie_header();
        let none = refusal(post(&here, &here.url, None).await.unwrap()).await;
        let other = refusal(post(&there, &here.url, cookie()).await.unwrap()).await;
        let foreign = refusal(post(&here, "https://evil.example", cookie()).await.unwrap()).await;
        for (said, word) in [none, other, foreign].iter().zip(words) {
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(post(&here, &here.url, cookie()).await.unwrap().status(), StatusCode::OK);
    }
    // The operator reads it, too, each cause once a minute.
    for (server, cause) in
        [(&here, "no_login_cookie"), (&here, "foreign_origin"), (&there, "login_cookie_of_another_key")]
    {
        let line = format!("reason=\"cross_site\" cause=\"{cause}\"");
        let log = server.log_with(&line, 1).await;
        assert_eq!(log.matches(&line).count(), 1, "{cause}");
    }
}
