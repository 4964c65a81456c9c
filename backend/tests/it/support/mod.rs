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
