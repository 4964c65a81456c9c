//! A browser in a process of its own, driven over WebDriver.

use crate::support::PATIENCE;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Two cores: more browsers at once only wait for each other.
pub static BROWSERS: Semaphore = Semaphore::const_new(2);

/// Writes down what a page tries against its policy, where a navigation does not lose it. What shows JSON is a page of the
/// browser's own.
pub const WATCH_POLICY: &str = "addEventListener('securitypolicyviolation', (event) => { \
    if (document.contentType !== 'text/html') return; \
    const line = `${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}\\n`; \
    sessionStorage.violations = (sessionStorage.violations || '') + line })";

/// What the browser says that it is.
#[derive(Clone, Copy)]
pub enum Ua {
    Ordinary,
    Ios,
    Android,
    Pc,
}

impl Ua {
    fn text(self) -> Option<&'static str> {
        match self {
            Ua::Ordinary => None,
            Ua::Ios => Some(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Mobile/20G75 AliApp(DingTalk/7.0.50) com.laiwang.DingTalk/31322509 Channel/201200 language/zh-Hans-CN \
                 UT4Aplus/0.0.6 WK",
            ),
            Ua::Android => Some(
                "Mozilla/5.0 (Linux; U; Android 13; zh-CN; Mi 10 Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Version/4.0 Chrome/100.0.4896.58 UWS/5.12.4.0 Mobile Safari/537.36 AliApp(DingTalk/7.5.36) \
                 com.alibaba.android.rimet/37747409 Channel/700159 language/zh-CN abi/64 UT4Aplus/0.2.25",
            ),
            Ua::Pc => Some(
                "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.124 \
                 Safari/537.36 dingtalk-win/1.0.0 nw(0.14.7) DingTalk(8.1.5-Release.251107001) Mojo/1.0.0 Native \
                 AppType(release) Channel/201200",
            ),
        }
    }
}

pub struct Phone {
    pub client: Client,
    driver: Child,
    profile: PathBuf,
    _permit: SemaphorePermit<'static>,
}

impl Phone {
    /// Opens a browser in the language `lang`. Fails, and never skips, where there is none.
    pub async fn open(ua: Ua, lang: &str) -> Self {
        let permit = BROWSERS.acquire().await.unwrap();
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".into());
        let (driver, port) = start_driver(&program);
        let profile = std::env::temp_dir().join(format!("miandeng-browser-{}-{port}", std::process::id()));
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".into(), chrome_options(ua, lang, &profile));
        // Sites of tests with TLS have certificates of their own making.
        capabilities.insert("acceptInsecureCerts".into(), json!(true));
        let client = ClientBuilder::rustls()
            .unwrap()
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let phone = Self { client, driver, profile, _permit: permit };
        phone.size(390, 844, 2.0, true).await;
        phone.inject(WATCH_POLICY).await;
        phone
    }

    /// From now on the screen has this size, in CSS pixels of `scale` pixels each.
    pub async fn size(&self, width: u32, height: u32, scale: f32, mobile: bool) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// From now on the system prefers this colour scheme, and no motion.
    pub async fn dark(&self, dark: bool) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// A command of the DevTools protocol.
    pub async fn cdp(&self, command: &str, params: Value) -> Value {
        self.client.issue_cmd(Cdp(json!({ "cmd": command, "params": params }))).await.unwrap()
    }

