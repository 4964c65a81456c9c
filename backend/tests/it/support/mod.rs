//! A server, a DingTalk, and a person with a phone.

mod nginx;
mod person;
mod redis;
mod server;
mod sim;

pub use nginx::Nginx;
pub use person::{Person, json_of};
pub use redis::Redis;
pub use server::{Server, free_port};
pub use sim::Sim;

/// The application of most tests.
pub const CORP: &str = "dingcorp1";
pub const AGENT: &str = "123456";

/// A simulator and a server that takes it for DingTalk, with `extra` in the server's `[[apps]]` section.
pub async fn start(extra: &str) -> (Sim, Server) {
    let sim = Sim::start(1).await;
    let server = Server::start(&sim, |config| {
        config.push_str(extra);
    })
    .await;
    (sim, server)
}
