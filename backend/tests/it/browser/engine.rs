//! A Chromium that no chromedriver of today steers: the DevTools protocol over a pipe.

use super::phone::{BROWSERS, WATCH_POLICY};
use crate::support::PATIENCE;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;
use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

/// Where `cargo xtask test` unpacks the engines.
const ENGINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/xtask/engines");

/// The browser reads descriptor 3 and writes descriptor 4, which are our ends of its standard input and output.
const OVER_A_PIPE: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;

const ARGUMENTS: [&str; 10] = [
    "--remote-debugging-pipe",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=390,844",
    "--lang=zh-CN",
];

/// The protocol tells of no element that appears, so the page is looked at again and again.
const PAUSE: Duration = Duration::from_millis(20);
const LOOK: Duration = Duration::from_secs(2);

pub struct Engine {
    name: &'static str,
    browser: Child,
    input: ChildStdin,
    messages: UnboundedReceiver<Value>,
    /// The number of the last command.
    last: u64,
    /// The attachment to its one page.
    session: Value,
    profile: PathBuf,
    _permit: SemaphorePermit<'static>,
}

impl Engine {
    /// Opens the engine with this name, which calls itself `user_agent`. Fails, and never skips, where there is none.
    pub async fn open(name: &'static str, user_agent: &str) -> Self {
        let permit = BROWSERS.acquire().await.unwrap();
        let program =
            PathBuf::from(std::env::var_os("MIANDENG_ENGINES").unwrap_or_else(|| ENGINES.into())).join(name);
        assert!(program.is_file(), "{}: is missing; `cargo xtask test` unpacks it", program.display());
        let profile = std::env::temp_dir().join(format!(
            "miandeng-engine-{}-{}",
            std::process::id(),
            crate::support::free_port()
        ));
        let mut browser = Command::new("sh")
            .args(["-c", OVER_A_PIPE])
            .arg(&program)
            .args(ARGUMENTS)
            .arg(format!("--user-agent={user_agent}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = browser.stdin.take().unwrap();
        let output = BufReader::new(browser.stdout.take().unwrap());
        let (sender, messages) = unbounded_channel();
        std::thread::spawn(move || {
            for message in output.split(0).map_while(Result::ok) {
                let _ = sender.send(serde_json::from_slice(&message).unwrap());
            }
        });
        let mut engine =
            Self { name, browser, input, messages, last: 0, session: Value::Null, profile, _permit: permit };
        let page = engine.ask("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attached = engine.ask("Target.attachToTarget", json!({ "targetId": page["targetId"] })).await;
        engine.session = attached["sessionId"].clone();
        engine.page("Page.enable", json!({})).await;
        engine.inject(WATCH_POLICY).await;
        engine
    }

    /// Runs `source` in every document before any script of the page.
    pub async fn inject(&mut self, source: &str) {
        self.page("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    pub async fn goto(&mut self, url: &str) {
        let answer = self.page("Page.navigate", json!({ "url": url })).await;
        assert_eq!(answer["errorText"], Value::Null, "{url}");
    }

    /// Waits for `selector` and reads its text.
    pub async fn text(&mut self, selector: &str) -> String {
        self.text_at("", selector).await
    }

    /// Waits until the address begins with `url`, and for `selector`, and reads its text.
    pub async fn text_at(&mut self, url: &str, selector: &str) -> String {
        let (url, selector) = (json!(url), json!(selector));
        let look = format!(
            "location.href.startsWith({url}) && document.readyState !== 'loading' && document.querySelector({selector}) \
             ? document.querySelector({selector}).textContent : null"
        );
        let found = async {
            loop {
                // A page that is being left may keep its answer for itself.
                if let Ok(Value::String(text)) = timeout(LOOK, self.run(&look)).await {
                    return text;
                }
                sleep(PAUSE).await;
            }
        };
        match timeout(PATIENCE, found).await {
            Ok(text) => text,
            Err(_) => panic!("no {selector}:\n{}", self.run("document.body.innerText").await),
        }
    }

    /// The value of `expression`.
    pub async fn run(&mut self, expression: &str) -> Value {
        let expression = json!({ "expression": expression, "returnByValue": true });
        let mut answer = self.page("Runtime.evaluate", expression).await;
        assert_eq!(answer["exceptionDetails"], Value::Null, "{answer}");
        answer["result"]["value"].take()
    }

    /// Closes the browser. No test ends with a page that its own policy has hindered.
    pub async fn close(mut self) {
        let violations = self.run("sessionStorage.violations || ''").await;
        let mut violations = violations.as_str().unwrap().lines();
        // Chromium 69 reports a module that it compiles even where the policy allows it to.
        let reported = |line: &str| self.name == "chromium-69" && line.starts_with("script-src eval ");
        assert_eq!(violations.find(|line| !reported(line)), None, "the Content-Security-Policy was violated");
    }

    /// A command to the page, and its answer. Sessions that share the pipe openly are younger than Chromium 69.
    async fn page(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let message = json!({ "id": id, "method": method, "params": params }).to_string();
        let session = self.session.clone();
        self.send("Target.sendMessageToTarget", json!({ "sessionId": session, "message": message }));
        loop {
            let event = self.next().await;
            let Some(inner) = event["params"]["message"].as_str() else { continue };
            let mut inner: Value = serde_json::from_str(inner).unwrap();
            if inner["id"] == id {
                return inner["result"].take();
            }
        }
    }

    /// A command to the browser, and its answer.
    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let mut message = self.next().await;
            if message["id"] == id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
        }
    }

    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        let message = json!({ "id": self.last, "method": method, "params": params });
        // An engine that has ended is told of by the reading side.
        let _ = self.input.write_all(format!("{message}\0").as_bytes());
        self.last
    }

    async fn next(&mut self) -> Value {
        match timeout(PATIENCE, self.messages.recv()).await {
            Ok(Some(message)) => message,
            Ok(None) => panic!(
                "{} has ended: it takes x86-64 Linux and the libraries of Debian's Chromium",
                self.name
            ),
            Err(_) => panic!("{} does not answer", self.name),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
