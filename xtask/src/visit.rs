//! One visit with a real browser: enough WebDriver to open an address and read what the page came to show.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;
use crate::services::Services;
use crate::tools::browser::Browser;
use crate::{http, ports};

/// A login takes a second or two; the page's own timeouts end before this.
const LOGIN_PATIENCE: Duration = Duration::from_secs(60);
const DRIVER_PATIENCE: Duration = Duration::from_secs(30);

/// The sandbox cannot be had by root, which CI is, and the only pages that are opened here are our own. The rest keeps the
/// browser from calling home.
const ARGUMENTS: &str = r#""--headless","--no-sandbox","--disable-gpu","--disable-quic","--no-first-run",
    "--disable-background-networking","--disable-component-update","--disable-sync","--disable-dev-shm-usage""#;

pub struct Driver<'a, 'b> {
    services: &'a mut Services<'b>,
    port: u16,
    chromium: String,
}

impl<'a, 'b> Driver<'a, 'b> {
    pub fn start(repo: &Repo, browser: &Browser, log: &Path, services: &'a mut Services<'b>) -> Result<Self> {
        let port = ports::any()?;
        let mut command = repo.command(&browser.chromedriver.to_string_lossy());
        services.start_logged("chromedriver", log, command.arg(format!("--port={port}")))?;
        let answers = || http::get(port, "/status") == Some(200);
        services.wait_until("chromedriver", DRIVER_PATIENCE, answers)?.or_fail()?;
        Ok(Self { services, port, chromium: browser.chromium.display().to_string() })
    }

    /// Opens `url` with a browser that knows nothing yet and waits until the page shows `text`.
    pub fn expect(&mut self, url: &str, text: &str) -> Result<()> {
        let chromium = &self.chromium;
        let capabilities = format!(
            r#"{{"capabilities":{{"alwaysMatch":{{"goog:chromeOptions":{{"binary":"{chromium}","args":[{ARGUMENTS}]}}}}}}}}"#
        );
        let answer = self.ask("POST", "/session", &capabilities)?;
        let session = json_string(&answer, "sessionId").context("chromedriver started no browser")?;
        let outcome = self.open(&session, url, text);
        // The browser goes whether or not the page showed what it should.
        let closed = self.ask("DELETE", &format!("/session/{session}"), "");
        outcome.and(closed.map(|_| ()))
    }

    fn open(&mut self, session: &str, url: &str, text: &str) -> Result<()> {
        self.ask("POST", &format!("/session/{session}/url"), &format!(r#"{{"url":"{url}"}}"#))?;
        let (port, source) = (self.port, format!("/session/{session}/source"));
        let shows = || http::request(port, "GET", &source, "").is_some_and(|(_, page)| page.contains(text));
        let what = format!("{url} does not show `{text}`: it");
        self.services.wait_until(&what, LOGIN_PATIENCE, shows)?.or_fail()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Result<String> {
        match http::request(self.port, method, path, body) {
            Some((200, answer)) => Ok(answer),
            Some((status, answer)) => bail!("chromedriver answered {method} {path} with {status}: {answer}"),
            None => bail!("chromedriver did not answer {method} {path}"),
        }
    }
}

/// The first value of `key` in JSON whose strings hold nothing escaped, such as chromedriver's session ids.
fn json_string(json: &str, key: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{key}\":"))?;
    after.split('"').nth(1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_id_is_found() {
        let answer = r#"{"value":{"capabilities":{"browserName":"chrome"},"sessionId":"0a1b"}}"#;
        assert_eq!(json_string(answer, "sessionId").as_deref(), Some("0a1b"));
        assert_eq!(json_string(answer, "session"), None);
    }
}
