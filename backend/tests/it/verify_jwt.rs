//! The code that `docs/verify-jwt.md` tells people to write, run as it stands there.

use crate::support::{AGENT, CORP, Person, Server, Sim, json_of, shipped};
use axum::Json;
use axum::routing::get;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The code of a language as both documents show it: their comments differ, so only one of them is run, and the other
/// has to be the same but for its comments.
fn documented(language: &str) -> String {
    let [chinese, english] = ["docs/verify-jwt.md", "docs/verify-jwt.en.md"].map(|name| {
        let text = shipped::file(name);
        let (_, rest) =
            text.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("{language} in {name}"));
        rest.split_once("```").unwrap().0.to_owned()
    });
    let code = |text: &str| -> Vec<String> {
        let lines =
            text.lines().filter(|line| !line.contains("\"\"\"") && !line.trim_start().starts_with("//"));
        lines
            .map(|line| line.split("  # ").next().unwrap().split(" // ").next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(code(&chinese), code(&english), "{language}");
    chinese
}

/// A way to run a documented snippet: reads tokens from its input, one a line, and prints `ok SUB` or `refused`.
struct Snippet {
    program: PathBuf,
    main: PathBuf,
    dir: PathBuf,
    /// By how many seconds the clock of the process is ahead; set by `main`.
    clock: i64,
}

impl Snippet {
    fn write(name: &str, files: &[(&str, String)], program: PathBuf, main: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("miandeng-verify-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            std::fs::write(dir.join(file), text).unwrap();
        }
        Self { program, main: dir.join(main), dir, clock: 0 }
    }

    fn python(name: &str, issuer: &str) -> Self {
        let program = std::env::var_os("MIANDENG_PYTHON").unwrap_or_else(|| "python3".into());
        // PyJWT asks `datetime.now`.
        let main = "import datetime, os, sys, jwt\n\
                    real = datetime.datetime\n\
                    ahead = datetime.timedelta(seconds=int(os.environ['AHEAD']))\n\
                    class Clock(real):\n    now = classmethod(lambda cls, tz=None: real.now(tz) + ahead)\n\
                    jwt.api_jwt.datetime = Clock\n\
                    import snippet\n\
                    for token in sys.stdin:\n    try:\n        \
                    print('ok', snippet.who(token.strip())['sub'])\n    except jwt.PyJWTError:\n        \
                    print('refused')\n";
        let files = [("snippet.py", filled("python", issuer)), ("main.py", main.to_owned())];
        Self::write(name, &files, program.into(), "main.py")
    }

    fn node(name: &str, issuer: &str) -> Self {
        let main = "import { createInterface } from 'node:readline';\nimport { errors } from 'jose';\n\
                    const ahead = Number(process.env.AHEAD) * 1000, Real = Date;\n\
                    globalThis.Date = class extends Real {\n\
                    constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead); }\n\
                    static now() { return Real.now() + ahead; }\n};\n\
                    import { who } from './snippet.mjs';\n\
                    for await (const token of createInterface({ input: process.stdin })) {\n\
                    try { console.log('ok ' + (await who(token)).sub); }\n\
                    catch (e) { if (!(e instanceof errors.JOSEError)) throw e; console.log('refused'); }\n}\n";
        let files = [("snippet.mjs", filled("js", issuer)), ("main.mjs", main.to_owned())];
        let snippet = Self::write(name, &files, "node".into(), "main.mjs");
        let modules = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../xtask/node/node_modules"));
        assert!(modules.join("jose").is_dir(), "npm's jose is missing; `cargo xtask test` installs it");
        let _ = std::fs::remove_file(snippet.dir.join("node_modules"));
        std::os::unix::fs::symlink(modules, snippet.dir.join("node_modules")).unwrap();
        snippet
    }

    /// What one process says of each token.
    async fn run(&self, tokens: &[String]) -> Vec<String> {
        let mut command = Command::new(&self.program);
        command.env("AHEAD", self.clock.to_string());
        command.arg(&self.main).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = format!("{command:?}");
        let input = format!("{}\n", tokens.join("\n"));
        let running = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap_or_else(|e| panic!("{e}: {command:?}"));
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            child.wait_with_output().unwrap()
        });
        let output = running.await.unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{shown}: {error}\n`cargo xtask test` installs what it needs");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for Snippet {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn filled(language: &str, issuer: &str) -> String {
    let audience = format!("{CORP}/{AGENT}");
    let values = [("https://h5.example.com/_miandeng", issuer), ("dingcorp1/123456", &audience)];
    shipped::fill(&documented(language), &values)
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// Somebody who signs as miandeng does, and publishes keys.
struct Issuer {
    url: String,
    key: EncodingKey,
    header: Header,
    fetched: Arc<AtomicUsize>,
    public: Vec<u8>,
    task: tokio::task::JoinHandle<()>,
}

impl Issuer {
    async fn start() -> Self {
        let pair = rcgen::KeyPair::generate().unwrap();
        let key = EncodingKey::from_ec_der(&pair.serialize_der());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some("1".into());
        let set = JwkSet { keys: vec![jwk] };
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetched);
        let keys = get(move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            Json(set)
        });
        let router = axum::Router::new().route("/_miandeng/.well-known/jwks.json", keys);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/_miandeng", listener.local_addr().unwrap());
        let header = Header { kid: Some("1".into()), ..Header::new(Algorithm::ES256) };
        let public = pair.public_key_pem().into_bytes();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, key, header, fetched, public, task }
    }

    /// Claims that are in order.
    fn claims(&self) -> Value {
        let now = now();
        json!({
            "iss": self.url, "aud": format!("{CORP}/{AGENT}"), "sub": "dingcorp1:o1", "iat": now - 60, "exp": now + 300,
        })
    }

    fn sign(&self, claims: &Value) -> String {
        jsonwebtoken::encode(&self.header, claims, &self.key).unwrap()
    }

    fn with(&self, field: &str, value: Value) -> String {
        let mut claims = self.claims();
        claims[field] = value;
        self.sign(&claims)
    }

    fn without(&self, field: &str) -> String {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(field);
        self.sign(&claims)
    }

    /// Tokens that nobody may accept, and why.
    fn bad(&self) -> Vec<(&'static str, String)> {
        let good = self.sign(&self.claims());
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let payload = signed.split_once('.').unwrap().1;
        let encode = |text: &str| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
        };
        let stranger = EncodingKey::from_ec_der(&rcgen::KeyPair::generate().unwrap().serialize_der());
        let by_public_key = Header { kid: Some("1".into()), ..Header::new(Algorithm::HS256) };
        let unknown = Header { kid: Some("2".into()), ..Header::new(Algorithm::ES256) };
        let claims = self.claims();
        vec![
            // More than the leeway ago.
            ("expired", self.with("exp", json!(now() - 61))),
            ("expired long ago", self.with("exp", json!(now() - 3600))),
            ("without an end", self.without("exp")),
            ("of another application", self.with("aud", json!("dingcorp1/654321"))),
            ("for nobody in particular", self.without("aud")),
            ("of another issuer", self.with("iss", json!("https://evil.example/_miandeng"))),
            ("of no issuer", self.without("iss")),
            ("of nobody", self.without("sub")),
            ("unsigned", format!("{}.{payload}.", encode(r#"{"alg":"none","kid":"1"}"#))),
            ("with its signature cut off", format!("{signed}.")),
            ("with another's signature", format!("{signed}.{}", signature.chars().rev().collect::<String>())),
            ("by a stranger", jsonwebtoken::encode(&self.header, &claims, &stranger).unwrap()),
            ("with a key that is not published", jsonwebtoken::encode(&unknown, &claims, &self.key).unwrap()),
            (
                "with the public key as a secret",
                jsonwebtoken::encode(&by_public_key, &claims, &EncodingKey::from_secret(&self.public))
                    .unwrap(),
            ),
            ("no token", "miandeng".into()),
            ("empty", String::new()),
        ]
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server under a base path, and the token that `/api/token` gives for its employee.
async fn real() -> (Sim, Server, String) {
    let sim = Sim::start(1).await;
    let server =
        Server::start(&sim, |config| *config = format!("base_path = \"/_miandeng\"\n{config}")).await;
    let person = Person::at(&sim, &format!("{}/_miandeng", server.url));
    assert_eq!(person.login().await.status(), 200);
    let answer = person.send(person.request(Method::POST, "/api/token")).await;
    let token = json_of(answer).await["token"].as_str().unwrap().to_owned();
    (sim, server, token)
}

async fn judges_as_documented(snippet: impl Fn(&str, &str) -> Snippet, name: &str) {
    let (_sim, server, token) = real().await;
    let theirs = snippet(&format!("{name}-real"), &format!("{}/_miandeng", server.url));
    let said = theirs.run(&[token.clone(), format!("{token}x")]).await;
    assert!(said[0].starts_with("ok dingcorp1:"), "{said:?}");
    assert_eq!(said[1], "refused");

    let issuer = Issuer::start().await;
    let ours = snippet(&format!("{name}-own"), &issuer.url);
    let good = issuer.sign(&issuer.claims());
    assert_eq!(ours.run(&[good.clone(), good.clone()]).await, ["ok dingcorp1:o1", "ok dingcorp1:o1"]);
    assert_eq!(issuer.fetched.load(Ordering::SeqCst), 1, "the keys are kept");
    let bad = issuer.bad();
    let tokens: Vec<String> = bad.iter().flat_map(|(_, token)| [token.clone(), good.clone()]).collect();
    let said = ours.run(&tokens).await;
    assert_eq!(said.len(), tokens.len(), "{said:?}");
    for ((what, _), said) in bad.iter().zip(said.chunks(2)) {
        assert_eq!(said, ["refused", "ok dingcorp1:o1"], "{what}");
    }
}

/// What the documented code says of a fresh token of the real server, for each number of seconds by which the clock of
/// its process is ahead of ours. `edit` may change the code.
async fn judged_by_clock(
    snippet: impl Fn(&str, &str) -> Snippet,
    name: &str,
    edit: impl Fn(&str) -> String,
    clocks: &[i64],
) -> Vec<String> {
    let (_sim, server, token) = real().await;
    let mut said = Vec::new();
    for clock in clocks {
        let issuer = format!("{}/_miandeng", server.url);
        let mut theirs = snippet(&format!("{name}{clock}"), &issuer);
        theirs.clock = *clock;
        let code = ["snippet.py", "snippet.mjs"].map(|file| theirs.dir.join(file));
        let code = code.iter().find(|file| file.exists()).unwrap();
        std::fs::write(code, edit(&std::fs::read_to_string(code).unwrap())).unwrap();
        said.extend(theirs.run(std::slice::from_ref(&token)).await);
    }
    said.into_iter().map(|said| said.split(' ').next().unwrap().to_owned()).collect()
}

async fn tolerates_clocks(snippet: fn(&str, &str) -> Snippet, name: &str, leeway: &str) {
    let as_documented = str::to_owned;
    let clocks = [-60, -5, -1, 0, 1, 5, 60];
    let said = judged_by_clock(snippet, name, as_documented, &clocks).await;
    assert_eq!(said, ["ok"; 7], "{clocks:?}");
    // The token is good for five minutes and the leeway, so the clock that is set here is the one that is asked.
    assert_eq!(judged_by_clock(snippet, name, as_documented, &[420]).await, ["refused"]);
    // Code of before, without the leeway: the token is dated back.
    let strict = |code: &str| {
        assert!(code.contains(leeway), "{leeway} is not in\n{code}");
        code.replace(leeway, "")
    };
    let said = judged_by_clock(snippet, &format!("{name}-strict"), strict, &[-59, -5, -1, 5, 60]).await;
    assert_eq!(said, ["ok"; 5]);
}

#[tokio::test]
async fn k12_pyjwt_takes_a_token_whichever_clock_is_ahead() {
    tolerates_clocks(Snippet::python, "python-clock", ", leeway=60").await;
}

#[tokio::test]
async fn k12_jose_takes_a_token_whichever_clock_is_ahead() {
    tolerates_clocks(Snippet::node, "node-clock", ", clockTolerance: 60").await;
}

#[tokio::test]
async fn pyjwt_judges_as_documented() {
    judges_as_documented(Snippet::python, "python").await;
}

#[tokio::test]
async fn jose_judges_as_documented() {
    judges_as_documented(Snippet::node, "node").await;
}
