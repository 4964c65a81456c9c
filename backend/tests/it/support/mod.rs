//! A server, a DingTalk, and a person with a phone.

mod caddy;
pub mod fastcgi;
mod nginx;
mod person;
pub mod raw;
pub mod recorder;
mod redis;
mod sample;
mod server;
pub mod shipped;
mod sim;
mod site;
mod switch;

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

pub use caddy::Caddy;
pub use nginx::Nginx;
pub use person::{Person, json_of, report_of};
pub use recorder::Recorder;
pub use redis::{Redis, keys_and_values};
pub use sample::{Sample, Trust};
pub use server::{Server, free_port};
pub use sim::Sim;
pub use site::{Front, Kind, Scheme, Site, caddyfile, plain_site_conf};
pub use switch::Switch;

/// How long a test waits for what is bound to come before it says that it did not: longer than a machine with too much to do
/// pauses. No test asserts on less, as only a person can tell a slow machine from a slow server.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until `holds`; `what` says what is waited for. For what tells of itself only when it is asked.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// For tests in which a platform is silent: the server does not wait as long for it as where a busy machine may be slow.
pub fn impatient(config: &mut String) {
    *config = config.replace("timeout = \"6s\"", "timeout = \"2s\"");
}

/// Waits until something listens on `port` of this machine, or `child`, which is to do so, has ended.
pub async fn listening(port: u16, child: &mut Child) -> Result<(), ExitStatus> {
    let mut ended = None;
    until("a port to listen", async || {
        ended = child.try_wait().unwrap();
        ended.is_some() || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
    })
    .await;
    ended.map_or(Ok(()), Err)
}

/// The application of most tests.
pub const CORP: &str = "dingcorp1";
pub const AGENT: &str = "123456";

/// The headers that tell an application who it is.
pub const IDENTITY: [&str; 7] = [
    "X-Miandeng-Jwt",
    "X-Miandeng-Corp",
    "X-Miandeng-Agent",
    "X-Miandeng-Open-Id",
    "X-Miandeng-Union-Id",
    "X-Miandeng-User-Id",
    "X-Miandeng-External-User-Id",
];

/// The configuration for the simulator's first suite.
pub const SUITE: &str = r#"
[[suites]]
name = "main"
suite_key = "suitekey1"
suite_secret = "suite-secret-of-suitekey1"
callback_token = "callback-token-of-suite1"
callback_aes_key = "suite1callbackaeskeysuite1callbackaeskeyabc"
"#;

/// A simulator and a server that takes it for DingTalk, with `extra` in the server's `[[apps]]` section.
pub async fn start(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        config.push_str(extra);
    })
    .await;
    (sim, server)
}