    /// Runs `source` in every document before any script of the page.
    pub async fn inject(&self, source: &str) {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    pub async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// Waits for `selector` and reads its text.
    pub async fn text(&self, selector: &str) -> String {
        self.eventually(selector, async || {
            self.client.find(Locator::Css(selector)).await?.text().await.map(Some)
        })
        .await
    }

    pub async fn click(&self, selector: &str) {
        self.eventually(selector, async || {
            let element = self.client.find(Locator::Css(selector)).await?;
            match element.click().await {
                // What it began.
                Err(error) if is_by_navigation(&error) => Ok(Some(())),
                clicked => clicked.map(Some),
            }
        })
        .await;
    }

    /// From now on the phone is inside the frame `selector`, until [`Client::enter_parent_frame`].
    pub async fn enter_frame(&self, selector: &str) {
        self.eventually(selector, async || {
            self.client.find(Locator::Css(selector)).await?.enter_frame().await.map(Some)
        })
        .await;
    }

    /// Waits until a login has succeeded and gives what the greeting says of the person.
    pub async fn identity(&self) -> String {
        self.text("#identity").await
    }

    /// Waits for the failure screen: (code, what the alert reads, the details).
    pub async fn failure(&self) -> (String, String, String) {
        let alert = self.text("#app [role=alert]").await;
        self.text("#app button.primary").await;
        let details = self.run("return document.querySelector('#app details pre').textContent").await;
        (self.text("#error-code").await, alert, details.as_str().unwrap_or_default().to_owned())
    }

    /// Runs `script` in the page, and again where another page came in between; what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.eventually(script, async || match self.client.execute(script, vec![]).await {
            Err(error) if is_by_navigation(&error) => Ok(None),
            Err(error) => panic!("{script}: {error}"),
            value => value.map(Some),
        })
        .await
    }

    /// Waits until `condition`, an expression, is true in the page.
    pub async fn until(&self, condition: &str) {
        let script = format!("return !!({condition})");
        self.eventually(condition, async || {
            let holds = self.client.execute(&script, vec![]).await?;
            Ok((holds == Value::Bool(true)).then_some(()))
        })
        .await;
    }

    /// Asks the browser until there is an answer. Any error may be of the page that was there before: elements become stale,
    /// and commands are aborted by navigation.
    async fn eventually<T>(&self, what: &str, ask: impl AsyncFn() -> Result<Option<T>, CmdError>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = ask().await;
            match answer {
                Ok(Some(answer)) => return answer,
                _ if Instant::now() < end => tokio::time::sleep(Duration::from_millis(20)).await,
                answer => {
                    let error = answer.err().map(|error| error.to_string());
                    panic!("{what}: {error:?}\n{}", self.client.source().await.unwrap_or_default());
                }
            }
        }
    }

    /// Waits until the address is `url`.
    pub async fn arrives_at(&self, url: &str) {
        let there: url::Url = url.parse().unwrap();
        self.eventually(url, async || Ok((self.client.current_url().await? == there).then_some(()))).await;
    }

    /// What the pages of the present origin tried against their policy, and forgets it.
    pub async fn violations(&self) -> String {
        let script = "try { const found = sessionStorage.violations || ''; delete sessionStorage.violations; return found } \
            catch (error) { return '' }";
        self.run(script).await.as_str().unwrap_or_default().to_owned()
    }

    /// Closes the browser. No test ends with a page that its own policy has hindered.
    pub async fn close(self) {
        assert_eq!(self.violations().await, "", "the Content-Security-Policy was violated");
        self.client.clone().close().await.unwrap();
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        // A test that failed has not closed its browser, which outlives its driver.
        let _ = Command::new("pkill").args(["-KILL", "-f"]).arg(&self.profile).status();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// Chromium's driver has no name of the standard for it.
fn is_by_navigation(error: &CmdError) -> bool {
    let text = error.to_string();
    text.contains("aborted by navigation") || text.contains("document unloaded")
}

/// A driver and its port. It takes one that is free for IPv6 and gives up where that is taken for IPv4, as the servers of
/// other tests may have it.
fn start_driver(program: &str) -> (Child, u16) {
    const STARTED: &str = "started successfully on port ";
    for _ in 0..50 {
        let (said, writer) = std::io::pipe().unwrap();
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap_or_else(|e| panic!("{program}: {e}; `cargo xtask test` installs it"));
        let mut lines = BufReader::new(said).lines().map_while(Result::ok);
        let mut before = String::new();
        for line in lines.by_ref() {
            if let Some((_, port)) = line.split_once(STARTED) {
                // It goes on writing now and then, and must not meet a closed pipe.
                std::thread::spawn(move || lines.for_each(drop));
                return (driver, port.trim_end_matches('.').parse().unwrap_or_else(|_| panic!("{line}")));
            }
            before.push_str(&line);
        }
        driver.wait().unwrap();
        assert!(before.contains("Address already in use"), "{program} did not start: {before}");
    }
    panic!("{program} finds no free port");
}

fn chrome_options(ua: Ua, lang: &str, profile: &std::path::Path) -> Value {
    let mut args = vec![
        "--headless".to_owned(),
        "--no-sandbox".into(),
        "--disable-gpu".into(),
        "--disable-quic".into(),
        "--no-first-run".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--disable-sync".into(),
        "--disable-dev-shm-usage".into(),
        "--window-size=390,844".into(),
        format!("--accept-lang={lang}"),
        format!("--user-data-dir={}", profile.display()),
    ];
    if let Some(text) = ua.text() {
        args.push(format!("--user-agent={text}"));
    }
    let mut options = json!({ "args": args });
    if let Ok(binary) = std::env::var("CHROMIUM") {
        options["binary"] = json!(binary);
    }
    options
}

/// The driver's own way to the DevTools protocol.
#[derive(Debug)]
struct Cdp(Value);

impl WebDriverCompatibleCommand for Cdp {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.to_string()))
    }
}
